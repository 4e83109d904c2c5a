/** Times and other 64-bit values whose range on the wire is not that of the column. */
import type { WireColumn } from "./arrow-column.ts";
import type { WideColumn } from "./batch-columns.ts";
import { MAX_TIME_MS } from "./json.ts";

const WORD = 4294967296;
const MAX_TIME_HIGH = Math.floor(MAX_TIME_MS / WORD);
const MAX_TIME_LOW = MAX_TIME_MS % WORD;

/** Makes rows null whose 64-bit value is above the given one (negative ones are, as unsigned numbers). */
export function dropAbove(target: WideColumn, first: number, rows: number, high: number, low: number): void {
  const { words } = target;
  for (let row = first; row < first + rows; row++) {
    const own = words[row * 2 + 1] ?? 0;
    if (own > high || (own === high && (words[row * 2] ?? 0) > low)) target.setNull(row);
  }
}

/** Timestamps of any unit, and plain numbers as ms since 1970. False if the column is neither. */
export function fillTimes(target: WideColumn, source: WireColumn, first: number): boolean {
  const { type } = source.field;
  if (type.kind === "timestamp" ? type.perSecond === 1000 : type.kind === "int" && type.bytes === 8) {
    target.raw(first, source.rows).set(source.raw(8));
    target.markAll(first, source.rows, source.valid);
    dropAbove(target, first, source.rows, MAX_TIME_HIGH, MAX_TIME_LOW);
    return true;
  }
  if (type.kind === "timestamp") {
    const words = source.words();
    const toMs = type.perSecond === 1 ? secondsToMs : (low: number, high: number) => wholeMs(low, high, type.perSecond / 1000);
    for (let row = 0; row < source.rows; row++) {
      const high = words[row * 2 + 1] ?? 0;
      // The sign bit: before 1970.
      if (!source.has(row) || high > 0x7fffffff) continue;
      const ms = toMs(words[row * 2] ?? 0, high);
      if (ms <= MAX_TIME_MS) target.set(first + row, ms);
    }
    return true;
  }
  if (type.kind !== "int" && type.kind !== "float") return false;
  source.numbers(type).forEach((ms, row) => {
    if (source.has(row) && ms >= 0 && ms <= MAX_TIME_MS) target.set(first + row, Math.floor(ms));
  });
  return true;
}

function secondsToMs(low: number, high: number): number {
  return (high * WORD + low) * 1000;
}

/** Divides in two steps, since nanoseconds of our days are beyond 2^53. */
function wholeMs(low: number, high: number, perMs: number): number {
  return Math.floor(high / perMs) * WORD + Math.floor(((high % perMs) * WORD + low) / perMs);
}
