/** A new recipient, or how one is told. */
import { useMemo, useState } from "react";
import { saveRecipient, testDraft } from "../../lib/api-recipients.ts";
import { freeId } from "../../lib/slug.ts";
import type { Recipient } from "../../lib/types-recipients.ts";
import { Choice, Field, Switch } from "./fields.tsx";
import { KeptForm, useSaving } from "./kept-form.tsx";
import { type Body, initialTexts, type KindTexts, readTexts, textsOf } from "./kind-fields.ts";
import { KindFields } from "./kind-form.tsx";
import { kindOf, RECIPIENT_KINDS, TAKES_FIELDS } from "./recipient-kinds.ts";

export interface RecipientFormProps {
  /** Null: a new one. */
  readonly known: Recipient | null;
  /** Ids that there are. */
  readonly taken: readonly string[];
  onDone(said: string): void;
  onLeave(): void;
}

const FIRST = "webhook";

export function RecipientForm({ known, taken, onDone, onLeave }: RecipientFormProps) {
  const [kind, setKind] = useState(known?.kind ?? FIRST);
  const [name, setName] = useState(known?.name ?? "");
  const [isOn, setOn] = useState(known?.enabled ?? true);
  const fields = useMemo(() => [...(kindOf(RECIPIENT_KINDS, kind)?.fields ?? []), ...TAKES_FIELDS], [kind]);
  const before = useMemo(() => (known === null ? null : bodyBefore(known)), [known]);
  const [texts, setTexts] = useState<KindTexts>(() => (before === null ? initialTexts(fields) : textsOf(fields, before)));
  const kept = Object.entries(known?.secrets ?? {}).flatMap(([secret, isSet]) => (isSet ? [secret] : []));
  const read = readTexts(fields, texts, before, kept);
  const body = { secrets: {}, settings: {}, ...read.body, kind, name: name.trim(), enabled: isOn };
  const isWrong = Object.keys(read.mistakes).length > 0 || name.trim() === "";
  const choose = (next: string) => {
    setKind(next);
    setTexts({ ...initialTexts([...(kindOf(RECIPIENT_KINDS, next)?.fields ?? []), ...TAKES_FIELDS]) });
  };
  const saving = useSaving({
    body,
    isWrong,
    save: async () => {
      await saveRecipient(known?.id ?? freeId(name, taken, "recipient"), body);
      onDone(`“${name.trim()}” is saved.`);
    },
  });
  return (
    <KeptForm
      title={known === null ? "New recipient" : known.name}
      saving={saving}
      saveLabel={known === null ? "Add recipient" : "Save"}
      test={() => testDraft({ ...body, ...(known !== null && { id: known.id }) })}
      onLeave={onLeave}
    >
      <div className="settings-grid">
        {known === null && (
          <Choice
            label="Kind"
            value={kind}
            options={RECIPIENT_KINDS.map((one) => ({ value: one.kind, label: one.label }))}
            about={kindOf(RECIPIENT_KINDS, kind)?.about}
            onChange={choose}
          />
        )}
        <Field
          label="Name"
          value={name}
          placeholder="On call"
          mistake={saving.wasTried && name.trim() === "" ? "It is needed." : undefined}
          onChange={setName}
        />
        <KindFields
          fields={fields}
          texts={texts}
          mistakes={saving.mistakes(read.mistakes)}
          kept={kept}
          onChange={(path, text) => {
            setTexts((all) => ({ ...all, [path]: text }));
            saving.edited();
          }}
        />
        <Switch label="On" checked={isOn} onChange={setOn} />
      </div>
    </KeptForm>
  );
}

/** What is set, without what only the server says of it. */
function bodyBefore({ id: _id, status: _status, secrets: _secrets, changed: _changed, who: _who, ...rest }: Recipient): Body {
  return rest as unknown as Body;
}
