/**
 * Facets of a set that is told by time and network only: values of flows that began in whole hours and days are counted already, the
 * rest from rows.
 */
import { type Column, type ColumnName, conditionsOf, type Field, type Filter, type TimeRange } from "@flowtrail/model";
import { COUNTED_COLUMNS, HIGHEST_KEPT_PORT, VALUE_ROLLUPS, type ValueRollup } from "../store/schema/rollup-tables.ts";
import { type CountedBy, countedBy } from "./counted-by.ts";
import { filterSql } from "./filter-sql.ts";
import type { Heard } from "./flow-set.ts";
import { beganInSql, type FlowSet, flowSetSql, SET_SETTINGS } from "./flow-set-sql.ts";
import type { Question } from "./inquiry.ts";
import { moment } from "./sql.ts";
import type { TrafficSources } from "./traffic/plan.ts";
import { alignDown, alignUp } from "./traffic/steps.ts";

/** A value as the store writes it, and how many flows have it. */
export interface CountedText {
  readonly field: string;
  readonly value: string | null;
  readonly flows: string;
}

interface Part {
  readonly rollup: ValueRollup;
  readonly range: TimeRange;
}

/** What is counted already of a set, and what is not. */
export interface ComputedSet {
  readonly counts: CountedBy;
  readonly range: TimeRange;
  readonly filter: Filter;
  readonly parts: readonly Part[];
  readonly rest: readonly TimeRange[];
}

/** Null: nothing of it. */
export function computedSet(range: TimeRange, filter: Filter, sources: TrafficSources): ComputedSet | null {
  const counts = countedBy(filter);
  const isOfNetwork = (name: Filter) => [...conditionsOf(name)].every((one) => one.kind !== "text" && one.field === "network");
  if (counts === null || !isOfNetwork(counts.filter)) return null;
  const fromMs = Math.min(range.toMs, Math.max(range.fromMs, sources.flowsFromMs()));
  const { parts, rest } = coverCounted({ fromMs, toMs: range.toMs }, VALUE_ROLLUPS, sources);
  if (parts.length === 0) return null;
  return { counts, range, filter, parts, rest: fromMs > range.fromMs ? [{ fromMs: range.fromMs, toMs: fromMs }, ...rest] : rest };
}

/** The column whose values are counted, or `network`, which each of them knows. */
export function countedColumn({ operands }: Field): Column | null {
  const [operand, ...more] = operands;
  if (operand?.kind !== "column" || more.length > 0) return null;
  const { name } = operand.column;
  return name === "network" || COUNTED_COLUMNS.some((counted) => counted === name) ? operand.column : null;
}

/** Which rollups know how much of a range, and what none of them does. */
export function coverCounted(
  range: TimeRange,
  [first, ...finer]: readonly ValueRollup[],
  sources: TrafficSources,
): { parts: Part[]; rest: TimeRange[] } {
  if (range.fromMs >= range.toMs) return { parts: [], rest: [] };
  if (first === undefined) return { parts: [], rest: [range] };
  const { name } = first.table;
  const fromMs = alignUp(Math.max(range.fromMs, sources.rollupFromMs(name)), first.stepMs);
  const toMs = alignDown(Math.min(range.toMs, sources.throughMs(name)), first.stepMs);
  if (fromMs >= toMs) return coverCounted(range, finer, sources);
  const before = coverCounted({ fromMs: range.fromMs, toMs: fromMs }, finer, sources);
  const after = coverCounted({ fromMs: toMs, toMs: range.toMs }, finer, sources);
  const parts = [...before.parts, { rollup: first, range: { fromMs, toMs } }, ...after.parts];
  return { parts, rest: [...before.rest, ...after.rest] };
}

/** Of each network, flows are counted by their direction: every one has one. */
const EVERY_FLOW = "direction";

/** Rows of `CountedText`, field by field, those of most flows first. Ports that rollups do not tell apart are 0. */
export function computedQuestion(set: ComputedSet, columns: readonly Column[], limit: number, heard: Heard): Question {
  const { counts, range, filter, parts, rest } = set;
  const names = columns.map(({ name }) => name);
  const passes = filterSql(counts.filter, {}, "g");
  const bindings: Record<string, unknown> = { ...passes.bindings, fields: names.filter((name) => name !== "network"), limit };
  const computed = parts.flatMap(({ rollup, range: whole }, i) => {
    Object.assign(bindings, { [`b${i}`]: whole.fromMs / 1000, [`c${i}`]: whole.toMs / 1000 });
    const from =
      `sum(${counts.measure}) AS n FROM ${rollup.table.name} FINAL WHERE bucket >= ${second(`b${i}`)} AND bucket < ${second(`c${i}`)} ` +
      `AND (${passes.text})`;
    // What is open now is asked of the open flows.
    const values =
      `SELECT toString(field) AS f, value AS v, ${from} AND field IN {fields:Array(String)} AND NOT (field = 'state' AND value = 'open') ` +
      "GROUP BY f, v";
    const networks = `SELECT 'network' AS f, CAST(network AS Nullable(String)) AS v, ${from} AND field = '${EVERY_FLOW}' GROUP BY v`;
    return names.includes("network") ? [values, networks] : [values];
  });
  const uncounted: FlowSet = { range, filter, began: rest, openBegan: names.includes("state") ? null : rest };
  const others = flowSetSql(uncounted, heard, (state, part) => {
    const all = `[${columns.map(({ name }) => pairSql(name, state)).join(", ")}]`;
    // Of an open flow that is counted already, all but its state.
    const isNew = `(start < ${moment("from")} OR ${beganInSql(uncounted)})`;
    return `${part === "open" && uncounted.openBegan === null ? `if(${isNew}, ${all}, [${pairSql("state", state)}])` : all} AS pairs`;
  });
  const rows = `SELECT pair.1 AS f, pair.2 AS v, count() AS n FROM (${others.text}) ARRAY JOIN pairs AS pair GROUP BY f, v`;
  return {
    table: parts[0]?.rollup.table.name ?? "",
    sql:
      `SELECT f AS field, v AS value, toString(sum(n)) AS flows FROM (${[...computed, rows].join(" UNION ALL ")}) GROUP BY field, value ` +
      "HAVING sum(n) > 0 ORDER BY field, sum(n) DESC, value LIMIT {limit:UInt32} BY field",
    bindings: { ...others.bindings, ...bindings },
    options: { settings: SET_SETTINGS },
  };
}

function pairSql(name: ColumnName, state: string): string {
  const value = name === "dst_port" ? `if(dst_port > ${HIGHEST_KEPT_PORT}, 0, dst_port)` : name === "state" ? state : name;
  return `('${name}', CAST(${value} AS Nullable(String)))`;
}

function second(parameter: string): string {
  return `toDateTime({${parameter}:UInt32}, 'UTC')`;
}
