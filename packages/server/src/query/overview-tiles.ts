/** The figures at the head of an overview: a total, how it went, and what it was in the time before. */
import { allFilters, type Filter, type TimeRange } from "@flowtrail/model";
import { columnIs } from "./filters.ts";
import type { Heard } from "./flow-set.ts";
import { flowSetSql, SET_SETTINGS, wholeSet } from "./flow-set-sql.ts";
import type { Histogram } from "./histogram.ts";
import type { Inquiry } from "./inquiry.ts";
import { type Amount, amount, valueTold } from "./traffic/amounts.ts";

export interface Tile {
  readonly value: Amount;
  /** In the time before. */
  readonly previous: Amount;
  /** Of steps of the range. */
  readonly series: Amount[];
}

/** As long, and over when the range begins. Nothing is told before 1970. */
export function rangeBefore({ fromMs, toMs }: TimeRange): TimeRange {
  return { fromMs: Math.max(0, 2 * fromMs - toMs), toMs: Math.max(1, fromMs) };
}

/** Verdicts of connections in a range and in the time before → how many of them had this one. */
export function verdictTile(now: Histogram, before: Histogram, verdict: string): Tile {
  const series = stepByStep(seriesOf(now, verdict), now);
  return { value: amount(sumOf(series)), previous: amount(sumOf(seriesOf(before, verdict).flat())), series };
}

/** All groups together, per second. */
export function rateTile(now: Histogram, before: readonly (readonly Amount[])[], range: TimeRange, nowMs: number): Tile {
  const series = stepByStep(now.series, now);
  const rate = (total: bigint, of: TimeRange) => valueTold(total, { metric: "rate", range: of, nowMs });
  return { value: rate(sumOf(series), range), previous: rate(sumOf(before.flat()), rangeBefore(range)), series };
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
