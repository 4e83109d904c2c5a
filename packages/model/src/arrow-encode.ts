/** FlowBatch → Arrow IPC stream. The columns' memory is handed to Arrow as it is; every column has a buffer of its own. */
import {
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Field,
  FixedSizeBinary,
  Int8,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampMillisecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  vectorFromArray,
} from "apache-arrow";
import type { FlowBatch } from "./batch.ts";
import {
  AddressColumn,
  type AnyColumn,
  BoolColumn,
  EnumColumn,
  NumberColumn,
  type TextColumn,
  WideColumn,
} from "./batch-columns.ts";
import type { BatchMetadata } from "./batch-metadata.ts";
import { METADATA_KEY } from "./batch-metadata.ts";
import { COLUMN_LIST, type Column } from "./columns.ts";

const TIMESTAMP = new TimestampMillisecond();
const ADDRESS = new FixedSizeBinary(16);

/**
 * One record batch as an Arrow IPC stream. Columns without any value are left out.
 * `columns`: which to write (default: all). `metadata` goes into the schema.
 */
export function encodeBatch(
  batch: FlowBatch,
  options: { columns?: readonly Column[]; metadata?: BatchMetadata } = {},
): Uint8Array {
  const written = (options.columns ?? COLUMN_LIST).filter((column) => !batch.column(column.name).empty);
  const children = written.map((column) => arrowData(batch.column(column.name), column, batch.length));
  const fields = written.map((column, i) => new Field(column.name, (children[i] as Data).type, true));
  const metadata = new Map(options.metadata ? [[METADATA_KEY, JSON.stringify(options.metadata)]] : []);
  const schema = new Schema(fields, metadata);
  const data = makeData({ type: new Struct(fields), length: batch.length, nullCount: 0, children });
  return RecordBatchStreamWriter.writeAll([new RecordBatch(schema, data)]).toUint8Array(true);
}

function arrowData(column: AnyColumn, { name, type }: Column, length: number): Data {
  const nulls = { length, nullBitmap: column.valid.subarray(0, (length + 7) >> 3) };
  if (column instanceof NumberColumn)
    return makeData({ ...nulls, type: numberType(type), data: column.data.subarray(0, length) });
  if (column instanceof WideColumn) {
    const buffer = column.words.buffer;
    return type === "time"
      ? makeData({ ...nulls, type: TIMESTAMP, data: new BigInt64Array(buffer, 0, length) })
      : makeData({ ...nulls, type: new Uint64(), data: new BigUint64Array(buffer, 0, length) });
  }
  if (column instanceof AddressColumn) return makeData({ ...nulls, type: ADDRESS, data: column.bytes.subarray(0, length * 16) });
  if (column instanceof BoolColumn) return makeData({ ...nulls, type: new Bool(), data: packBits(column.data, length) });
  const dictionaryId = COLUMN_LIST.findIndex((c) => c.name === name);
  if (column instanceof EnumColumn)
    return dictionaryData(new Int8(), dictionaryId, column.values, { ...nulls, data: column.codes.subarray(0, length) });
  return dictionaryData(new Int32(), dictionaryId, (column as TextColumn).strings, {
    ...nulls,
    data: (column as TextColumn).codes.subarray(0, length),
  });
}

interface CodeData {
  readonly length: number;
  readonly nullBitmap: Uint8Array;
  readonly data: Int8Array | Int32Array;
}
function dictionaryData(indices: Int8 | Int32, id: number, strings: readonly string[], codes: CodeData): Data {
  const dictionary = vectorFromArray(strings, new Utf8());
  return makeData({ ...codes, type: new Dictionary(new Utf8(), indices, id), dictionary });
}

function numberType(type: Column["type"]): DataType & (Uint8 | Uint16 | Uint32) {
  return type === "u8" ? new Uint8() : type === "u16" ? new Uint16() : new Uint32();
}

function packBits(bytes: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let row = 0; row < length; row++) if (bytes[row] === 1) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  return bits;
}
