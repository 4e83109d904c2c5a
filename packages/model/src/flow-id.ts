/**
 * The identity of a flow at its reporter: 64 bits, the high 42 = milliseconds since 2020-01-01 UTC at which the agent first saw
 * it, the low 22 = a sequence. In memory two u32 words (low, high: a little-endian u64), in JSON a decimal string.
 */

export const FLOW_ID_EPOCH_MS = Date.UTC(2020, 0, 1);
/** A sequence wraps here. */
export const FLOW_ID_SEQUENCES = 2 ** 22;

const MAX_TIME = 2 ** 42 - 1;
const MAX_FLOW_ID = 2n ** 64n - 1n;

/**
 * Makes an id and writes its words to `out[index]` (low) and `out[index + 1]` (high).
 * A time outside of 2020…2159 (a clock that was never set) counts as the nearest of these; the sequence still tells ids apart.
 */
export function flowIdWords(ms: number, sequence: number, out: Uint32Array, index: number): void {
  const time = Math.min(Math.max(Math.floor(ms) - FLOW_ID_EPOCH_MS, 0), MAX_TIME);
  out[index] = ((time % 1024) << 22) | (sequence & (FLOW_ID_SEQUENCES - 1));
  out[index + 1] = Math.floor(time / 1024);
}

/** Writes an id as a decimal string. Without BigInt, as it is done for each row of an answer. */
export function flowIdToString(low: number, high: number): string {
  const upper = high >>> 16;
  const lower = high & 0xffff;
  // 2^48 = 28147497·10^7 + 6710656 and 2^32 = 429·10^7 + 4967296: both sums stay below 2^53.
  const small = upper * 6_710_656 + lower * 4_967_296 + (low >>> 0);
  const large = upper * 28_147_497 + lower * 429 + Math.floor(small / 1e7);
  return large === 0 ? String(small) : `${large}${String(small % 1e7).padStart(7, "0")}`;
}

/** Reads an id as `flowIdToString` writes it. Null when it is none. */
export function parseFlowId(text: string): bigint | null {
  if (!/^(?:0|[1-9]\d{0,19})$/.test(text)) return null;
  const id = BigInt(text);
  return id <= MAX_FLOW_ID ? id : null;
}

/** When the agent first saw the flow, in milliseconds since 1970 (UTC). */
export function flowIdTimeMs(id: bigint): number {
  return Number(id >> 22n) + FLOW_ID_EPOCH_MS;
}
