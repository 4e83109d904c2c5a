/** Where every record is handed to: how that goes, and where else. */
import { Button } from "@mantine/core";
import { useMe } from "../../lib/me.ts";
import type { Sink } from "../../lib/types-sinks.ts";
import { Asked } from "./asked.tsx";
import { SavedNote } from "./review-bar.tsx";
import { SinkForm } from "./sink-form.tsx";
import { SinkRow } from "./sink-row.tsx";
import { useEditing } from "./use-editing.ts";
import { SINKS_KEY, useSinks } from "./use-sinks.ts";
import "./handed-list.css";

export function SinksSection() {
  return <Asked query={useSinks()}>{(sinks) => <Sinks sinks={sinks} />}</Asked>;
}

function Sinks({ sinks }: { sinks: readonly Sink[] }) {
  const { maySet } = useMe();
  const { editing, said, edit, done } = useEditing(SINKS_KEY);
  return (
    <>
      {maySet && editing === null && (
        <div className="settings-buttons">
          <Button size="xs" variant="default" onClick={() => edit("new")}>
            Add a sink
          </Button>
        </div>
      )}
      {editing === "new" && <SinkForm known={null} taken={sinks.map(({ id }) => id)} onDone={done} onLeave={() => edit(null)} />}
      {sinks.length === 0 && editing === null && (
        <p className="settings-about">There is none: records are kept here, and handed to nobody.</p>
      )}
      {sinks.length > 0 && (
        <ul className="handed-list" aria-label="Sinks">
          {sinks.map((sink) => (
            <li key={sink.id}>
              {editing === sink.id ? (
                <SinkForm known={sink} taken={[]} onDone={done} onLeave={() => edit(null)} />
              ) : (
                <SinkRow sink={sink} onEdit={() => edit(sink.id)} onDone={done} />
              )}
            </li>
          ))}
        </ul>
      )}
      <SavedNote text={said} />
    </>
  );
}
