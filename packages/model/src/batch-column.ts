/**
 * What all forms of a column share: fixed-width values in a typed array, in the layout of the wire, and a null bitmap (bit set = has a
 * value). Both are made when they are first touched, so a column that nobody fills costs nothing.
 */
import { bitAt, copyBits, countBits, gatherBits, gatherElements, setBits } from "./batch-copy.ts";

export type NumberArray = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
type Elements = NumberArray | Int32Array<ArrayBuffer> | Int8Array<ArrayBuffer>;

/** What all column forms share: room for `capacity` rows of `perRow` array elements, and a bitmap of those that have a value. */
export abstract class ColumnBase<A extends Elements> {
  readonly #make: new (
    length: number,
  ) => A;
  readonly #perRow: number;
  #capacity: number;
  #valid: Uint8Array<ArrayBuffer> | null = null;
  #elements: A | null = null;

  constructor(make: new (length: number) => A, perRow: number, capacity: number) {
    this.#make = make;
    this.#perRow = perRow;
    this.#capacity = capacity;
  }

  /** Bit i of byte i>>3 is set where row i has a value (Arrow's order). No bit is set past the batch's last row. */
  get valid(): Uint8Array<ArrayBuffer> {
    this.#valid ??= new Uint8Array((this.#capacity + 7) >> 3);
    return this.#valid;
  }

  protected get elements(): A {
    this.#elements ??= new this.#make(this.#capacity * this.#perRow);
    return this.#elements;
  }

  has(row: number): boolean {
    return this.#valid !== null && bitAt(this.#valid, row);
  }

  setNull(row: number): void {
    if (this.#valid !== null) this.#valid[row >> 3] = (this.#valid[row >> 3] ?? 0) & ~(1 << (row & 7));
  }

  protected mark(row: number): void {
    const { valid } = this;
    valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7));
  }

  /** True where no row has a value. */
  get empty(): boolean {
    if (this.#valid === null) return true;
    for (let i = 0; i < this.#valid.length; i++) if (this.#valid[i] !== 0) return false;
    return true;
  }

  /** True where each of the first `rows` rows has a value. */
  isFull(rows: number): boolean {
    return rows === 0 || (this.#valid !== null && countBits(this.#valid, rows) === rows);
  }

  resize(capacity: number): void {
    this.#capacity = capacity;
    if (this.#valid) this.#valid = resized(this.#valid, (capacity + 7) >> 3);
    if (this.#elements) this.#elements = resized(this.#elements, capacity * this.#perRow);
  }

  /** Makes all rows null, and the memory of the first `rows` zero: what a null row holds is written to the wire, too. */
  clear(rows: number): void {
    this.#valid?.fill(0);
    this.#elements?.fill(0, 0, rows * this.#perRow);
  }

  /** The memory of the rows from `row` on: fixed-width values, little-endian (on every platform that we run on). */
  raw(row: number, count: number): Uint8Array<ArrayBuffer> {
    const { elements } = this;
    const width = this.#perRow * elements.BYTES_PER_ELEMENT;
    return new Uint8Array(elements.buffer, row * width, count * width);
  }

  /** Marks `count` null rows from `row` on as having values: those whose bit is set in `bits`, all without `bits`. */
  markAll(row: number, count: number, bits: Uint8Array | null): void {
    if (bits) copyBits(bits, 0, this.valid, row, count);
    else setBits(this.valid, row, count);
  }

  /** Copies one row of another batch's same column. */
  copy(from: this, fromRow: number, row: number): void {
    if (from.has(fromRow)) {
      const { elements } = this;
      const at = row * this.#perRow;
      const source = fromRow * this.#perRow;
      for (let i = 0; i < this.#perRow; i++) elements[at + i] = from.elements[source + i] ?? 0;
      this.mark(row);
    } else this.setNull(row);
  }

  /** Copies the first `count` rows of another batch's same column to `row` and on, where all is null. */
  copyAll(from: this, count: number, row: number): void {
    this.raw(row, count).set(from.raw(0, count));
    this.markAll(row, count, from.valid);
  }

  /** Copies the rows `picked` of another batch's same column to the first rows, where all is null. */
  copyPicked(from: this, picked: Int32Array): void {
    const width = this.#perRow * this.elements.BYTES_PER_ELEMENT;
    gatherElements(from.elements.buffer, this.elements.buffer, width, picked);
    gatherBits(from.valid, this.valid, picked);
  }
}

function resized<A extends Elements>(array: A, length: number): A {
  const next = new (array.constructor as new (n: number) => A)(length);
  next.set(array.length <= length ? array : (array.subarray(0, length) as A));
  return next;
}
