/** Text columns on the wire: strings by row, or indices into a dictionary of strings. */
import type { WireColumn } from "./arrow-column.ts";
import { MAX_TEXT } from "./json.ts";

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
/** The longest UTF-8 of a text that we keep: at most three bytes for each of a string's units. */
const MAX_TEXT_BYTES = MAX_TEXT * 3;

/** Strings, or byte strings, by their place. */
export interface TextSource {
  readonly size: number;
  /** Null where there is none. */
  bytes(place: number): Uint8Array | null;
}

/** Null for a null and for a text longer than `maxBytes`: what is longer than any right value need not be decoded. */
export function textAt(source: TextSource, place: number, maxBytes: number): string | null {
  const bytes = source.bytes(place);
  return bytes && bytes.length <= maxBytes ? utf8.decode(bytes) : null;
}

/** As it is in a text column: null where it is longer than any that we keep. */
export function keptTextAt(source: TextSource, place: number): string | null {
  const text = textAt(source, place, MAX_TEXT_BYTES);
  return text !== null && text.length <= MAX_TEXT ? text : null;
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
   * Stores the codes of all rows that have a value into `out` from `first` on. `codeOf` gives our code of a place in the dictionary, or
   * null where the column can't hold what is there; `onNone` is told of such rows. False if an index points outside of the dictionary.
   */
  apply(
    column: WireColumn,
    indices: Int32Array,
    target: { readonly codes: Int32Array | Int8Array; setNull(row: number): void },
    first: number,
    codeOf: (place: number) => number | null,
  ): boolean {
    const { size } = this.dictionary;
    const known = this.#grown(size);
    const { codes } = target;
    for (let row = 0; row < column.rows; row++) {
      if (!column.has(row)) continue;
      const place = indices[row] ?? -1;
      if (place < 0 || place >= size) return false;
      let code = known[place] ?? NONE;
      if (code === UNSEEN) {
        code = codeOf(place) ?? NONE;
        known[place] = code;
      }
      if (code >= 0) codes[first + row] = code;
      else target.setNull(first + row);
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
