/** The parameters of a question about flows → what the query needs. */
import { allFilters, type Filter, parseFilter, parseTime, parseTimeRange, TimeError, type TimeRange } from "@flowtrail/model";
import { readCursor } from "../query/cursor.ts";
import { type ParameterProblem, QueryError } from "../query/errors.ts";
import { columnIs, mentions, readFilters } from "../query/filters.ts";
import { type FlowListQuery, type ListOrder, placeAt } from "../query/flow-list-order.ts";
import { further, type Narrowed, narrowed } from "../query/narrowed.ts";
import { SAMPLE_NETWORK } from "../receive/check.ts";
import { type Asker, scopeOf } from "./ask.ts";

type Parameters = Readonly<Record<string, string | readonly string[] | number | undefined>>;
type Texts = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * What was asked for by `q` and by single columns, plus: what the asker may see, primary reports only unless all are wanted, and no
 * sample traffic unless it is asked for.
 * @throws QueryError, FilterError
 */
export function filterOf(asker: Asker, parameters: Parameters): Narrowed {
  const { asked, always } = askedFilter(asker, parameters);
  return further(always, asked);
}

/**
 * The same in two parts: what was asked for, and what a row must pass in any case.
 * @throws QueryError, FilterError
 */
export function askedFilter(asker: Asker, parameters: Parameters): { readonly asked: Filter; readonly always: Narrowed } {
  const problems: ParameterProblem[] = [];
  const filters = readFilters(parameters as Texts, problems);
  if (problems.length > 0) throw new QueryError(problems);
  const { q } = parameters;
  const text = typeof q === "string" ? parseFilter(q) : allFilters([]);
  const wantsSample = parameters.network !== undefined || mentions(text, "network", SAMPLE_NETWORK);
  const always = [
    ...(parameters.reports === "merged" ? [columnIs("primary", [true])] : []),
    ...(wantsSample ? [] : [columnIs("network", [SAMPLE_NETWORK], true)]),
  ];
  return { asked: allFilters([...filters, text]), always: narrowed(scopeOf(asker), allFilters(always)) };
}

/** @throws QueryError, FilterError */
export function listQueryOf(
  asker: Asker,
  parameters: Parameters &
    ListOrder & {
      readonly from: string;
      readonly to: string;
      readonly at?: string | undefined;
      readonly limit: number;
      readonly cursor?: string | undefined;
    },
  nowMs: number,
): FlowListQuery {
  const { from, to, at, limit, sort, order, cursor } = parameters;
  const filter = filterOf(asker, parameters);
  if (cursor !== undefined) return { ...readCursor(cursor), filter, limit };
  const range = questionRangeOf(from, to, nowMs);
  if (at === undefined) return { range, filter, limit, sort, order, place: null };
  if (sort !== "time")
    throw new QueryError([{ parameter: "at", message: "a place in time is for lists that are sorted by time" }]);
  return { range, filter, limit, sort, order, place: placeAt(momentOf("at", at, nowMs), order) };
}

/** An unescaped + of a query arrives as a space: `from=2026-11-22T11:00:00+02:00`, as `date -Is` writes it, and `to=+1h`. */
export function withPlus(time: string): string {
  return time.replace(/^ | (?=\d\d:\d\d$)/, "+");
}

/** @throws QueryError */
export function momentOf(parameter: string, text: string, nowMs: number): number {
  try {
    return parseTime(withPlus(text), nowMs);
  } catch (error) {
    if (!(error instanceof TimeError)) throw error;
    throw new QueryError([{ parameter, message: error.message }]);
  }
}

/** @throws QueryError */
export function rangeOf(from: string, to: string, nowMs: number): TimeRange {
  try {
    return parseTimeRange(withPlus(from), withPlus(to), nowMs);
  } catch (error) {
    if (!(error instanceof TimeError)) throw error;
    const parameter = error.data.value === withPlus(from) ? "from" : error.data.value === withPlus(to) ? "to" : "from, to";
    throw new QueryError([{ parameter, message: error.message }]);
  }
}

/**
 * Of a question about flows. "Now" is the end of the second: whoever asks the same in it asks for the same range, and is answered
 * together.
 * @throws QueryError
 */
export function questionRangeOf(from: string, to: string, nowMs: number): TimeRange {
  return rangeOf(from, to, Math.ceil(nowMs / 1000) * 1000);
}
