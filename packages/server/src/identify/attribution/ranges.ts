/**
 * Longest prefix match over ranges: the address space of a family cut into segments in which the same range is the longest, found by binary search,
 * and for each range the next shorter one around it. Ranges nest or are apart, so a stack finds all of it in one pass over the sorted ranges.
 */
import type { Cidr } from "@flowtrail/model";

const NONE = -1;
/** Words of a segment. */
const V4_WIDTH = 2;
const V6_WIDTH = 5;
/** From so many segments on, buckets of a quarter of a megabyte are worth it. */
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
  readonly #v4Buckets: Buckets;
  /** The same with four words a start. */
  readonly #v6: Uint32Array;
  /** The first 53 bits of the starts, as many as a number holds: most steps of the search compare nothing else. */
  readonly #v6Tops: Float64Array;
  readonly #v6Buckets: Buckets;

  /** @param ranges each once; their places are their numbers */
  constructor(ranges: readonly Cidr[]) {
    this.parents = new Int32Array(ranges.length).fill(NONE);
    const v4 = segmentsOf(ranges, true, this.parents);
    this.#v4 = v4.filter((_, i) => i % V6_WIDTH >= 3);
    this.#v4Buckets = bucketsOf(Float64Array.from({ length: this.#v4.length / V4_WIDTH }, (_, i) => this.#v4[i * V4_WIDTH] ?? 0));
    const v6 = segmentsOf(ranges, false, this.parents);
    this.#v6 = v6;
    this.#v6Tops = Float64Array.from({ length: v6.length / V6_WIDTH }, (_, i) =>
      topOf(v6[i * V6_WIDTH] ?? 0, v6[i * V6_WIDTH + 1] ?? 0),
    );
    this.#v6Buckets = bucketsOf(this.#v6Tops);
  }

  get bytes(): number {
    const parts = [this.parents, this.#v4, this.#v4Buckets.first, this.#v6, this.#v6Tops, this.#v6Buckets.first];
    return parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The number of the longest range that the IPv4 address is in; -1: none. */
  findV4(word: number): number {
    const segments = this.#v4;
    const { first, from, perUnit } = this.#v4Buckets;
    const bucket = Math.floor((word - from) * perUnit);
    const isIn = bucket >= 0 && bucket < first.length - 1;
    let low = isIn ? Math.max(0, (first[bucket] ?? 0) - 1) : 0;
    let high = (isIn ? (first[bucket + 1] ?? 0) : segments.length / V4_WIDTH) - 1;
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
    const { first, from, perUnit } = this.#v6Buckets;
    const bucket = Math.floor((top - from) * perUnit);
    const isIn = bucket >= 0 && bucket < first.length - 1;
    let low = isIn ? Math.max(0, (first[bucket] ?? 0) - 1) : 0;
    let high = (isIn ? (first[bucket + 1] ?? 0) : tops.length) - 1;
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

/** Where to search: the stretch between the first and the last start, cut into parts of one size. */
interface Buckets {
  /** By part, the first segment that starts in it or later, and at the end how many there are. */
  readonly first: Uint32Array;
  /** Where the first part begins, and how many parts one unit is. */
  readonly from: number;
  readonly perUnit: number;
}

/** @param starts in order; the first is zero */
function bucketsOf(starts: Float64Array): Buckets {
  const from = starts[1] ?? 0;
  const span = (starts.at(-1) ?? 0) - from + 1;
  const count = starts.length < MANY ? 1 : 2 ** 16;
  // A power of two, so that a product with it is exact.
  const perUnit = 2 ** -Math.ceil(Math.log2(span / count));
  const first = new Uint32Array(count + 1).fill(starts.length);
  let bucket = 0;
  for (const [segment, start] of starts.entries()) {
    for (; bucket <= Math.floor((start - from) * perUnit); bucket++) first[bucket] = segment;
  }
  return { first, from, perUnit };
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
