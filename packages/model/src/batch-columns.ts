/** The in-memory forms of a column: numbers, 64-bit words, addresses, text as codes of a dictionary, enums as codes, bools as bytes. */
import { ColumnBase, type NumberArray } from "./batch-column.ts";
import { bitAt } from "./batch-copy.ts";
import { COLUMNS, type ColumnName, type ColumnType } from "./columns.ts";

const WORD = 4294967296;

/** u8, u16, u32. */
export class NumberColumn extends ColumnBase<NumberArray> {
  constructor(type: "u8" | "u16" | "u32", capacity: number) {
    super(type === "u8" ? Uint8Array : type === "u16" ? Uint16Array : Uint32Array, 1, capacity);
  }

  get data(): NumberArray {
    return this.elements;
  }

  set(row: number, value: number): void {
    this.data[row] = value;
    this.mark(row);
  }

  get(row: number): number | null {
    return this.has(row) ? (this.data[row] ?? null) : null;
  }
}

/** u64 and time (ms since 1970): two 32-bit words a row, low word first, so that no BigInt is made for a row. */
export class WideColumn extends ColumnBase<Uint32Array<ArrayBuffer>> {
  constructor(capacity: number) {
    super(Uint32Array, 2, capacity);
  }

  get words(): Uint32Array<ArrayBuffer> {
    return this.elements;
  }

  /** A whole number from 0 to 2^53; fractions are cut. */
  set(row: number, value: number): void {
    this.setWords(row, value >>> 0, value / WORD);
  }

  setWords(row: number, low: number, high: number): void {
    this.words[row * 2] = low;
    this.words[row * 2 + 1] = high;
    this.mark(row);
  }

  setBigInt(row: number, value: bigint): void {
    this.setWords(row, Number(value & 0xffffffffn), Number(value >> 32n));
  }

  /** Exact up to 2^53; counters and times are, flow ids are not: use `getBigInt` for those. */
  get(row: number): number | null {
    return this.has(row) ? (this.words[row * 2] ?? 0) + (this.words[row * 2 + 1] ?? 0) * WORD : null;
  }

  getBigInt(row: number): bigint | null {
    return this.has(row) ? (BigInt(this.words[row * 2 + 1] ?? 0) << 32n) | BigInt(this.words[row * 2] ?? 0) : null;
  }
}

/** 16 bytes a row, IPv4 as ::ffff:a.b.c.d. */
export class AddressColumn extends ColumnBase<Uint8Array<ArrayBuffer>> {
  constructor(capacity: number) {
    super(Uint8Array, 16, capacity);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.elements;
  }

  /** Copies 16 bytes of `from` at `offset`. */
  set(row: number, from: Uint8Array, offset = 0): void {
    const at = row * 16;
    for (let i = 0; i < 16; i++) this.bytes[at + i] = from[offset + i] ?? 0;
    this.mark(row);
  }
}

/** Text: codes into a dictionary that grows as new strings come. */
export class TextColumn extends ColumnBase<Int32Array<ArrayBuffer>> {
  readonly strings: string[] = [];
  /** Made when the first string is looked for: a column that was copied from another one mostly is not asked. */
  readonly #codeOf = new Map<string, number>();

  constructor(capacity: number) {
    super(Int32Array, 1, capacity);
  }

  get codes(): Int32Array<ArrayBuffer> {
    return this.elements;
  }

  /** The code of a string in this column's dictionary. */
  codeOf(text: string): number {
    for (let known = this.#codeOf.size; known < this.strings.length; known++) this.#codeOf.set(this.strings[known] ?? "", known);
    let code = this.#codeOf.get(text);
    if (code === undefined) {
      code = this.strings.push(text) - 1;
      this.#codeOf.set(text, code);
    }
    return code;
  }

  set(row: number, text: string): void {
    this.setCode(row, this.codeOf(text));
  }

  setCode(row: number, code: number): void {
    this.codes[row] = code;
    this.mark(row);
  }

  get(row: number): string | null {
    return this.has(row) ? (this.strings[this.codes[row] ?? -1] ?? null) : null;
  }

  /** Forgets the dictionary; only for a batch that is being emptied. */
  clearDictionary(): void {
    this.strings.length = 0;
    this.#codeOf.clear();
  }

  override clear(rows: number): void {
    super.clear(rows);
    this.clearDictionary();
  }

  override copy(from: TextColumn, fromRow: number, row: number): void {
    const text = from.get(fromRow);
    if (text === null) this.setNull(row);
    else this.set(row, text);
  }

  override copyAll(from: TextColumn, count: number, row: number): void {
    super.copyAll(from as this, count, row);
    this.#translate(from, row, count);
  }

  override copyPicked(from: TextColumn, picked: Int32Array): void {
    super.copyPicked(from as this, picked);
    this.#translate(from, 0, picked.length);
  }

  /** Turns another column's codes into codes of this dictionary: one look-up for each string in use, not for each row. */
  #translate(from: TextColumn, first: number, count: number): void {
    const { codes, valid } = this;
    const known = new Int32Array(from.strings.length).fill(-1);
    // Of two different strings of one dictionary none is in an empty one.
    const isNew = this.strings.length === 0 && from !== this;
    for (let row = first; row < first + count; row++) {
      const code = bitAt(valid, row) ? (codes[row] ?? 0) : -1;
      // A null row's code would be one of the other dictionary.
      if (code < 0) {
        codes[row] = 0;
        continue;
      }
      let own = known[code] ?? -1;
      if (own < 0) {
        const text = from.strings[code] ?? "";
        own = isNew ? this.strings.push(text) - 1 : this.codeOf(text);
        known[code] = own;
      }
      codes[row] = own;
    }
  }
}

/** One of the column's fixed words, kept as its place in their list. */
export class EnumColumn extends ColumnBase<Int8Array<ArrayBuffer>> {
  readonly values: readonly string[];

  constructor(values: readonly string[], capacity: number) {
    super(Int8Array, 1, capacity);
    this.values = values;
  }

  get codes(): Int8Array<ArrayBuffer> {
    return this.elements;
  }

  /** False, and null in the row, if `value` is none of the column's words. */
  set(row: number, value: string): boolean {
    const code = this.values.indexOf(value);
    if (code < 0) this.setNull(row);
    else this.setCode(row, code);
    return code >= 0;
  }

  setCode(row: number, code: number): void {
    this.codes[row] = code;
    this.mark(row);
  }

  get(row: number): string | null {
    return this.has(row) ? (this.values[this.codes[row] ?? -1] ?? null) : null;
  }
}

/** One byte a row in memory (0, 1), bits on the wire. */
export class BoolColumn extends ColumnBase<Uint8Array<ArrayBuffer>> {
  constructor(capacity: number) {
    super(Uint8Array, 1, capacity);
  }

  get data(): Uint8Array<ArrayBuffer> {
    return this.elements;
  }

  set(row: number, value: boolean): void {
    this.data[row] = value ? 1 : 0;
    this.mark(row);
  }

  get(row: number): boolean | null {
    return this.has(row) ? this.data[row] === 1 : null;
  }
}

interface ColumnForms {
  u8: NumberColumn;
  u16: NumberColumn;
  u32: NumberColumn;
  u64: WideColumn;
  time: WideColumn;
  address: AddressColumn;
  text: TextColumn;
  enum: EnumColumn;
  bool: BoolColumn;
}
export type AnyColumn = ColumnForms[ColumnType];
/** Every column in its form. */
export type FlowColumns = { readonly [N in ColumnName]: ColumnForms[(typeof COLUMNS)[N]["type"]] };

export function makeColumn(name: ColumnName, capacity: number): AnyColumn {
  const column: { type: ColumnType; values?: readonly string[] } = COLUMNS[name];
  switch (column.type) {
    case "u8":
    case "u16":
    case "u32":
      return new NumberColumn(column.type, capacity);
    case "u64":
    case "time":
      return new WideColumn(capacity);
    case "address":
      return new AddressColumn(capacity);
    case "text":
      return new TextColumn(capacity);
    case "enum":
      return new EnumColumn(column.values ?? [], capacity);
    case "bool":
      return new BoolColumn(capacity);
  }
}
