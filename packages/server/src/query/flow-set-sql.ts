/** One subquery over all flows of a set, each once and as it is now: what is counted of it. */
import type { Filter, TimeRange } from "@flowtrail/model";
import type { Bindings } from "../store/clickhouse.ts";
import { FLOW_KEY, FLOWS, FLOWS_LONG, FLOWS_OPEN, LONG_MS } from "../store/schema/flow-tables.ts";
import { filterSql } from "./filter-sql.ts";
import { type Heard, mayPass, OPEN_STATE } from "./flow-set.ts";
import { moment, type Sql } from "./sql.ts";

export interface FlowSet {
  /** Flows that were active in it. */
  readonly range: TimeRange;
  readonly filter: Filter;
  /** Stretches of the range: of ended flows that began in it, only those that began in one of them. What began before it belongs to the set. */
  readonly began: readonly TimeRange[];
  /** The same of open ones; null: all of them. They are few: whatever part of the others is looked at, it is these. */
  readonly openBegan: readonly TimeRange[] | null;
}

/** All of a range. */
export function wholeSet(range: TimeRange, filter: Filter): FlowSet {
  return { range, filter, began: [range], openBegan: null };
}

/** FINAL is nearly free where it need not look into other days: the key holds the start, which decides the day. */
export const SET_SETTINGS = { do_not_merge_across_partitions_select_final: 1 } as const;

const KEY = FLOW_KEY.join(", ");
/** Leaves out of ended flows those whose agent was taken for lost and spoke again: they are open, and that is what is told of them. */
export const ENDED_STILL = `NOT (state = 'lost' AND (${KEY}) GLOBAL IN (SELECT ${KEY} FROM ${FLOWS_OPEN.name} FINAL))`;

/**
 * Leaves out of open flows those that have ended a moment ago: their tombstones are written right after what is told of them as ended.
 * Which was stored in the last minute is known by an index.
 */
const STILL_OPEN = `(${KEY}) GLOBAL NOT IN (SELECT ${KEY} FROM ${FLOWS.name} WHERE stored > now64(3) - INTERVAL 1 MINUTE AND state = 'closed')`;

/** Of a set: ended flows that began in one of its stretches, those that began before the range, and open ones. */
export type SetPart = "begun" | "before" | "open";

/** Did the flow begin in one of the stretches of its set? */
export function beganInSql({ began }: Pick<FlowSet, "began">): string {
  return inStretches(began, "began");
}

function inStretches(stretches: readonly TimeRange[], name: string): string {
  const each = stretches.map((_, i) => `(start >= ${moment(`${name}_from${i}`)} AND start < ${moment(`${name}_to${i}`)})`);
  return `(${each.join(" OR ") || "false"})`;
}

function stretchBindings(stretches: readonly TimeRange[], name: string): Bindings {
  const each = stretches.flatMap(({ fromMs, toMs }, i) => [
    [`${name}_from${i}`, fromMs],
    [`${name}_to${i}`, toMs],
  ]);
  return Object.fromEntries(each);
}

/** @param selected the columns, by the expression that stands for the state */
export function flowSetSql(set: FlowSet, heard: Heard, selected: (state: string, part: SetPart) => string): Sql {
  const { range, filter, began, openBegan } = set;
  const stretches = beganInSql(set);
  const lived = `last_seen >= ${moment("from")} AND coalesce(end, last_seen) >= ${moment("from")}`;
  const ended = filterSql(filter);
  const open = filterSql(filter, { state: OPEN_STATE });
  const part = (table: string, name: SetPart, where: string) =>
    `SELECT ${selected("toString(state)", name)} FROM ${table} FINAL WHERE ${where} AND ${ENDED_STILL} AND (${ended.text})`;
  const openWhere =
    openBegan === null ? `start < ${moment("to")}` : `(start < ${moment("from")} OR ${inStretches(openBegan, "open")})`;
  const parts = [
    ...(mayPass(filter, "ended")
      ? [
          part(FLOWS.name, "begun", stretches),
          part(FLOWS.name, "before", `start >= ${moment("short")} AND start < ${moment("from")} AND ${lived}`),
          part(FLOWS_LONG.name, "before", `start < ${moment("short")} AND ${lived}`),
        ]
      : []),
    ...(mayPass(filter, "open")
      ? [
          `SELECT ${selected(OPEN_STATE, "open")} FROM ${FLOWS_OPEN.name} FINAL WHERE ${openWhere} ` +
            `AND (reporter_id IN {heard:Array(String)} OR last_seen >= ${moment("from")}) AND ${STILL_OPEN} AND (${open.text})`,
        ]
      : []),
  ];
  const bindings = {
    ...ended.bindings,
    ...open.bindings,
    ...stretchBindings(began, "began"),
    ...stretchBindings(openBegan ?? [], "open"),
    from: range.fromMs,
    to: range.toMs,
    short: Math.max(0, range.fromMs - LONG_MS),
    heard: heard.ids(),
  };
  return {
    text: parts.length === 0 ? `SELECT ${selected("''", "begun")} FROM ${FLOWS.name} WHERE false` : parts.join(" UNION ALL "),
    bindings,
  };
}
