/** Deltas that say little of when their bytes flowed are taken apart, so that whoever reads them goes by `last_seen` alone. */
import type { FlowBatch } from "@flowtrail/model";
import { DELTA_COUNTERS } from "./schema/flow-tables.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** No longer delta is stored in one. */
export const LONGEST_DELTA_MS = 2 * MINUTE_MS;
/** Days back from its end that a delta is spread over; what is before lies in the first piece. Each day is a part of its own on disk. */
const MOST_DAYS = 366;
/** Pieces between whole minutes, hours or days that a delta is taken into; its two ends may make one more. */
const MOST_PIECES = 48;
/** How wide pieces may be: parts of a day by the clock, then days. */
const WIDTHS_MS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 5760, 11_520].map((minutes) => minutes * MINUTE_MS);

/** By the delta alone, whatever else comes with it: the same report must always make the same pieces. */
function widthMs(lengthMs: number): number {
  return WIDTHS_MS.find((width) => lengthMs <= MOST_PIECES * width) ?? DAY_MS;
}

/** From when on it is spread, and how wide. */
function spreadOf(sinceMs: number, endMs: number): { fromMs: number; width: number } {
  const fromMs = Math.max(sinceMs, endMs - MOST_DAYS * DAY_MS);
  return { fromMs, width: widthMs(endMs - fromMs) };
}

/** How many pieces a delta makes, at most: those in which nothing moved are not stored. */
export function pieceCount(sinceMs: number, endMs: number): number {
  if (endMs - sinceMs <= LONGEST_DELTA_MS) return 1;
  const { fromMs, width } = spreadOf(sinceMs, endMs);
  return Math.floor(endMs / width) - Math.floor(fromMs / width) + 1;
}

/** Ends of the pieces of a delta: the last millisecond before each boundary of the clock (UTC) in it, and its own end. Ms since 1970. */
export function pieceEnds(sinceMs: number, endMs: number): number[] {
  if (endMs - sinceMs <= LONGEST_DELTA_MS) return [endMs];
  const { fromMs, width } = spreadOf(sinceMs, endMs);
  const ends: number[] = [];
  for (let next = (Math.floor(fromMs / width) + 1) * width; next <= endMs; next += width) ends.push(next - 1);
  return [...ends, endMs];
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

/** Rows of pieces that are made at once: what a hostile sender can make of an upload must not be in memory together. */
const ROWS_AT_ONCE = 20_000;

/**
 * Deltas, with all that are longer than two minutes in even pieces, marked as estimated. A piece is known by its `last_seen`. The sum of
 * the pieces is the delta, and the same delta always makes the same pieces. All short ones are one batch; the pieces come in batches of
 * about `atOnce` rows, each made when it is asked for.
 * @param deltas rows with `since` and `last_seen`
 */
export function* inPieces(deltas: FlowBatch, atOnce = ROWS_AT_ONCE): Generator<FlowBatch> {
  const { since, last_seen } = deltas.columns;
  const times = (row: number) => [since.get(row) ?? 0, last_seen.get(row) ?? 0] as const;
  const long: number[] = [];
  for (let row = 0; row < deltas.length; row++) {
    const [sinceMs, endMs] = times(row);
    if (endMs - sinceMs > LONGEST_DELTA_MS) long.push(row);
  }
  if (long.length === 0) {
    yield deltas;
    return;
  }
  const isLong = new Set(long);
  if (long.length < deltas.length) yield deltas.filter((row) => !isLong.has(row));
  let made = new Pieces(deltas);
  for (const row of long) {
    made.spread(row, ...times(row));
    if (made.length < atOnce) continue;
    yield made.batch();
    made = new Pieces(deltas);
  }
  if (made.length > 0) yield made.batch();
}

/** Collects what rows become, and makes it column by column. */
class Pieces {
  readonly #deltas: FlowBatch;
  readonly #rows: number[] = [];
  readonly #pieces: Piece[] = [];

  constructor(deltas: FlowBatch) {
    this.#deltas = deltas;
  }

  get length(): number {
    return this.#rows.length;
  }

  spread(row: number, sinceMs: number, endMs: number): void {
    const { columns } = this.#deltas;
    const totals = DELTA_COUNTERS.map((name) => columns[name].get(row) ?? 0);
    for (const piece of evenPieces(sinceMs, endMs, totals)) {
      this.#rows.push(row);
      this.#pieces.push(piece);
    }
  }

  batch(): FlowBatch {
    const batch = this.#deltas.pick(Int32Array.from(this.#rows));
    const { since, last_seen, estimated } = batch.columns;
    const counters = DELTA_COUNTERS.map((name) => batch.columns[name]);
    for (const [row, piece] of this.#pieces.entries()) {
      for (const [i, counter] of counters.entries()) counter.set(row, piece.amounts[i] ?? 0);
      since.set(row, piece.sinceMs);
      last_seen.set(row, piece.lastSeenMs);
      estimated.set(row, true);
    }
    return batch;
  }
}
