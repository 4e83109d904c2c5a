/** Where an answer will come from, in people's words. */
import { formatDuration } from "@flowtrail/model";
import { fieldLabel } from "../../lib/filter-text.ts";
import type { PlanAnswer } from "../../lib/types-analyze.ts";
import { tableWords } from "../../ui/cost-words.ts";
import type { Plan } from "./use-plan.ts";

/** So many rows take seconds: one is asked before. */
export const COSTLY_ROWS = 2_000_000;

export function isCostly({ rows }: Pick<Plan, "rows">): boolean {
  return rows !== null && rows > COSTLY_ROWS;
}

/** `1-h rollup, steps of 1h` */
export function sourceWords({ sources, step_ms }: PlanAnswer): string {
  const tables = tableWords(sources.map(({ table }) => table).join(", "));
  return [tables, `steps of ${formatDuration(step_ms)}`].filter((part) => part !== "").join(", ");
}

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** Why rows are read one by one, and how many; null: next to none are. */
export function rowsWords({ answer: { forced_by, rows_ms }, rows }: Plan): string | null {
  if (rows === null) return null;
  const fields = forced_by.map(fieldLabel);
  const why =
    fields.length === 0
      ? "No rollup has these dimensions, this filter and steps of this width together"
      : `No rollup has ${fields.length === 1 ? fields[0] : `${fields.join(" or ")} with the rest`}`;
  return `${why}: ${formatDuration(rows_ms)} of single flows are read, about ${compact.format(rows)} rows.`;
}
