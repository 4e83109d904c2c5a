/** In which of many address ranges is an address? A look-up per length of prefix, however many ranges there are; no allocation. */
import { isV4Mapped } from "./address.ts";
import type { Cidr } from "./cidr.ts";

/** All ranges of one length: open addressing over the words of their addresses. */
interface Level {
  readonly mask: Uint32Array;
  /** Of IPv4 addresses only, or of IPv6 ones only. */
  readonly v4: boolean;
  /** Four words each. */
  readonly words: Uint32Array;
  /** Twice as many as ranges, a power of two; 0 = free, else the range's number + 1. */
  readonly places: Uint32Array;
  readonly values: Uint8Array;
}

const WORDS = 4;
const NONE = -1;

export class RangeTable {
  readonly #levels: readonly Level[];
  readonly #word = new Uint32Array(WORDS);

  /** @param ranges each with a number below 256; of those that hold an address the lowest number is the answer */
  constructor(ranges: Iterable<readonly [cidr: Cidr, value: number]>) {
    const byLength = new Map<string, (readonly [Cidr, number])[]>();
    for (const range of ranges) {
      const key = `${range[0].prefixBits}${range[0].v4 ? "v4" : "v6"}`;
      const same = byLength.get(key);
      if (same === undefined) byLength.set(key, [range]);
      else same.push(range);
    }
    this.#levels = [...byLength.values()].map(levelOf);
  }

  get isEmpty(): boolean {
    return this.#levels.length === 0;
  }

  /** The lowest number of the ranges that hold the address at `offset` of `bytes`; −1: none does. */
  find(bytes: Uint8Array, offset = 0): number {
    let found = NONE;
    if (this.#levels.length === 0) return found;
    readWords(bytes, offset, this.#word);
    const v4 = isV4Mapped(bytes, offset);
    for (const level of this.#levels) {
      if (level.v4 !== v4) continue;
      const number = level.places[placeOf(level, this.#word)]!;
      if (number !== 0 && (found === NONE || level.values[number - 1]! < found)) found = level.values[number - 1]!;
    }
    return found;
  }
}

function levelOf(ranges: readonly (readonly [Cidr, number])[]): Level {
  const { prefixBits, v4 } = ranges[0]![0];
  let places = 2;
  while (places < ranges.length * 2) places *= 2;
  const mask = new Uint32Array(WORDS).map((_, i) => {
    const bits = Math.min(Math.max(prefixBits - 32 * i, 0), 32);
    return bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0;
  });
  const level = {
    mask,
    v4,
    words: new Uint32Array(ranges.length * WORDS),
    places: new Uint32Array(places),
    values: new Uint8Array(ranges.length),
  };
  const word = new Uint32Array(WORDS);
  let size = 0;
  for (const [{ bytes }, value] of ranges) {
    readWords(bytes, 0, word);
    const place = placeOf(level, word);
    const number = level.places[place]!;
    if (number !== 0) {
      level.values[number - 1] = Math.min(level.values[number - 1]!, value);
      continue;
    }
    level.words.set(word, size * WORDS);
    level.values[size] = value;
    level.places[place] = ++size;
  }
  return level;
}

function readWords(bytes: Uint8Array, offset: number, to: Uint32Array): void {
  for (let i = 0; i < WORDS; i++) {
    const at = offset + i * 4;
    to[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
}

/** The place of the range that the address is in, or the free one where it would be. */
function placeOf({ mask, words, places }: Level, word: Uint32Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < WORDS; i++) hash = Math.imul(hash ^ (word[i]! & mask[i]!), 0x01000193) ^ (hash >>> 13);
  const last = places.length - 1;
  for (let place = (hash ^ (hash >>> 16)) & last; ; place = (place + 1) & last) {
    const number = places[place]!;
    if (number === 0) return place;
    const at = (number - 1) * WORDS;
    let i = 0;
    while (i < WORDS && words[at + i] === (word[i]! & mask[i]!) >>> 0) i++;
    if (i === WORDS) return place;
  }
}
