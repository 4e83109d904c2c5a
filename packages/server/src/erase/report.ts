/** What was deleted, what was kept and why: for whoever asked, and for the audit log. */
import { formatCount } from "@flowtrail/model";
import { type Subject, subjectText } from "./subject.ts";

export interface TableCount {
  readonly table: string;
  readonly rows: number;
  /** Of the subject, but a legal hold keeps them. */
  readonly held: number;
  /** Days (UTC) that they are of; null: none. */
  readonly from: string | null;
  readonly until: string | null;
  readonly days: number;
}

export interface Kept {
  readonly what: string;
  readonly count: number | null;
  readonly why: string;
}

export interface EraseReport {
  readonly subject: Subject;
  /** Nothing was deleted: what would be. */
  readonly dry_run: boolean;
  readonly requested: string;
  /** Null: not over. */
  readonly finished: string | null;
  readonly who: string;
  readonly tables: readonly TableCount[];
  readonly deleted_rows: number;
  readonly held_rows: number;
  /** Holds in force that keep something. */
  readonly holds: readonly { readonly id: string; readonly reason: string }[];
  readonly kept: readonly Kept[];
  /** Rows that a last look found: 0, or something came in between. */
  readonly left_rows: number | null;
  /** For people. */
  readonly text: string;
}

const FLOW_TABLES = new Set(["flows", "flows_long", "flows_open"]);
const WORDS: Readonly<Record<string, string>> = {
  alert_notes: "what people said of alerts",
  alerts: "versions of alerts",
  flow_deltas: "rows of when bytes flowed",
  flows_rejected: "refused rows",
  inventory: "rows of what the inventory knew",
  notices: "what recipients were still to be told",
  rollup_values: "counts of names by hour",
  rollup_value_days: "counts of names by day",
  sink_parked: "records that sinks refused",
};

export function reportText(report: Omit<EraseReport, "text">): string {
  const { dry_run, tables, held_rows, holds, kept, left_rows, who, requested, finished } = report;
  const of = (table: string) => (FLOW_TABLES.has(table) ? table : (WORDS[table] ?? table));
  const found = tables.filter(({ rows }) => rows > 0);
  const lines = [
    `Records of ${subjectText(report.subject)}`,
    `Asked for by ${who}, ${requested}${finished === null ? "" : `; done ${finished}`}`,
    "",
    dry_run ? "Would be deleted:" : "Deleted:",
    ...(found.length === 0 ? ["  nothing: there is none"] : []),
    ...found.map(({ table, rows, from, until, days }) => {
      const when = from === null ? "" : `, ${days === 1 ? from : `${from} to ${until}, ${days} days`}`;
      return `  ${formatCount(rows)} ${rows === 1 ? "row" : "rows"} (${of(table)})${when}`;
    }),
    "",
    "Kept:",
    ...(held_rows === 0 ? [] : [`  ${formatCount(held_rows)} rows: a legal hold forbids it`]),
    ...holds.map(({ id, reason }) => `    hold ${id}: ${reason}`),
    ...kept.map(({ what, count, why }) => `  ${count === null ? "" : `${formatCount(count)} `}${what}: ${why}`),
  ];
  if (left_rows !== null)
    lines.push(
      "",
      left_rows === 0 ? "Looked for again: nothing is left." : `Looked for again: ${formatCount(left_rows)} rows are left.`,
    );
  return lines.join("\n");
}
