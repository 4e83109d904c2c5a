/**
 * Reads the flatbuffers of Arrow messages from senders that we don't trust (format: flatbuffers.dev, "Internals"). Every offset, vtable
 * and vector is checked against the message's own bytes, and reading is charged to a budget: offsets may point to the same bytes again
 * and again, so a small message could else stand for an endless tree.
 */
import { DecodeError } from "./errors.ts";

/** A message that shares nothing costs no more than its own bytes; some writers share equal parts. */
const READS_PER_BYTE = 4;
/** Of a table and of a string or vector's length: what each takes at least in an honest message. */
const SMALLEST = 4;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** The bytes [start, end) of a stream as one flatbuffer. */
export class FlatBuffer {
  readonly view: DataView;
  readonly #start: number;
  readonly #end: number;
  #budget: number;

  constructor(view: DataView, start: number, end: number) {
    this.view = view;
    this.#start = start;
    this.#end = end;
    this.#budget = READS_PER_BYTE * (end - start);
  }

  root(): FlatTable {
    return this.table(this.follow(this.#start));
  }

  table(at: number): FlatTable {
    this.charge(SMALLEST, at);
    this.check(at, 4);
    const vtable = at - this.view.getInt32(at, true);
    this.check(vtable, 4);
    const vtableBytes = this.view.getUint16(vtable, true);
    const tableBytes = this.view.getUint16(vtable + 2, true);
    this.check(vtable, vtableBytes);
    this.check(at, tableBytes);
    if (vtableBytes < 4 || tableBytes < 4) throw this.bad("table is too short", at);
    return new FlatTable(this, at, vtable, vtableBytes, tableBytes);
  }

  /** Where the offset at `at` points to: always forward, so that no reader can run in circles. */
  follow(at: number): number {
    this.check(at, 4);
    const offset = this.view.getUint32(at, true);
    if (offset < 4) throw this.bad("offset points to itself", at);
    this.check(at + offset, 4);
    return at + offset;
  }

  /** The place and number of the elements of a vector of `size` bytes each. */
  vector(at: number, size: number): FlatVector {
    const length = this.view.getUint32(at, true);
    this.charge(SMALLEST + length * size, at);
    this.check(at + 4, length * size);
    return { at: at + 4, length };
  }

  text(at: number): string {
    const { at: first, length } = this.vector(at, 1);
    return utf8.decode(new Uint8Array(this.view.buffer, this.view.byteOffset + first, length));
  }

  check(at: number, length: number): void {
    if (at < this.#start || at + length > this.#end) throw this.bad("message points outside of itself", at);
  }

  charge(cost: number, at: number): void {
    this.#budget -= cost;
    if (this.#budget < 0) throw this.bad("message repeats itself too often", at);
  }

  bad(message: string, at: number): DecodeError {
    return new DecodeError("arrow", at, message);
  }
}

export interface FlatVector {
  /** Place of the first element in the stream. */
  readonly at: number;
  readonly length: number;
}

/** One table; fields by their number in the schema (Message.fbs, Schema.fbs), absent ones give their default. */
export class FlatTable {
  readonly #buffer: FlatBuffer;
  readonly at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;
  readonly #tableBytes: number;

  constructor(buffer: FlatBuffer, at: number, vtable: number, vtableBytes: number, tableBytes: number) {
    this.#buffer = buffer;
    this.at = at;
    this.#vtable = vtable;
    this.#vtableBytes = vtableBytes;
    this.#tableBytes = tableBytes;
  }

  /** The place of a field of `size` bytes, -1 if the table has none. */
  #place(field: number, size: number): number {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#vtableBytes) return -1;
    const offset = this.#buffer.view.getUint16(this.#vtable + entry, true);
    if (offset === 0) return -1;
    if (offset < 4 || offset + size > this.#tableBytes) throw this.#buffer.bad("field lies outside of its table", this.at);
    return this.at + offset;
  }

  u8(field: number): number {
    const at = this.#place(field, 1);
    return at < 0 ? 0 : this.#buffer.view.getUint8(at);
  }

  i16(field: number): number {
    const at = this.#place(field, 2);
    return at < 0 ? 0 : this.#buffer.view.getInt16(at, true);
  }

  i32(field: number): number {
    const at = this.#place(field, 4);
    return at < 0 ? 0 : this.#buffer.view.getInt32(at, true);
  }

  i64(field: number): number {
    const at = this.#place(field, 8);
    return at < 0 ? 0 : safeInt64(this.#buffer.view, at);
  }

  table(field: number): FlatTable | null {
    const at = this.#place(field, 4);
    return at < 0 ? null : this.#buffer.table(this.#buffer.follow(at));
  }

  text(field: number): string {
    const at = this.#place(field, 4);
    return at < 0 ? "" : this.#buffer.text(this.#buffer.follow(at));
  }

  /** A vector of structs or scalars of `size` bytes. */
  vector(field: number, size: number): FlatVector {
    const at = this.#place(field, 4);
    return at < 0 ? { at: this.at, length: 0 } : this.#buffer.vector(this.#buffer.follow(at), size);
  }

  *tables(field: number): Generator<FlatTable> {
    const { at, length } = this.vector(field, 4);
    for (let i = 0; i < length; i++) yield this.#buffer.table(this.#buffer.follow(at + i * 4));
  }
}

/** A 64-bit number of Arrow's metadata: a length, an offset or an id, so one that is no safe whole number from 0 on is a lie. */
export function safeInt64(view: DataView, at: number): number {
  const value = view.getInt32(at + 4, true) * 4294967296 + view.getUint32(at, true);
  if (!Number.isSafeInteger(value) || value < 0) throw new DecodeError("arrow", at, "number is negative or too large");
  return value;
}
