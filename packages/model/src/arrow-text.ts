/** Text columns on the wire: strings by row, or indices into a dictionary of strings. */
import type { WireColumn } from "./arrow-column.ts";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Strings, or byte strings, by their place. */
export interface TextSource {
  readonly size: number;
  /** Null where there is none. */
  bytes(place: number): Uint8Array | null;
}

/** Less than the longest string of any JavaScript engine. */
const MAX_BYTES = 1 << 28;

/** Null for a null, and for a text longer than `maxBytes` (what is longer than any right value need not be decoded). */
export function textAt(source: TextSource, place: number, maxBytes = MAX_BYTES): string | null {
  const bytes = source.bytes(place);
  return bytes && bytes.length <= maxBytes ? utf8.decode(bytes) : null;
}

/** The strings of a column, or of one dictionary message. */
export class Texts implements TextSource {
  readonly size: number;
  readonly #column: WireColumn;
  readonly #offsets: Int32Array;
  readonly #data: Uint8Array;

  constructor(column: WireColumn, wide: boolean) {
    const { offsets, data } = column.values(wide);
    this.size = column.rows;
    this.#column = column;
    this.#offsets = offsets;
    this.#data = data;
  }

  bytes(place: number): Uint8Array | null {
    return this.#column.has(place) ? this.#data.subarray(this.#offsets[place], this.#offsets[place + 1]) : null;
  }
}

/** A dictionary, which later messages may add to (deltas). */
export class TextDictionary implements TextSource {
  readonly #parts: Texts[] = [];
  readonly #starts: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(part: Texts): void {
    if (part.size === 0) return;
    this.#parts.push(part);
    this.#starts.push(this.#size);
    this.#size += part.size;
  }

  bytes(place: number): Uint8Array | null {
    // By halving: a hostile stream may have as many deltas as it likes.
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    return this.#parts[low]?.bytes(place - (this.#starts[low] ?? 0)) ?? null;
  }
}

const UNSEEN = -1;
const NONE = -2;

/** What the indices of a dictionary are in a column of ours, found out for each index when it first comes. */
export class Translation {
  readonly dictionary: TextDictionary;
  #codes = new Int32Array(0);

  constructor(dictionary: TextDictionary) {
    this.dictionary = dictionary;
  }

  /**
   * Stores the codes of all rows that have a value into `target` from `first` on. `codeOf` gives our code of a place in the dictionary,
   * or null where the column can't hold what is there: such rows are made null. False if an index points outside of the dictionary.
   */
  apply(
    valid: Uint8Array | null,
    indices: Int32Array,
    target: { readonly codes: Int32Array | Int8Array; setNull(row: number): void },
    first: number,
    codeOf: (place: number) => number | null,
  ): boolean {
    const { size } = this.dictionary;
    const known = this.#grown(size);
    const { codes } = target;
    let row = translateKnown(valid, indices, known, codes, 0, first);
    while (row < indices.length) {
      const place = indices[row] ?? -1;
      if (place < 0 || place >= size) return false;
      if (known[place] === UNSEEN) known[place] = codeOf(place) ?? NONE;
      if (known[place] === NONE) target.setNull(first + row++);
      row = translateKnown(valid, indices, known, codes, row, first);
    }
    return true;
  }

  /** By doubling, since each of many deltas would else copy all that came before. */
  #grown(size: number): Int32Array {
    if (size > this.#codes.length) {
      const next = new Int32Array(Math.max(size, this.#codes.length * 2)).fill(UNSEEN);
      next.set(this.#codes);
      this.#codes = next;
    }
    return this.#codes;
  }
}

/** The hot loop: goes on from `row` while codes are known. The row where it stopped: one to look at, or the end. */
function translateKnown(
  valid: Uint8Array | null,
  indices: Int32Array,
  known: Int32Array,
  codes: Int32Array | Int8Array,
  from: number,
  first: number,
): number {
  const rows = indices.length;
  const size = known.length;
  for (let row = from; row < rows; row++) {
    if (valid !== null && ((valid[row >> 3] ?? 0) & (1 << (row & 7))) === 0) continue;
    const place = indices[row] ?? -1;
    if (place < 0 || place >= size) return row;
    const code = known[place] ?? NONE;
    if (code < 0) return row;
    codes[first + row] = code;
  }
  return rows;
}
