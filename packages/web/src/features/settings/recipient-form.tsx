/** A new recipient, or how one is told. */
import { Button } from "@mantine/core";
import { type FormEvent, useMemo, useState } from "react";
import { saveRecipient, testDraft } from "../../lib/api-recipients.ts";
import { freeId } from "../../lib/slug.ts";
import type { Recipient } from "../../lib/types-recipients.ts";
import { Choice, Field, Switch } from "./fields.tsx";
import { focusNow } from "./focus.ts";
import { type Body, initialTexts, type KindTexts, readTexts, textsOf } from "./kind-fields.ts";
import { KindFields } from "./kind-form.tsx";
import { LeaveDialog } from "./leave-dialog.tsx";
import { problemsOf } from "./problems.ts";
import { kindOf, RECIPIENT_KINDS, TAKES_FIELDS } from "./recipient-kinds.ts";
import { TestButton } from "./test-button.tsx";

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
  const [wasTried, setTried] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const kept = Object.entries(known?.secrets ?? {}).flatMap(([secret, isSet]) => (isSet ? [secret] : []));
  const read = readTexts(fields, texts, before, kept);
  const body = { secrets: {}, settings: {}, ...read.body, kind, name: name.trim(), enabled: isOn };
  const isWrong = Object.keys(read.mistakes).length > 0 || name.trim() === "";
  const choose = (next: string) => {
    setKind(next);
    setTexts({ ...initialTexts([...(kindOf(RECIPIENT_KINDS, next)?.fields ?? []), ...TAKES_FIELDS]) });
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isWrong) return;
    setBusy(true);
    try {
      await saveRecipient(known?.id ?? freeId(name, taken, "recipient"), body);
      onDone(`“${name.trim()}” is saved.`);
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  const text = JSON.stringify(body);
  const [begun] = useState(text);
  const mistakes = { ...(wasTried ? read.mistakes : {}), ...problemsOf(problem) };
  return (
    <form className="settings-inner handed-form" onSubmit={(event) => void submit(event)} tabIndex={-1} ref={focusNow}>
      <LeaveDialog isDirty={text !== begun} />
      <h3>{known === null ? "New recipient" : known.name}</h3>
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
          mistake={wasTried && name.trim() === "" ? "It is needed." : undefined}
          onChange={setName}
        />
        <KindFields
          fields={fields}
          texts={texts}
          mistakes={mistakes}
          kept={kept}
          onChange={(path, text) => {
            setTexts((all) => ({ ...all, [path]: text }));
            setProblem(null);
          }}
        />
        <Switch label="On" checked={isOn} onChange={setOn} />
      </div>
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem instanceof Error ? problem.message : String(problem)}
        </p>
      )}
      <div className="settings-buttons">
        <Button type="submit" size="sm" loading={isBusy}>
          {known === null ? "Add recipient" : "Save"}
        </Button>
        <TestButton of="these settings" work={() => testDraft({ ...body, ...(known !== null && { id: known.id }) })} />
        <Button size="sm" variant="default" disabled={isBusy} onClick={onLeave}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

/** What is set, without what only the server says of it. */
function bodyBefore({ id: _id, status: _status, secrets: _secrets, changed: _changed, who: _who, ...rest }: Recipient): Body {
  return rest as unknown as Body;
}
