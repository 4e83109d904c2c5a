/** Which tables are kept how long, and what goes first when there is too much. */
import { ALERT_NOTES, ALERTS } from "../schema/alert-tables.ts";
import { AUDIT } from "../schema/audit-table.ts";
import { FLOW_DELTAS, FLOWS, FLOWS_LONG } from "../schema/flow-tables.ts";
import { AGENT_BATCHES, FLOWS_REJECTED } from "../schema/other-tables.ts";
import { ROLLUPS, VALUE_ROLLUPS } from "../schema/rollup-tables.ts";
import type { Table } from "../schema/table.ts";
import type { Period } from "./policy.ts";

export interface KeptTable {
  readonly name: string;
  readonly period: Period;
  readonly unit: "day" | "month";
  /** Shows what happened: a legal hold keeps it. */
  readonly isEvidence: boolean;
  /** Partitioned by when flows began, while retention counts from their end. */
  readonly byEnd: boolean;
  /**
   * `detail` goes before `summary` when there is too much: first the oldest day of all tables of details, in the order of this list within
   * a day (the least valuable first); rollups only when no day before today has details. They are small, and the only ones that reach far back.
   * A `record` never goes for the room that it takes.
   */
  readonly worth: "detail" | "summary" | "record";
}

function kept(table: Table, period: Period, more: Partial<KeptTable> = {}): KeptTable {
  const unit = table.partitionBy?.startsWith("toYYYYMMDD(") ? "day" : "month";
  return { name: table.name, period, unit, isEvidence: false, byEnd: false, worth: "detail", ...more };
}

const HOUR_MS = 3_600_000;

export const KEPT_TABLES: readonly KeptTable[] = [
  kept(FLOWS_REJECTED, "rejected_days"),
  kept(AGENT_BATCHES, "batches_days"),
  kept(FLOW_DELTAS, "deltas_days", { isEvidence: true }),
  kept(FLOWS, "flows_days", { isEvidence: true, byEnd: true }),
  kept(FLOWS_LONG, "flows_days", { isEvidence: true, byEnd: true }),
  kept(AUDIT, "audit_days", { worth: "record" }),
  kept(ALERTS, "audit_days", { worth: "record" }),
  kept(ALERT_NOTES, "audit_days", { worth: "record" }),
  ...[...ROLLUPS, ...VALUE_ROLLUPS].map(({ table, stepMs }) =>
    kept(table, stepMs < HOUR_MS ? "minutes_days" : "hours_days", { worth: "summary" }),
  ),
];
