/** What an answer cost and what it was made from, in people's words. */
import { formatCount, formatDuration } from "@flowtrail/model";
import type { AnswerMeta } from "../lib/api-types.ts";

/** Flows stand in three tables, which is no matter to people. */
const TABLES: Readonly<Record<string, string>> = {
  flows: "single flows",
  flows_open: "single flows",
  flows_long: "single flows",
  flow_deltas: "counters over time",
  rollup_minutes: "1-min rollup",
};

/** `1-min rollup`; several tables: the words of each, once. Names that are new to the page stay as they are. */
export function tableWords(table: string): string {
  const names = table.split(", ").filter((name) => name !== "");
  const words = names.map((name) => TABLES[name] ?? (name.startsWith("rollup_") ? rollupWords(name) : name));
  return [...new Set(words)].join(" and ");
}

function rollupWords(name: string): string {
  return name.endsWith("_days") ? "1-day rollup" : "1-h rollup";
}

/** `12,480 rows read · 38 ms · 1-min rollup`; what was remembered from a moment ago says that nothing was read. */
export function costParts({ rows_read, elapsed_ms, table }: AnswerMeta): readonly string[] {
  const words = tableWords(table);
  return [...(rows_read === null ? [] : [rowsWords(rows_read)]), formatDuration(elapsed_ms), ...(words === "" ? [] : [words])];
}

function rowsWords(rows: number): string {
  return rows === 0 ? "nothing read" : `${formatCount(rows)} ${rows === 1 ? "row" : "rows"} read`;
}
