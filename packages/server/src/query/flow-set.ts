/**
 * The flows that a list, a count and facets are about: those that were active in a range, each in its newest revision. Active: begun
 * in it, or begun before and not over when it begins.
 */
import type { Filter, TimeRange } from "@flowtrail/model";
import { filterSql } from "./filter-sql.ts";
import type { Segment } from "./flow-list-segments.ts";
import { allOf, moment, type Sql } from "./sql.ts";

/** Who reports right now: an open flow of anybody else reads as lost. */
export interface Heard {
  ids(): readonly string[];
  has(reporterId: string): boolean;
}

/** Rows of a segment that were active in the range. */
export function endedActive({ began }: Pick<Segment, "began">, range: TimeRange, filter: Filter): Sql {
  const conditions = [`start >= ${moment("lo")} AND start < ${moment("hi")}`];
  // The first condition follows from the second (nothing ends after it was last seen): it is what the index knows.
  const lived = `last_seen >= ${moment("from")} AND coalesce(end, last_seen) >= ${moment("from")}`;
  if (began.toMs <= range.fromMs) conditions.push(lived);
  else if (began.fromMs < range.fromMs) conditions.push(`(start >= ${moment("from")} OR (${lived}))`);
  const active = {
    text: conditions.join(" AND "),
    bindings: { lo: began.fromMs, hi: began.toMs, from: range.fromMs },
  };
  return allOf(active, filterSql(filter));
}

/** Rows of `flows_open FINAL`. An open flow goes on, unless nobody is there to tell. */
export function openActive(range: TimeRange, filter: Filter, heard: Heard): Sql {
  const active: Sql = {
    text: `start < ${moment("to")} AND (reporter_id IN {heard:Array(String)} OR last_seen >= ${moment("from")})`,
    bindings: { to: range.toMs, from: range.fromMs, heard: heard.ids() },
  };
  return allOf(active, filterSql(filter, { state: OPEN_STATE }));
}

/** Of a row of `flows_open`. */
export const OPEN_STATE = "if(reporter_id IN {heard:Array(String)}, 'open', 'lost')";

/** No flow can: nothing need be asked. */
export function passesNothing(filter: Filter): boolean {
  return !mayPass(filter, "ended") && !mayPass(filter, "open");
}

const STATES_OF = { ended: ["closed", "lost"], open: ["open", "lost"] } as const;

/** False if no flow of this kind can pass: its table need not be asked. */
export function mayPass(filter: Filter, kind: keyof typeof STATES_OF): boolean {
  switch (filter.kind) {
    case "and":
      return filter.parts.every((part) => mayPass(part, kind));
    case "or":
      return filter.parts.some((part) => mayPass(part, kind));
    case "is":
      if (filter.values.length === 0) return filter.not;
      return filter.field !== "state" || STATES_OF[kind].some((state) => filter.values.includes(state) !== filter.not);
    default:
      return true;
  }
}
