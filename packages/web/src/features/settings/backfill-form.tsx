import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { startBackfill } from "../../lib/api-sinks.ts";
import type { Sink } from "../../lib/types-sinks.ts";
import { Field } from "./fields.tsx";
import { focusNow } from "./focus.ts";
import { SINKS_KEY } from "./use-sinks.ts";

/** Hands over what was stored before, beside what comes. */
export function BackfillForm({ sink: { id, name }, onLeave }: { sink: Sink; onLeave(): void }) {
  const client = useQueryClient();
  const [from, setFrom] = useState("-7d");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await startBackfill(id, from.trim());
      await client.invalidateQueries({ queryKey: SINKS_KEY });
      onLeave();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <form
      className="settings-inner"
      aria-label={`Backfill ${name}`}
      tabIndex={-1}
      ref={focusNow}
      onSubmit={(event) => void submit(event)}
    >
      <Field
        label="From"
        about="Relative (-7d) or a time such as 2026-11-01T00:00:00Z. Records that it has already may come again, with the same id."
        value={from}
        mistake={problem}
        onChange={setFrom}
      />
      <div className="settings-buttons">
        <Button type="submit" size="compact-sm" loading={isBusy} disabled={from.trim() === ""}>
          Start backfill
        </Button>
        <Button size="compact-sm" variant="default" disabled={isBusy} onClick={onLeave}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
