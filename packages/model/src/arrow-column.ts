/** One column of a record batch as it lies in the stream: its buffers, checked to hold as many rows as the message says. */

import type { IntType, WireField } from "./arrow-schema.ts";
import type { Range, WireBatch } from "./arrow-stream.ts";
import { bitAt } from "./batch-copy.ts";
import { DecodeError } from "./errors.ts";

type Numbers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;
const WORD = 4294967296;

export class WireColumn {
  readonly field: WireField;
  readonly rows: number;
  /** Bit i is set where row i has a value; null where all have one. */
  readonly valid: Uint8Array | null;
  /** True where no row has a value. */
  readonly allNull: boolean;
  readonly #bytes: Uint8Array;
  readonly #batch: WireBatch;

  constructor(bytes: Uint8Array, batch: WireBatch, field: WireField) {
    this.field = field;
    this.rows = batch.rows;
    this.#bytes = bytes;
    this.#batch = batch;
    const { length, nulls } = batch.node(field.node);
    if (length !== this.rows || nulls > this.rows) throw this.bad(`says that it has ${length} rows and ${nulls} nulls`, -1);
    this.allNull = nulls === this.rows || (field.type.kind === "null" && !field.dictionary);
    this.valid = this.allNull || nulls === 0 ? null : this.#read(this.#range(0), (this.rows + 7) >> 3);
  }

  has(row: number): boolean {
    return this.valid === null ? !this.allNull : bitAt(this.valid, row);
  }

  #range(buffer: number): Range {
    return this.#batch.buffer(this.field.buffer + buffer, this.field.views);
  }

  #read({ start, end }: Range, length: number): Uint8Array {
    if (end - start < length) throw this.bad(`has a buffer that is shorter than its ${this.rows} rows`, start);
    return this.#bytes.subarray(start, start + length);
  }

  /** The values as they are, of `width` bytes a row. */
  raw(width: number): Uint8Array {
    return this.#read(this.#range(1), Math.ceil(this.rows * width));
  }

  /** Integers and floats; 64-bit ones lose what is beyond 2^53. */
  numbers(type: IntType | { readonly kind: "float"; readonly bytes: number }): Float64Array {
    const raw = this.raw(type.bytes);
    if (type.kind === "int" && type.bytes === 8) {
      const words = aligned(raw, 4, Uint32Array);
      const numbers = new Float64Array(this.rows);
      for (let row = 0; row < this.rows; row++) {
        const high = words[row * 2 + 1] ?? 0;
        numbers[row] = (type.signed ? high | 0 : high) * WORD + (words[row * 2] ?? 0);
      }
      return numbers;
    }
    return new Float64Array(typed(raw, type));
  }

  /** 64-bit values as two words a row, low word first. */
  words(): Uint32Array {
    return aligned(this.raw(8), 4, Uint32Array);
  }

  /** The indices of a dictionary-encoded column. One that is beyond 2^31 comes out negative. */
  indices(type: IntType): Int32Array {
    const raw = this.raw(type.bytes);
    if (type.bytes === 4) return aligned(raw, 4, Int32Array);
    if (type.bytes < 4) return new Int32Array(typed(raw, type));
    return Int32Array.from(this.numbers(type), (index) => (index >= 0 && index <= 0x7fffffff ? index : -1));
  }

  /** Where each value of a text or binary column begins: as many as rows, and one for the end. Checked to go forward only. */
  values(wide: boolean): { readonly offsets: Int32Array; readonly data: Uint8Array } {
    const { start, end } = this.#range(2);
    const data = this.#bytes.subarray(start, end);
    if (this.rows === 0) return { offsets: new Int32Array(1), data };
    const raw = this.#read(this.#range(1), (this.rows + 1) * (wide ? 8 : 4));
    const offsets = wide ? narrowed(raw) : aligned(raw, 4, Int32Array);
    let last = 0;
    for (let i = 0; i <= this.rows; i++) {
      const offset = offsets[i] ?? 0;
      if (offset < last) throw this.bad("has offsets that go backwards", start);
      last = offset;
    }
    if (last > data.length) throw this.bad("has offsets beyond its data", start);
    return { offsets, data };
  }

  bad(what: string, at: number): DecodeError {
    return new DecodeError("arrow", at, `column ${this.field.column.name} ${what}`);
  }
}

/** 64-bit offsets as 32-bit ones: data is never as long as 2 GiB here, so what is beyond it is made negative, and refused as such. */
function narrowed(raw: Uint8Array): Int32Array {
  const words = aligned(raw, 4, Uint32Array);
  return Int32Array.from({ length: raw.length / 8 }, (_, i) => ((words[i * 2 + 1] ?? 0) === 0 ? (words[i * 2] ?? 0) : -1));
}

/** A view of the bytes where they lie right in memory for it, else of a copy. */
function aligned<A>(raw: Uint8Array, size: number, make: new (buffer: ArrayBufferLike, offset: number, length: number) => A): A {
  const own = raw.byteOffset % size === 0 ? raw : new Uint8Array(raw);
  return new make(own.buffer, own.byteOffset, Math.floor(raw.length / size));
}

function typed(raw: Uint8Array, type: IntType | { readonly kind: "float"; readonly bytes: number }): Numbers {
  if (type.kind === "float") return type.bytes === 4 ? aligned(raw, 4, Float32Array) : aligned(raw, 8, Float64Array);
  if (type.bytes === 1) return type.signed ? aligned(raw, 1, Int8Array) : raw;
  if (type.bytes === 2) return type.signed ? aligned(raw, 2, Int16Array) : aligned(raw, 2, Uint16Array);
  return type.signed ? aligned(raw, 4, Int32Array) : aligned(raw, 4, Uint32Array);
}
