/** Which values a field has had lately, for completion: a sample where there is too much to count. */
import { type ColumnName, type Field, lowerAscii, operandColumns, type TimeRange, type Value } from "@flowtrail/model";
import { FLOWS, FLOWS_OPEN } from "../store/schema/flow-tables.ts";
import { COUNTED_COLUMNS, ROLLUP_QUESTION, VALUE_ROLLUPS, type ValueRollup } from "../store/schema/rollup-tables.ts";
import { addressTextSql, escapeLike, filterSql } from "./filter-sql.ts";
import type { Inquiry } from "./inquiry.ts";
import { isOfNetworkOnly, type Narrowed } from "./narrowed.ts";
import { moment } from "./sql.ts";
import type { TrafficSources } from "./traffic/plan.ts";
import { alignDown, alignUp } from "./traffic/steps.ts";

export interface CountedValue {
  readonly value: Exclude<Value, null>;
  /** Flows that have it, among those that were looked at. One of either end counts twice where both have it. */
  readonly count: number;
}

export interface ValuesAmong {
  readonly range: TimeRange;
  /** Where it is on more than the network, rows are looked at: that is all that rollups of values know. */
  readonly filter: Narrowed;
}

const MOST_VALUES = 20;
/** Whoever types does not wait: what was counted until then is told. */
const LIMITS = { maxExecutionMs: 1500, maxRowsToRead: 3_000_000 };
const UP_TO_LIMITS = { ...ROLLUP_QUESTION, read_overflow_mode: "break", timeout_overflow_mode: "break" } as const;
const COUNTED = new Set<Field["type"]>(["text", "enum", "address", "protocol", "port"]);

/**
 * Values that hold `begun` (numbers: begin with it), those of most flows first. Of flows that began in the range and pass the filter.
 * @throws StoreError, QuestionError
 */
export async function valuesOf(
  field: Field,
  begun: string,
  among: ValuesAmong,
  sources: TrafficSources,
  inquiry: Inquiry,
): Promise<CountedValue[]> {
  const columns = columnsOf(field);
  if (!COUNTED.has(field.type) || columns.length === 0) return [];
  const isNumber = field.type === "port" || field.type === "protocol";
  const { range, filter } = among;
  const computed = isOfNetworkOnly(filter) ? computedPart(columns, range, sources) : null;
  const rows: TimeRange = { ...range, fromMs: computed?.range.toMs ?? range.fromMs };
  const { text, bindings } = filterSql(filter);
  const texts = columns.map((name) => (field.type === "address" ? addressTextSql(name) : `toString(${name})`));
  const began = `start >= ${moment("from")} AND start < ${moment("to")} AND (${text})`;
  const parts = [
    ...(computed === null
      ? []
      : [
          `SELECT value, sum(reports) AS n FROM ${computed.rollup.table.name} FINAL WHERE field IN {columns:Array(String)} ` +
            `AND bucket >= ${second("b_from")} AND bucket < ${second("b_to")} AND (${text}) ` +
            // Ports that are folded.
            `${field.type === "port" ? "AND value != '0' " : ""}GROUP BY value`,
        ]),
    ...[FLOWS.name, `${FLOWS_OPEN.name} FINAL`].map(
      (table) => `SELECT arrayJoin([${texts.join(", ")}]) AS value, count() AS n FROM ${table} WHERE ${began} GROUP BY value`,
    ),
  ];
  const sql =
    `SELECT value, sum(n) AS flows FROM (${parts.join(" UNION ALL ")}) ` +
    "WHERE isNotNull(value) AND value != '' AND lower(value) LIKE {pattern:String} " +
    "GROUP BY value HAVING flows > 0 ORDER BY flows DESC, value LIMIT {limit:UInt32}";
  const found = await inquiry.rows<{ value: string; flows: string }>({
    table: computed?.rollup.table.name ?? FLOWS.name,
    sql,
    bindings: {
      ...bindings,
      columns,
      from: rows.fromMs,
      to: rows.toMs,
      b_from: (computed?.range.fromMs ?? 0) / 1000,
      b_to: (computed?.range.toMs ?? 0) / 1000,
      pattern: `${isNumber ? "" : "%"}${escapeLike(lowerAscii(begun))}%`,
      limit: MOST_VALUES,
    },
    options: { limits: LIMITS, settings: UP_TO_LIMITS },
  });
  return found.map(({ value, flows }) => ({ value: isNumber ? Number(value) : value, count: Number(flows) }));
}

function columnsOf({ operands }: Field): ColumnName[] {
  return operands.flatMap((operand) => {
    if (operand.kind === "domain") return ["domain" as const];
    return operand.kind === "column" ? [...operandColumns(operand)] : [];
  });
}

/** What is counted already, in whole buckets: those of the longest ones that the range holds. */
function computedPart(
  columns: readonly ColumnName[],
  range: TimeRange,
  sources: TrafficSources,
): { readonly rollup: ValueRollup; readonly range: TimeRange } | null {
  if (!columns.every((column) => COUNTED_COLUMNS.some((counted) => counted === column))) return null;
  for (const rollup of VALUE_ROLLUPS) {
    // What began a moment before the range may be offered, too.
    const fromMs = alignDown(range.fromMs, rollup.stepMs);
    const toMs = alignDown(Math.min(range.toMs, sources.throughMs(rollup.table.name)), rollup.stepMs);
    if (toMs - alignUp(range.fromMs, rollup.stepMs) >= rollup.stepMs) return { rollup, range: { fromMs, toMs } };
  }
  return null;
}

function second(parameter: string): string {
  return `toDateTime({${parameter}:UInt32}, 'UTC')`;
}
