/** Sinks that this server runs, as metrics. Labels are kinds of transport and states, never a name. */
import { Gauge, type Registry } from "prom-client";
import type { Sinks } from "./sinks.ts";

export function sinkMetrics(sinks: Pick<Sinks, "own">, registry: Registry): void {
  const byKind = (name: string, help: string) =>
    new Gauge({ name: `flowtrail_sink_${name}`, help, labelNames: ["kind"], registers: [registry] });
  // The first one: a scrape reads them in this order, and it is this one that fills them all.
  const count: Gauge<"kind" | "state"> = new Gauge({
    name: "flowtrail_sinks",
    help: "Sinks that this server runs, by how they do",
    labelNames: ["kind", "state"],
    registers: [registry],
    collect: () => {
      for (const one of [count, taken, waiting, lag, lost]) one.reset();
      const longest = new Map<string, number>();
      for (const { kind, status } of sinks.own()) {
        count.inc({ kind, state: status.state });
        taken.inc({ kind }, status.taken);
        waiting.inc({ kind }, status.waiting ?? 0);
        lost.inc({ kind }, status.lost);
        longest.set(kind, Math.max(longest.get(kind) ?? 0, status.lag_ms));
      }
      for (const [kind, ms] of longest) lag.set({ kind }, ms / 1000);
    },
  });
  const taken = byKind("records_taken", "Records that endpoints have taken since their sinks were made");
  const waiting = byKind("records_waiting", "Records that wait to be handed over, at most");
  const lag = byKind("lag_seconds", "Age of the oldest record that waits");
  const lost = byKind("records_lost", "Records that retention deleted before they were handed over, at most");
}
