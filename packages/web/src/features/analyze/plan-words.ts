/** Where an answer will come from, in people's words. */
import { formatDuration } from "@flowtrail/model";
import { fieldLabel } from "../../lib/filter-text.ts";
import type { PlanAnswer } from "../../lib/types-analyze.ts";
import { tableWords } from "../../ui/cost-words.ts";
import { COSTLY_ROWS } from "../histogram/refetch.ts";
import type { Plan } from "./use-plan.ts";

/** One is asked before. */
export function isCostly({ rows }: Pick<Plan, "rows">): boolean {
  return rows !== null && rows > COSTLY_ROWS;
}

/** `1-h rollup, steps of 1h` */
export function sourceWords({ sources, step_ms }: PlanAnswer): string {
  const tables = tableWords(sources.map(({ table }) => table).join(", "));
  return [tables, `steps of ${formatDuration(step_ms)}`].filter((part) => part !== "").join(", ");
}

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** Fewer are read in a moment, whatever table they are of. */
const WORTH_TELLING = 50_000;

/** Why rows are read one by one, and how many; null: next to none are. */
export function rowsWords({ answer, rows, previous }: Plan): string | null {
  if (rows === null || rows < WORTH_TELLING) return null;
  const what = `${formatDuration(answer.rows_ms)} of single flows are read${previous ? ", and as much of the time before" : ""}`;
  return `${whyRows(answer)}: ${what}, about ${compact.format(rows)} rows.`;
}

function whyRows({ known, forced_by, step_ms }: PlanAnswer): string {
  if (known) return `No rollup has all of this time in steps of ${formatDuration(step_ms)}`;
  const fields = forced_by.map(fieldLabel);
  if (fields.length === 0) return "No rollup has these dimensions and this filter";
  return fields.length === 1 ? `No rollup has ${fields[0]} with the rest` : `No rollup has ${fields.join(" and ")} together`;
}
