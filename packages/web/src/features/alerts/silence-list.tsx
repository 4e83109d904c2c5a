/** What nobody is told of for a while, whether or not it was found since. */
import type { AlertSilence } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { endSilence } from "../../lib/api-alerts.ts";
import { useMe } from "../../lib/me.ts";
import { useClock } from "../../lib/use-clock.ts";
import { nameText } from "./alert-words.ts";
import { ALERTS_KEY, useRules, useSilences } from "./use-alerts.ts";

export function SilenceList() {
  const { data } = useSilences();
  if (data === undefined || data.silences.length === 0) return null;
  return (
    <section className="alerts-silences" aria-label="Silences in force">
      <h2>Silences in force</h2>
      <ul>
        {data.silences.map((silence) => (
          <SilenceLine key={silence.id} silence={silence} />
        ))}
      </ul>
    </section>
  );
}

function SilenceLine({ silence: { id, rule, labels, until, note, who } }: { silence: AlertSilence }) {
  const { maySet } = useMe();
  const clock = useClock();
  const client = useQueryClient();
  const [problem, setProblem] = useState<string | null>(null);
  const name = useRules().data?.rules.find((one) => one.id === rule)?.name ?? rule ?? "All rules";
  const of = [name, ...Object.entries(labels).map(([field, value]) => `${field} ${value}`)].join(", ");
  const end = async () => {
    setProblem(null);
    await endSilence(id).catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
    await client.invalidateQueries({ queryKey: [ALERTS_KEY] });
  };
  return (
    <li>
      <strong>{of}</strong>{" "}
      <span className="alert-dim">
        until <time dateTime={until}>{clock.dayAndTime(Date.parse(until))}</time>, by {nameText(who)}
        {note === "" ? "" : `: “${note}”`}
      </span>{" "}
      {maySet && (
        <Button size="compact-xs" variant="default" aria-label={`End the silence of ${of}`} onClick={() => void end()}>
          End
        </Button>
      )}
      {problem !== null && <span role="alert">{problem}</span>}
    </li>
  );
}
