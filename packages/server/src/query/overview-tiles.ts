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
  const { sum, series } = ofGroups(now, (group) => group === verdict);
  return { value: amount(sum), previous: amount(ofGroups(before, (group) => group === verdict).sum), series };
}

/** The same of all groups, per second. */
export function rateTile(now: Histogram, before: Histogram, range: TimeRange, nowMs: number): Tile {
  const { sum, series } = ofGroups(now, () => true);
  const rate = (total: bigint, of: TimeRange) => valueTold(total, { metric: "rate", range: of, nowMs });
  return { value: rate(sum, range), previous: rate(ofGroups(before, () => true).sum, rangeBefore(range)), series };
}

function ofGroups({ groups, series }: Histogram, wanted: (group: string | null) => boolean): { sum: bigint; series: Amount[] } {
  const rows = series.filter((_, i) => wanted(groups[i] ?? null));
  const steps = (series[0] ?? []).map((_, step) => rows.reduce((sum, row) => sum + BigInt(row[step] ?? 0), 0n));
  return { sum: steps.reduce((sum, value) => sum + value, 0n), series: steps.map(amount) };
}

/** Connections that are open right now, whatever the range is. */
export async function openNow(filter: Filter, heard: Heard, nowMs: number, inquiry: Inquiry): Promise<number> {
  const range = { fromMs: nowMs, toMs: nowMs + 1 };
  const set = wholeSet(range, allFilters([filter, columnIs("state", ["open"])]));
  const { text, bindings } = flowSetSql(set, heard, () => "1 AS one");
  const [row] = await inquiry.rows<{ n: string }>({
    table: "flows_open",
    sql: `SELECT toString(count()) AS n FROM (${text})`,
    bindings,
    options: { settings: SET_SETTINGS },
  });
  return Number(row?.n ?? 0);
}
