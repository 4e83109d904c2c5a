/** The in-memory forms of a column: typed arrays in the layout of the wire, a null bitmap (bit set = has a value), text as codes of a dictionary. */
import { COLUMNS, type ColumnName, type ColumnType } from "./columns.ts";

type NumberArray = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** What all column forms share: room for `capacity` rows and a bitmap of those that have a value. */
abstract class ColumnBase {
  /** Bit i of byte i>>3 is set where row i has a value (Arrow's order). */
  valid: Uint8Array<ArrayBuffer>;

  constructor(capacity: number) {
    this.valid = new Uint8Array((capacity + 7) >> 3);
  }

  has(row: number): boolean {
    return ((this.valid[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
  }

  setNull(row: number): void {
    const at = row >> 3;
    this.valid[at] = (this.valid[at] ?? 0) & ~(1 << (row & 7));
  }

  protected mark(row: number): void {
    const at = row >> 3;
    this.valid[at] = (this.valid[at] ?? 0) | (1 << (row & 7));
  }

  /** True where no row has a value. */
  get empty(): boolean {
    return this.valid.every((byte) => byte === 0);
  }

  resize(capacity: number): void {
    const valid = new Uint8Array((capacity + 7) >> 3);
    valid.set(this.valid.subarray(0, valid.length));
    this.valid = valid;
  }
}

/** u8, u16, u32. */
export class NumberColumn extends ColumnBase {
  data: NumberArray;

  constructor(type: "u8" | "u16" | "u32", capacity: number) {
    super(capacity);
    this.data = type === "u8" ? new Uint8Array(capacity) : type === "u16" ? new Uint16Array(capacity) : new Uint32Array(capacity);
  }

  set(row: number, value: number): void {
    this.data[row] = value;
    this.mark(row);
  }

  get(row: number): number | null {
    return this.has(row) ? (this.data[row] ?? null) : null;
  }

  override resize(capacity: number): void {
    super.resize(capacity);
    this.data = grown<NumberArray>(this.data, capacity);
  }

  copy(from: NumberColumn, fromRow: number, row: number): void {
    if (from.has(fromRow)) this.set(row, from.data[fromRow] ?? 0);
    else this.setNull(row);
  }
}

const WORD = 4294967296;

/** u64 and time (ms since 1970): two 32-bit words a row, low word first, so that no BigInt is made for a row. */
export class WideColumn extends ColumnBase {
  words: Uint32Array<ArrayBuffer>;

  constructor(capacity: number) {
    super(capacity);
    this.words = new Uint32Array(capacity * 2);
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

  override resize(capacity: number): void {
    super.resize(capacity);
    this.words = grown(this.words, capacity * 2);
  }

  copy(from: WideColumn, fromRow: number, row: number): void {
    if (from.has(fromRow)) this.setWords(row, from.words[fromRow * 2] ?? 0, from.words[fromRow * 2 + 1] ?? 0);
    else this.setNull(row);
  }
}

/** 16 bytes a row, IPv4 as ::ffff:a.b.c.d. */
export class AddressColumn extends ColumnBase {
  bytes: Uint8Array<ArrayBuffer>;

  constructor(capacity: number) {
    super(capacity);
    this.bytes = new Uint8Array(capacity * 16);
  }

  /** Copies 16 bytes of `from` at `offset`. */
  set(row: number, from: Uint8Array, offset = 0): void {
    const at = row * 16;
    for (let i = 0; i < 16; i++) this.bytes[at + i] = from[offset + i] ?? 0;
    this.mark(row);
  }

  override resize(capacity: number): void {
    super.resize(capacity);
    this.bytes = grown(this.bytes, capacity * 16);
  }

  copy(from: AddressColumn, fromRow: number, row: number): void {
    if (from.has(fromRow)) this.set(row, from.bytes, fromRow * 16);
    else this.setNull(row);
  }
}

/** Text: codes into a dictionary that grows as new strings come. */
export class TextColumn extends ColumnBase {
  codes: Int32Array<ArrayBuffer>;
  readonly strings: string[] = [];
  readonly #codeOf = new Map<string, number>();

  constructor(capacity: number) {
    super(capacity);
    this.codes = new Int32Array(capacity);
  }

  /** The code of a string in this column's dictionary. */
  codeOf(text: string): number {
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

  override resize(capacity: number): void {
    super.resize(capacity);
    this.codes = grown(this.codes, capacity);
  }

  copy(from: TextColumn, fromRow: number, row: number): void {
    const text = from.get(fromRow);
    if (text === null) this.setNull(row);
    else this.set(row, text);
  }
}

/** One of the column's fixed words, kept as its place in their list. */
export class EnumColumn extends ColumnBase {
  codes: Int8Array<ArrayBuffer>;
  readonly values: readonly string[];

  constructor(values: readonly string[], capacity: number) {
    super(capacity);
    this.values = values;
    this.codes = new Int8Array(capacity);
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

  override resize(capacity: number): void {
    super.resize(capacity);
    this.codes = grown(this.codes, capacity);
  }

  copy(from: EnumColumn, fromRow: number, row: number): void {
    if (from.has(fromRow)) this.setCode(row, from.codes[fromRow] ?? 0);
    else this.setNull(row);
  }
}

/** One byte a row in memory (0, 1), bits on the wire. */
export class BoolColumn extends ColumnBase {
  data: Uint8Array<ArrayBuffer>;

  constructor(capacity: number) {
    super(capacity);
    this.data = new Uint8Array(capacity);
  }

  set(row: number, value: boolean): void {
    this.data[row] = value ? 1 : 0;
    this.mark(row);
  }

  get(row: number): boolean | null {
    return this.has(row) ? this.data[row] === 1 : null;
  }

  override resize(capacity: number): void {
    super.resize(capacity);
    this.data = grown(this.data, capacity);
  }

  copy(from: BoolColumn, fromRow: number, row: number): void {
    if (from.has(fromRow)) this.set(row, from.data[fromRow] === 1);
    else this.setNull(row);
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

type Growable = NumberArray | Int32Array<ArrayBuffer> | Int8Array<ArrayBuffer>;
function grown<A extends Growable>(array: A, length: number): A {
  const next = new (array.constructor as new (n: number) => A)(length);
  next.set(array.length <= length ? array : (array.subarray(0, length) as A));
  return next;
}
