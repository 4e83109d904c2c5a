/** Writes the flatbuffers of Arrow messages, front to back: a table, then what it points to (format: flatbuffers.dev, "Internals"). */

/** A field of a table: a number of 1, 2, 4 or 8 bytes, or something that is written behind the table and pointed to. */
export type FlatField = { readonly size: 1 | 2 | 4 | 8; readonly value: number } | FlatChild;
/** Writes itself at the end and returns where. */
export type FlatChild = (writer: FlatWriter) => number;

export const u8 = (value: number): FlatField => ({ size: 1, value });
export const i16 = (value: number): FlatField => ({ size: 2, value });
export const i32 = (value: number): FlatField => ({ size: 4, value });
export const i64 = (value: number): FlatField => ({ size: 8, value });
export const bool = (value: boolean): FlatField => u8(value ? 1 : 0);

/** Fields by their number in the schema; null or left out: absent. */
export const table =
  (...fields: readonly (FlatField | null)[]): FlatChild =>
  (writer) =>
    writer.table(fields);
export const tables =
  (list: readonly FlatChild[]): FlatChild =>
  (writer) =>
    writer.tables(list);
/** A vector of structs of `longs` 64-bit numbers each. */
export const structs =
  (values: readonly number[], longs: number): FlatChild =>
  (writer) =>
    writer.structs(values, longs);
export const text =
  (value: string): FlatChild =>
  (writer) =>
    writer.text(value);

/** The bytes of a message: its root table and all below, padded to a multiple of 8. */
export function flatbuffer(root: FlatChild): Uint8Array<ArrayBuffer> {
  const writer = new FlatWriter();
  return writer.finish(root);
}

const utf8 = new TextEncoder();

export class FlatWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #end = 0;

  finish(root: FlatChild): Uint8Array<ArrayBuffer> {
    const at = this.#reserve(4, 4);
    this.#point(at, root);
    this.#reserve(0, 8);
    return this.#bytes.subarray(0, this.#end);
  }

  /** Room for `size` bytes, on a multiple of `align`; zero. */
  #reserve(size: number, align: number): number {
    const at = (this.#end + align - 1) & -align;
    this.#end = at + size;
    if (this.#end > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(this.#end, this.#bytes.length * 2));
      bytes.set(this.#bytes);
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    return at;
  }

  #point(at: number, child: FlatChild): void {
    const target = child(this);
    this.#view.setUint32(at, target - at, true);
  }

  table(fields: readonly (FlatField | null)[]): number {
    const vtable = this.#reserve(4 + fields.length * 2, 2);
    // Only a table with 64-bit fields must lie on a multiple of 8, but then no harm is done.
    const at = this.#reserve(4, 8);
    const places = fields.map((field) => (field ? this.#reserveField(field) : 0));
    this.#view.setUint16(vtable, 4 + fields.length * 2, true);
    this.#view.setUint16(vtable + 2, this.#end - at, true);
    this.#view.setInt32(at, at - vtable, true);
    for (const [i, field] of fields.entries()) {
      const place = places[i] ?? 0;
      if (!field) continue;
      this.#view.setUint16(vtable + 4 + i * 2, place - at, true);
      if (typeof field !== "function") this.#number(place, field.size, field.value);
    }
    for (const [i, field] of fields.entries()) if (typeof field === "function") this.#point(places[i] ?? 0, field);
    return at;
  }

  #reserveField(field: FlatField): number {
    const size = typeof field === "function" ? 4 : field.size;
    return this.#reserve(size, size);
  }

  #number(at: number, size: number, value: number): void {
    if (size === 1) this.#view.setUint8(at, value);
    else if (size === 2) this.#view.setInt16(at, value, true);
    else if (size === 4) this.#view.setInt32(at, value, true);
    else {
      this.#view.setUint32(at, value % 4294967296, true);
      this.#view.setUint32(at + 4, value / 4294967296, true);
    }
  }

  tables(list: readonly FlatChild[]): number {
    const at = this.#reserve(4 + list.length * 4, 4);
    this.#view.setUint32(at, list.length, true);
    for (const [i, child] of list.entries()) this.#point(at + 4 + i * 4, child);
    return at;
  }

  structs(values: readonly number[], longs: number): number {
    // The numbers behind the length must lie on a multiple of 8.
    const at = this.#reserve(8 + values.length * 8, 8) + 4;
    this.#view.setUint32(at, values.length / longs, true);
    for (const [i, value] of values.entries()) this.#number(at + 4 + i * 8, 8, value);
    return at;
  }

  text(value: string): number {
    const bytes = utf8.encode(value);
    // With a zero byte at the end, as flatbuffers wants it.
    const at = this.#reserve(4 + bytes.length + 1, 4);
    this.#view.setUint32(at, bytes.length, true);
    this.#bytes.set(bytes, at + 4);
    return at;
  }
}
