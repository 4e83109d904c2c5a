/** What is kept in the store, and what becomes of it, in words. */
import { formatBytes, formatCount, formatDuration, type StoreReport } from "@flowtrail/model";
import type { StoreHealth } from "../../lib/api-types.ts";

export interface KeptRow {
  readonly table: string;
  readonly rows: string;
  readonly size: string;
  /** A day. */
  readonly oldest: string;
  readonly kept: string;
}

/** Tables that a person may ask about: those with a retention and something in them. */
export function keptRows({ tables }: Pick<StoreReport, "tables">): KeptRow[] {
  return tables
    .filter(({ kept_days, bytes }) => kept_days !== null && bytes > 0)
    .map(({ table, rows, bytes, oldest, kept_days }) => ({
      table,
      rows: formatCount(rows),
      size: formatBytes(bytes),
      oldest: oldest === null ? "–" : day(oldest),
      kept: days(kept_days ?? 0),
    }));
}

/** Of how much, when it is full, what goes next, what is held: a sentence each. */
export function keptSentences({ size, forecast, holds, last_drops }: StoreReport): string[] {
  const limit = size.limit_bytes === null ? "" : ` of at most ${formatBytes(size.limit_bytes)}`;
  const free = size.free_bytes === null ? "" : `, ${formatBytes(size.free_bytes)} free on its disk`;
  const held = holds.filter(({ released }) => released === null).length;
  const { next } = forecast;
  const [last] = last_drops;
  return [
    `${formatBytes(size.bytes)}${limit}${free}. ${forecast.text}`,
    ...(next === null
      ? []
      : [`Next to go: ${next.table} of ${day(next.from)} (${formatBytes(next.bytes)}) on ${day(next.at)}, by ${next.why}.`]),
    ...(last === undefined
      ? []
      : [`Deleted last: ${last.table} of ${day(last.from)}, ${formatCount(last.rows)} rows, by ${last.why}.`]),
    ...(held === 0 ? [] : [`${held} legal ${held === 1 ? "hold keeps" : "holds keep"} ${formatBytes(size.held_bytes)}.`]),
  ];
}

const BEHIND_MS = 900_000;

/** That charts read rows instead of sums for now. */
export function behindSentences(rollups: StoreHealth["rollups"]): string[] {
  if (rollups === undefined || rollups.last_error !== null) return [];
  const { pending, behind_ms, late_deltas } = rollups;
  return [
    ...(behind_ms > BEHIND_MS
      ? [`Sums for charts are ${formatDuration(behind_ms)} behind; rows are read for what is newer.`]
      : []),
    ...(pending === 0
      ? []
      : [
          `Rows came late for ${formatCount(pending)} ${pending === 1 ? "hour or day" : "hours or days"}: their sums are computed again.`,
        ]),
    ...(late_deltas === 0
      ? []
      : [
          `Since the start ${formatCount(late_deltas)} ${late_deltas === 1 ? "report" : "reports"} came for days whose deltas had been deleted: they are added to the sums that charts read.`,
        ]),
  ];
}

const day = (time: string) => time.slice(0, 10);
const days = (count: number) => `${formatCount(count)} ${count === 1 ? "day" : "days"}`;
