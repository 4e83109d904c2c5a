/** FlowBatch → Arrow IPC stream: schema, a dictionary for each text and enum column, one record batch. */
import { bool, type FlatChild, flatbuffer, i16, i32, i64, structs, table, tables, text, u8 } from "./arrow-flatbuffer-write.ts";
import type { FlowBatch } from "./batch.ts";
import { BoolColumn, EnumColumn, TextColumn } from "./batch-columns.ts";
import { countBits, packBits } from "./batch-copy.ts";
import { type BatchMetadata, METADATA_KEY } from "./batch-metadata.ts";
import { COLUMN_LIST, type Column, type ColumnType } from "./columns.ts";

/**
 * One record batch as an Arrow IPC stream. Columns without any value are left out.
 * `columns`: which to write (default: all). `metadata` goes into the schema.
 */
export function encodeBatch(
  batch: FlowBatch,
  options: { columns?: readonly Column[]; metadata?: BatchMetadata } = {},
): Uint8Array {
  const written = (options.columns ?? COLUMN_LIST).filter((column) => !batch.column(column.name).empty);
  const stream = new StreamWriter();
  stream.message(SCHEMA, schema(written, options.metadata), null);
  for (const column of written) {
    const data = batch.column(column.name);
    if (data instanceof TextColumn) stream.dictionary(column, data.strings);
    else if (data instanceof EnumColumn) stream.dictionary(column, data.values);
  }
  if (batch.length > 0) stream.message(RECORD_BATCH, ...recordBatch(batch, written));
  return stream.end();
}

const SCHEMA = 1;
const DICTIONARY_BATCH = 2;
const RECORD_BATCH = 3;
const V5 = 4;
const DICTIONARY_IDS = new Map(COLUMN_LIST.map((column, id) => [column.name, id]));

const int = (bits: number, signed: boolean): FlatChild => table(i32(bits), bool(signed));
const UTF8 = 5;
const EMPTY = table();

/** Number in Schema.fbs's `Type` and the type's table, for a dictionary those of its values. */
const TYPES: Record<ColumnType, readonly [id: number, type: FlatChild, index?: FlatChild]> = {
  u8: [2, int(8, false)],
  u16: [2, int(16, false)],
  u32: [2, int(32, false)],
  u64: [2, int(64, false)],
  time: [10, table(i16(1))],
  address: [15, table(i32(16))],
  bool: [6, EMPTY],
  text: [UTF8, EMPTY, int(32, true)],
  enum: [UTF8, EMPTY, int(8, true)],
};

function schema(columns: readonly Column[], metadata: BatchMetadata | undefined): FlatChild {
  const fields = columns.map(({ name, type }) => {
    const [id, arrowType, index] = TYPES[type];
    const dictionary = index ? table(i64(DICTIONARY_IDS.get(name) ?? 0), index) : null;
    return table(text(name), bool(true), u8(id), arrowType, dictionary, tables([]));
  });
  const words = metadata ? [table(text(METADATA_KEY), text(JSON.stringify(metadata)))] : [];
  return table(i16(0), tables(fields), tables(words));
}

function recordBatch(batch: FlowBatch, columns: readonly Column[]): [header: FlatChild, body: Body] {
  const body = new Body();
  const nodes: number[] = [];
  const { length } = batch;
  for (const { name } of columns) {
    const column = batch.column(name);
    const nulls = length - countBits(column.valid, length);
    nodes.push(length, nulls);
    body.add(nulls === 0 ? NO_BYTES : column.valid.subarray(0, (length + 7) >> 3));
    body.add(column instanceof BoolColumn ? packBits(column.data, length) : column.raw(0, length));
  }
  return [body.header(length, nodes), body];
}
const NO_BYTES = new Uint8Array(0);

/** The buffers of a message, each on a multiple of 8. */
class Body {
  readonly buffers: Uint8Array[] = [];
  readonly #places: number[] = [];
  length = 0;

  add(buffer: Uint8Array): void {
    this.buffers.push(buffer);
    this.#places.push(this.length, buffer.length);
    this.length += padded(buffer.length);
  }

  header(rows: number, nodes: readonly number[]): FlatChild {
    return table(i64(rows), structs(nodes, 2), structs(this.#places, 2));
  }
}

const padded = (length: number): number => (length + 7) & ~7;

class StreamWriter {
  /** Parts and where they go; between them is padding. */
  readonly #parts: [at: number, part: Uint8Array][] = [];
  #length = 0;

  message(kind: number, header: FlatChild, body: Body | null): void {
    const metadata = flatbuffer(table(i16(V5), u8(kind), header, i64(body?.length ?? 0)));
    this.#prefix(metadata.length);
    this.#add(metadata);
    for (const buffer of body?.buffers ?? []) this.#add(buffer);
  }

  dictionary(column: Column, strings: readonly string[]): void {
    const body = new Body();
    const { offsets, data } = encodeStrings(strings);
    for (const buffer of [NO_BYTES, offsets, data]) body.add(buffer);
    const values = body.header(strings.length, [strings.length, 0]);
    this.message(DICTIONARY_BATCH, table(i64(DICTIONARY_IDS.get(column.name) ?? 0), values), body);
  }

  /** The continuation mark and a length; a length of 0 ends the stream. */
  #prefix(length: number): void {
    const prefix = new Uint8Array(8).fill(0xff, 0, 4);
    new DataView(prefix.buffer).setInt32(4, length, true);
    this.#add(prefix);
  }

  #add(part: Uint8Array): void {
    this.#parts.push([this.#length, part]);
    this.#length += padded(part.length);
  }

  end(): Uint8Array {
    this.#prefix(0);
    const bytes = new Uint8Array(this.#length);
    for (const [at, part] of this.#parts) bytes.set(part, at);
    return bytes;
  }
}

const utf8 = new TextEncoder();

/** Strings one after another in UTF-8, and where each begins. */
function encodeStrings(strings: readonly string[]): { offsets: Uint8Array; data: Uint8Array } {
  const offsets = new Int32Array(strings.length + 1);
  let units = 0;
  let longest = 0;
  for (const string of strings) {
    units += string.length;
    longest = Math.max(longest, string.length);
  }
  // UTF-8 takes at most three bytes for each of a string's units; names are nearly always ASCII.
  let data = new Uint8Array(units + longest * 2);
  let end = 0;
  for (const [i, string] of strings.entries()) {
    if (data.length - end < string.length * 3) data = grown(data, (units + longest) * 3);
    end += utf8.encodeInto(string, data.subarray(end)).written;
    offsets[i + 1] = end;
  }
  return { offsets: new Uint8Array(offsets.buffer), data: data.subarray(0, end) };
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(length);
  next.set(bytes);
  return next;
}
