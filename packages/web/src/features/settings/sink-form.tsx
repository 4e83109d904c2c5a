/** A new sink, or what one is told. */
import { useMemo, useState } from "react";
import { saveSink, testSinkDraft } from "../../lib/api-sinks.ts";
import { mistakeIn } from "../../lib/asked.ts";
import { freeId } from "../../lib/slug.ts";
import type { Sink } from "../../lib/types-sinks.ts";
import { QueryInput } from "../alerts/query-input.tsx";
import { Choice, Field, Switch } from "./fields.tsx";
import { KeptForm, useSaving } from "./kept-form.tsx";
import { type Body, initialTexts, type KindTexts, readTexts, textsOf } from "./kind-fields.ts";
import { KindFields } from "./kind-form.tsx";
import { kindOf } from "./recipient-kinds.ts";
import { FORMAT_LABELS, SINK_KINDS } from "./sink-kinds.ts";

export interface SinkFormProps {
  /** Null: a new one. */
  readonly known: Sink | null;
  /** Ids that there are. */
  readonly taken: readonly string[];
  onDone(said: string): void;
  onLeave(): void;
}

type Events = "ended" | "both";

export function SinkForm({ known, taken, onDone, onLeave }: SinkFormProps) {
  const [kind, setKind] = useState(known?.transport.kind ?? "http");
  const fields = kindOf(SINK_KINDS, kind)?.fields ?? [];
  const formats = kindOf(SINK_KINDS, kind)?.formats ?? [];
  const before = useMemo(() => (known === null ? null : bodyBefore(known)), [known]);
  const [texts, setTexts] = useState<KindTexts>(() => (before === null ? initialTexts(fields) : textsOf(fields, before)));
  const [name, setName] = useState(known?.name ?? "");
  const [q, setQ] = useState(known?.q ?? "");
  const [format, setFormat] = useState(known?.format ?? formats[0] ?? "");
  const [events, setEvents] = useState<Events>(known?.events.includes("opened") ? "both" : "ended");
  const [reports, setReports] = useState<"primary" | "all">(known?.reports ?? "primary");
  const [isOn, setOn] = useState(known?.enabled ?? true);
  const kept = Object.entries(known?.secrets ?? {}).flatMap(([secret, isSet]) => (isSet ? [secret] : []));
  const read = readTexts(fields, texts, before, kept);
  const body = {
    ...read.body,
    ...{ name: name.trim(), q: q.trim(), format, reports, enabled: isOn },
    events: events === "both" ? ["opened", "ended"] : ["ended"],
    transport: { ...(read.body.transport as Body | undefined), kind },
  };
  const wrongQuery = mistakeIn(q);
  const isWrong = Object.keys(read.mistakes).length > 0 || name.trim() === "" || wrongQuery !== null;
  const choose = (next: string) => {
    const chosen = kindOf(SINK_KINDS, next);
    setKind(next);
    setTexts(initialTexts(chosen?.fields ?? []));
    setFormat(chosen?.formats[0] ?? "");
  };
  const saving = useSaving({
    body,
    isWrong,
    save: async () => {
      await saveSink(known?.id ?? freeId(name, taken, "sink"), body);
      onDone(`“${name.trim()}” is saved.`);
    },
  });
  return (
    <KeptForm
      title={known === null ? "New sink" : known.name}
      saving={saving}
      saveLabel={known === null ? "Add sink" : "Save"}
      test={() => testSinkDraft({ ...body, ...(known !== null && { id: known.id }) })}
      onLeave={onLeave}
    >
      <div className="handed-query">
        <span aria-hidden>Filter</span>
        <QueryInput text={q} onText={setQ} />
        <p className="settings-about">Which flows are handed over, in the filter language. Empty: all.</p>
      </div>
      <div className="settings-grid">
        {known === null && (
          <Choice
            label="Kind"
            value={kind}
            options={SINK_KINDS.map((one) => ({ value: one.kind, label: one.label }))}
            about={kindOf(SINK_KINDS, kind)?.about}
            onChange={choose}
          />
        )}
        <Field
          label="Name"
          value={name}
          placeholder="SIEM"
          mistake={saving.wasTried && name.trim() === "" ? "It is needed." : undefined}
          onChange={setName}
        />
        <Choice
          label="Format"
          value={format}
          options={formats.map((value) => ({ value, label: FORMAT_LABELS[value] ?? value }))}
          onChange={setFormat}
        />
        <Choice<Events>
          label="Records"
          value={events}
          options={[
            { value: "ended", label: "when a flow has ended" },
            { value: "both", label: "when it opens and when it has ended" },
          ]}
          onChange={setEvents}
        />
        <Choice<"primary" | "all">
          label="Reports"
          value={reports}
          options={[
            { value: "primary", label: "one of each connection" },
            { value: "all", label: "of every node" },
          ]}
          onChange={setReports}
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
function bodyBefore({ id: _, status: _status, secrets: _secrets, parked: _parked, backfills: _backfills, ...rest }: Sink): Body {
  return rest as unknown as Body;
}
