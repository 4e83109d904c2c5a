/** Which values a field has had lately, for completion: a sample where there is too much to count. */
import { type Field, type Filter, lowerAscii, type TimeRange, type Value } from "@flowtrail/model";
import type { ClickHouse } from "../store/clickhouse.ts";
import { addressTextSql, escapeLike, filterSql } from "./filter-sql.ts";
import { allOf, moment } from "./sql.ts";

export interface CountedValue {
  readonly value: Exclude<Value, null>;
  /** Flows that have it, among those that were looked at. */
  readonly count: number;
}

const MOST_VALUES = 20;
/** Whoever types does not wait: what was counted until then is told. */
const LIMITS = { maxExecutionMs: 1500, maxRowsToRead: 3_000_000 };
const UP_TO_LIMITS = { read_overflow_mode: "break", timeout_overflow_mode: "break" } as const;
const COUNTED = new Set<Field["type"]>(["text", "enum", "address", "protocol", "port"]);

/**
 * Values that hold `begun` (numbers: begin with it), those of most flows first. Of ended flows that began in the range and pass the filter.
 * @throws StoreError
 */
export async function valuesOf(
  clickhouse: Pick<ClickHouse, "rows">,
  field: Field,
  begun: string,
  among: { readonly range: TimeRange; readonly filter: Filter },
  signal: AbortSignal,
): Promise<CountedValue[]> {
  const columns = field.operands.flatMap((operand) => (operand.kind === "column" ? [operand.column] : []));
  if (!COUNTED.has(field.type) || columns.length === 0) return [];
  const texts = columns.map(({ name, type }) => (type === "address" ? addressTextSql(name) : `toString(${name})`));
  const isNumber = field.type === "port" || field.type === "protocol";
  const pattern = `${isNumber ? "" : "%"}${escapeLike(lowerAscii(begun))}%`;
  const began = {
    text: `start >= ${moment("from")} AND start < ${moment("to")}`,
    bindings: { from: among.range.fromMs, to: among.range.toMs },
  };
  const where = allOf(began, filterSql(among.filter));
  const sql =
    `SELECT arrayJoin([${texts.join(", ")}]) AS value, count() AS flows FROM flows WHERE ${where.text} ` +
    "GROUP BY value HAVING isNotNull(value) AND value != '' AND lower(value) LIKE {pattern:String} " +
    "ORDER BY flows DESC, value LIMIT {limit:UInt32}";
  const bindings = { ...where.bindings, pattern, limit: MOST_VALUES };
  const rows = await clickhouse.rows<{ value: string; flows: string }>(sql, bindings, {
    signal,
    limits: LIMITS,
    settings: UP_TO_LIMITS,
  });
  return rows.map(({ value, flows }) => ({ value: isNumber ? Number(value) : value, count: Number(flows) }));
}
