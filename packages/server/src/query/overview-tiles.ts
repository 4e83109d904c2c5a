/** The figures at the head of an overview: a total, how it went, and what it was in the time before. */
import { allFilters, type Filter, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Heard } from "./flow-set.ts";
import { flowSetSql, SET_SETTINGS, wholeSet } from "./flow-set-sql.ts";
import type { Histogram } from "./histogram.ts";
import type { Inquiry } from "./inquiry.ts";
import { type Amount, amount, valueTold } from "./traffic/amounts.ts";
import { alignUp } from "./traffic/steps.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAYS_MS = 72 * HOUR_MS;

export interface Tile {
  readonly value: Amount;
  /** In the time before. */
  readonly previous: Amount;
  /** Of steps of the range. */
  readonly series: Amount[];
}

/**
 * As long as what is over of the range, and over when it begins: what is still to come would be compared with nothing. Of several days
 * to the hour: sums by the hour know it, where single flows may not be kept any more. Nothing is told before 1970.
 */
export function rangeBefore({ fromMs, toMs }: TimeRange, nowMs: number): TimeRange {
  const overMs = alignUp(nowMs, nowMs - fromMs < DAYS_MS ? SECOND_MS : HOUR_MS);
  const untilMs = nowMs > fromMs ? Math.min(toMs, overMs) : toMs;
  return { fromMs: Math.max(0, 2 * fromMs - untilMs), toMs: Math.max(1, fromMs) };
}

/** Verdicts of connections in a range and in the time before → how many of them had this one. */
export function verdictTile(now: Histogram, before: Histogram, verdict: string): Tile {
  const series = stepByStep(seriesOf(now, verdict), now);
  return { value: amount(sumOf(series)), previous: amount(sumOf(seriesOf(before, verdict).flat())), series };
}

export interface Ranges {
  readonly range: TimeRange;
  /** What it is compared with. */
  readonly before: TimeRange;
  readonly nowMs: number;
}

/** All groups together, per second. */
export function rateTile(now: Histogram, before: Histogram, ranges: Ranges): Tile {
  const series = stepByStep(now.series, now);
  const rate = (total: bigint, range: TimeRange) => valueTold(total, { metric: "rate", range, nowMs: ranges.nowMs });
  return { value: rate(sumOf(series), ranges.range), previous: rate(sumOf(before.series.flat()), ranges.before), series };
}

function seriesOf({ groups, series }: Histogram, group: string): readonly (readonly Amount[])[] {
  return series.filter((_, i) => groups[i] === group);
}

function stepByStep(series: readonly (readonly Amount[])[], { series: [first = []] }: Histogram): Amount[] {
  return first.map((_, step) => amount(sumOf(series.map((values) => values[step] ?? 0))));
}

function sumOf(amounts: readonly Amount[]): bigint {
  return amounts.reduce((sum: bigint, value) => sum + BigInt(value), 0n);
}

/** Connections that are open right now, whatever the range is. Each counts once, as everywhere: its primary report. */
export async function openNow(filter: Filter, heard: Heard, nowMs: number, inquiry: Inquiry): Promise<number> {
  const range = { fromMs: nowMs, toMs: nowMs + 1 };
  const set = wholeSet(range, allFilters([filter, columnIs("state", ["open"]), columnIs("primary", [true])]));
  const { text, bindings } = flowSetSql(set, heard, () => "1 AS one");
  const [row] = await inquiry.rows<{ n: string }>({
    table: "flows_open",
    sql: `SELECT toString(count()) AS n FROM (${text})`,
    bindings,
    options: { settings: SET_SETTINGS },
  });
  return Number(row?.n ?? 0);
}
