/** Deltas that say little of when their bytes flowed are taken apart, so that whoever reads them goes by `last_seen` alone. */
import type { FlowBatch } from "@flowtrail/model";
import { DELTA_COUNTERS } from "./schema/flow-tables.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** No delta of the store is longer than this, but for what `widthMs` says of months. */
export const LONGEST_DELTA_MS = 2 * MINUTE_MS;
/** Days back from its end that a delta is spread over; what is before lies in the first piece. Each day is a part of its own on disk. */
const MOST_DAYS = 366;

/** At every minute up to two hours, every hour up to a month, every day for longer ones. */
function widthMs(lengthMs: number): number {
  if (lengthMs <= 2 * HOUR_MS) return MINUTE_MS;
  return lengthMs <= 31 * DAY_MS ? HOUR_MS : DAY_MS;
}

/**
 * Ends of the pieces of a delta: the last millisecond of each minute, hour or day (UTC) in it, and its own end. Ms since 1970.
 */
export function pieceEnds(sinceMs: number, endMs: number): number[] {
  const lengthMs = endMs - sinceMs;
  if (lengthMs <= LONGEST_DELTA_MS) return [endMs];
  const width = widthMs(lengthMs);
  const fromMs = Math.max(sinceMs, endMs - MOST_DAYS * DAY_MS);
  const ends: number[] = [];
  for (let next = (Math.floor(fromMs / width) + 1) * width; next <= endMs; next += width) ends.push(next - 1);
  if (ends.at(-1) !== endMs) ends.push(endMs);
  return ends;
}

export interface Piece {
  readonly sinceMs: number;
  readonly lastSeenMs: number;
  /** In the order of the totals. */
  readonly amounts: readonly number[];
}

/** What of `total` has flowed by then, if it flows evenly: all of it at the end. Never less than a moment before. */
function flowedBy(total: number, atMs: number, sinceMs: number, endMs: number): number {
  return atMs >= endMs ? total : Math.floor(total * ((atMs + 1 - sinceMs) / (endMs + 1 - sinceMs)));
}

/** Even shares of totals. Their sums are the totals; those in which nothing moved are left out. */
export function evenPieces(sinceMs: number, endMs: number, totals: readonly number[]): Piece[] {
  let flowed = totals.map(() => 0);
  let beganMs = sinceMs;
  return pieceEnds(sinceMs, endMs).flatMap((lastSeenMs) => {
    const byThen = totals.map((total) => flowedBy(total, lastSeenMs, sinceMs, endMs));
    const piece = { sinceMs: beganMs, lastSeenMs, amounts: byThen.map((amount, i) => amount - (flowed[i] ?? 0)) };
    flowed = byThen;
    beganMs = lastSeenMs + 1;
    return piece.amounts.some((amount) => amount > 0) ? [piece] : [];
  });
}

/**
 * Deltas with all that are longer than two minutes in even pieces, marked as estimated. A piece is known by its `last_seen`. The sum of
 * the pieces is the delta, and the same delta always makes the same pieces.
 * @param deltas rows with `since` and `last_seen`
 */
export function inPieces(deltas: FlowBatch): FlowBatch {
  const { since, last_seen } = deltas.columns;
  const isLong = (row: number) => (last_seen.get(row) ?? 0) - (since.get(row) ?? 0) > LONGEST_DELTA_MS;
  const long: number[] = [];
  for (let row = 0; row < deltas.length; row++) if (isLong(row)) long.push(row);
  if (long.length === 0) return deltas;
  const pieces = deltas.filter((row) => !isLong(row));
  for (const row of long) addPieces(pieces, deltas, row);
  return pieces;
}

function addPieces(to: FlowBatch, deltas: FlowBatch, row: number): void {
  const { columns } = deltas;
  const totals = DELTA_COUNTERS.map((name) => columns[name].get(row) ?? 0);
  for (const { sinceMs, lastSeenMs, amounts } of evenPieces(
    columns.since.get(row) ?? 0,
    columns.last_seen.get(row) ?? 0,
    totals,
  )) {
    const piece = to.addCopy(deltas, row);
    for (const [i, name] of DELTA_COUNTERS.entries()) to.columns[name].set(piece, amounts[i] ?? 0);
    to.columns.since.set(piece, sinceMs);
    to.columns.last_seen.set(piece, lastSeenMs);
    to.columns.estimated.set(piece, true);
  }
}
