/**
 * Longest prefix match over ranges: the address space of a family cut into segments in which the same range is the longest, found by binary search,
 * and for each range the next shorter one around it. Ranges nest or are apart, so a stack finds all of it in one pass over the sorted ranges.
 */
import type { Cidr } from "@flowtrail/model";

const NONE = -1;
/** Words of a segment. */
const V4_WIDTH = 2;
const V6_WIDTH = 5;
/** From so many segments on, an index of a quarter of a megabyte is worth it. */
const MANY = 1024;

/** The `i`th 32-bit word of 16 bytes. */
export function wordAt(bytes: Uint8Array, offset: number, i: number): number {
  const at = offset + i * 4;
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0;
}

export class Ranges {
  /** By number of a range, the next shorter one that contains it; -1: none. */
  readonly parents: Int32Array;
  /**
   * In each segment up to the next one's start, one range is the longest: its start and that range's number plus one (0: none), side by side. The
   * first starts at zero.
   */
  readonly #v4: Uint32Array;
  /** By the first bits of an IPv4 address, the first segment that starts there or later: it saves most steps of the search. */
  readonly #v4First: Uint32Array;
  /** Takes an address to those first bits. */
  readonly #v4Shift: number;
  /** The same with four words a start. */
  readonly #v6: Uint32Array;
  /** The first 53 bits of the starts, as many as a number holds: most steps of the search compare nothing else. */
  readonly #v6Tops: Float64Array;

  /** @param ranges each once; their places are their numbers */
  constructor(ranges: readonly Cidr[]) {
    this.parents = new Int32Array(ranges.length).fill(NONE);
    const v4 = segmentsOf(ranges, true, this.parents);
    this.#v4 = v4.filter((_, i) => i % V6_WIDTH >= 3);
    this.#v4Shift = this.#v4.length < MANY * V4_WIDTH ? 31 : 16;
    this.#v4First = firstSegments(this.#v4, this.#v4Shift);
    this.#v6 = segmentsOf(ranges, false, this.parents);
    this.#v6Tops = new Float64Array(this.#v6.length / V6_WIDTH);
    for (let i = 0, at = 0; at < this.#v6.length; i++, at += V6_WIDTH) {
      this.#v6Tops[i] = topOf(this.#v6[at] ?? 0, this.#v6[at + 1] ?? 0);
    }
  }

  get bytes(): number {
    const parts = [this.parents, this.#v4, this.#v4First, this.#v6, this.#v6Tops];
    return parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The number of the longest range that the IPv4 address is in; -1: none. */
  findV4(word: number): number {
    const segments = this.#v4;
    const bits = word >>> this.#v4Shift;
    let low = Math.max(0, (this.#v4First[bits] ?? 0) - 1);
    let high = (this.#v4First[bits + 1] ?? 0) - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((segments[middle * V4_WIDTH] ?? 0) <= word) low = middle;
      else high = middle - 1;
    }
    return (segments[low * V4_WIDTH + 1] ?? 0) - 1;
  }

  /** The same for an IPv6 address of four words. */
  findV6(w0: number, w1: number, w2: number, w3: number): number {
    const segments = this.#v6;
    const tops = this.#v6Tops;
    const top = topOf(w0, w1);
    let low = 0;
    let high = tops.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const at = middle * V6_WIDTH;
      const difference =
        (tops[middle] ?? 0) - top || (segments[at + 1] ?? 0) - w1 || (segments[at + 2] ?? 0) - w2 || (segments[at + 3] ?? 0) - w3;
      if (difference <= 0) low = middle;
      else high = middle - 1;
    }
    return (segments[low * V6_WIDTH + 4] ?? 0) - 1;
  }
}

function topOf(w0: number, w1: number): number {
  return w0 * 2 ** 21 + (w1 >>> 11);
}

/** By first bits, the first segment that starts there or later, and how many there are at the end. */
function firstSegments(segments: Uint32Array, shift: number): Uint32Array {
  const count = segments.length / V4_WIDTH;
  const first = new Uint32Array(2 ** (32 - shift) + 1).fill(count);
  let bits = 0;
  for (let i = 0; i < count; i++) {
    for (; bits <= (segments[i * V4_WIDTH] ?? 0) >>> shift; bits++) first[bits] = i;
  }
  return first;
}

/** Segments of one family, each as the four words of its start and its range's number plus one. Fills in `parents` on the way. */
function segmentsOf(ranges: readonly Cidr[], v4: boolean, parents: Int32Array): Uint32Array {
  const order = [...ranges.keys()].filter((range) => ranges[range]?.v4 === v4);
  const keys = new Uint32Array(ranges.length * 4);
  for (const range of order) {
    const bytes = ranges[range]?.bytes ?? new Uint8Array(16);
    for (let i = 0; i < 4; i++) keys[range * 4 + i] = wordAt(bytes, 0, i);
  }
  const bits = (range: number) => ranges[range]?.prefixBits ?? 0;
  order.sort((a, b) => compareWords(keys, a * 4, keys, b * 4) || bits(a) - bits(b));

  const segments = new Uint32Array((order.length * 2 + 1) * V6_WIDTH);
  const open: { range: number; after: Uint32Array | null }[] = [];
  let count = 1;
  const cut = (words: Uint32Array, from: number, range: number): void => {
    const last = (count - 1) * V6_WIDTH;
    if (compareWords(segments, last, words, from) !== 0) segments.set(words.subarray(from, from + 4), count++ * V6_WIDTH);
    segments[count * V6_WIDTH - 1] = range + 1;
  };
  const closeUpTo = (from: number | null): void => {
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (from !== null && (top.after === null || compareWords(keys, from, top.after, 0) < 0)) return;
      open.pop();
      if (top.after !== null) cut(top.after, 0, open.at(-1)?.range ?? NONE);
    }
  };
  for (const range of order) {
    closeUpTo(range * 4);
    parents[range] = open.at(-1)?.range ?? NONE;
    cut(keys, range * 4, range);
    open.push({ range, after: afterRange(keys, range * 4, bits(range), v4 ? 3 : 0) });
  }
  closeUpTo(null);
  return segments.slice(0, count * V6_WIDTH);
}

/** The first address behind a range; null: it is the last one of its family, whose addresses differ from word `firstWord` on. */
function afterRange(keys: Uint32Array, at: number, prefixBits: number, firstWord: number): Uint32Array | null {
  const after = keys.slice(at, at + 4);
  const last = (prefixBits - 1) >> 5;
  let carry = 2 ** (31 - ((prefixBits - 1) & 31));
  for (let i = last; i >= firstWord && carry > 0; i--) {
    const sum = (after[i] ?? 0) + carry;
    after[i] = sum;
    carry = sum > 0xffff_ffff ? 1 : 0;
  }
  return carry > 0 ? null : after;
}

function compareWords(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): number {
  for (let i = 0; i < 4; i++) {
    const difference = (a[aAt + i] ?? 0) - (b[bAt + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
