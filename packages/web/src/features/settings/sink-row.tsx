import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { deleteSink, pauseSink, stopBackfill, testSink } from "../../lib/api-sinks.ts";
import { useMe } from "../../lib/me.ts";
import type { Sink } from "../../lib/types-sinks.ts";
import { useClock } from "../../lib/use-clock.ts";
import { BackfillForm } from "./backfill-form.tsx";
import { Confirm } from "./confirm.tsx";
import { ParkedList } from "./parked-list.tsx";
import { kindOf } from "./recipient-kinds.ts";
import { FORMAT_LABELS, SINK_KINDS } from "./sink-kinds.ts";
import { backfillText, sinkState } from "./sink-words.ts";
import { TestButton } from "./test-button.tsx";
import { SINKS_KEY } from "./use-sinks.ts";

export interface SinkRowProps {
  readonly sink: Sink;
  onEdit(): void;
  onDone(said: string): void;
}

export function SinkRow({ sink, onEdit, onDone }: SinkRowProps) {
  const { maySet } = useMe();
  const client = useQueryClient();
  const clock = useClock();
  const [isFilling, setFilling] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { id, name, transport, enabled, q, parked } = sink;
  const kind = kindOf(SINK_KINDS, transport.kind);
  const format = sink.format ?? kind?.formats[0] ?? "";
  const run = async (work: Promise<unknown>) => {
    setProblem(null);
    await work.catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
    await client.invalidateQueries({ queryKey: SINKS_KEY });
  };
  return (
    <>
      <div className="handed-head">
        <span className="handed-name">
          <strong>{name}</strong>{" "}
          <span className="settings-note">
            {kind?.label ?? transport.kind}, {FORMAT_LABELS[format] ?? format}
            {q === "" ? "" : `, of ${q}`}
          </span>
        </span>
        {maySet && (
          <span className="settings-row-buttons">
            <TestButton of={name} work={() => testSink(id)} />
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`${enabled ? "Pause" : "Go on with"} ${name}`}
              onClick={() => void run(pauseSink(id, enabled))}
            >
              {enabled ? "Pause" : "Go on"}
            </Button>
            <Button size="compact-sm" variant="default" aria-label={`Backfill ${name}`} onClick={() => setFilling(true)}>
              Backfill
            </Button>
            <Button size="compact-sm" variant="default" aria-label={`Edit ${name}`} onClick={onEdit}>
              Edit
            </Button>
            <Confirm
              label="Delete"
              of={name}
              warning="Its place is lost, and what it parked."
              keep="Keep"
              work={() => deleteSink(id).then(() => onDone(`“${name}” is gone.`))}
            />
          </span>
        )}
      </div>
      {sinkState(sink, clock).map(({ text, isBad }) => (
        <p key={text} className={isBad ? "handed-bad" : "settings-note"}>
          {text}
        </p>
      ))}
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
      {sink.backfills.map((backfill) => (
        <p key={backfill.id} className="settings-note handed-backfill">
          {backfillText(backfill, clock)}
          {backfill.state === "running" && <progress max={1} value={backfill.progress} aria-label="Handed over" />}
          {maySet && (backfill.state === "running" || backfill.state === "waiting") && (
            <Button size="compact-xs" variant="default" onClick={() => void run(stopBackfill(id, backfill.id))}>
              Stop
            </Button>
          )}
        </p>
      ))}
      {isFilling && <BackfillForm sink={sink} onLeave={() => setFilling(false)} />}
      {parked.length > 0 && <ParkedList sink={sink} />}
    </>
  );
}
