import { EXCLUDE_REASONS, type ExcludeReason } from "@flowtrail/model";
import { Counter, type Registry } from "prom-client";

/** Rows that came in here though they are excluded: agents leave theirs out themselves. */
export function privacyMetrics(privacy: { readonly dropped: Readonly<Record<ExcludeReason, number>> }, registry: Registry): void {
  const counter: Counter<"reason"> = new Counter({
    name: "flowtrail_excluded_rows_total",
    help: "Rows that came in and were not stored, as they are excluded, by why",
    labelNames: ["reason"],
    registers: [registry],
    collect: () => {
      counter.reset();
      for (const reason of EXCLUDE_REASONS) counter.inc({ reason }, privacy.dropped[reason]);
    },
  });
}
