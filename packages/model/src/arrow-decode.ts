/** Arrow IPC stream → FlowBatch, from senders that we don't trust: every length is checked before it is believed. */
import { type Data, DataType, type RecordBatch, RecordBatchReader, TimeUnit } from "apache-arrow";
import { parseAddress } from "./address.ts";
import { FlowBatch } from "./batch.ts";
import {
  AddressColumn,
  type AnyColumn,
  BoolColumn,
  EnumColumn,
  NumberColumn,
  type TextColumn,
  WideColumn,
} from "./batch-columns.ts";
import { METADATA_KEY } from "./batch-metadata.ts";
import { type Column, SENDER_COLUMNS } from "./columns.ts";
import { DecodeError } from "./errors.ts";

export interface DecodedBatch {
  readonly batch: FlowBatch;
  /** The sender's words about itself, not yet validated; null where there are none or they are no JSON. */
  readonly metadata: unknown;
}

/**
 * Decodes all record batches of a stream into one FlowBatch. Takes the columns of the column table by name and ignores others;
 * text and enums may come as plain or dictionary-encoded strings, addresses as 16 bytes or as text, times in any unit.
 * A value that a column can't hold is left null there (whoever checks rows then says so). Throws DecodeError only.
 */
export function decodeBatch(bytes: Uint8Array, limits: { maxRows: number }): DecodedBatch {
  try {
    return decode(bytes, limits);
  } catch (cause) {
    if (cause instanceof DecodeError) throw cause;
    throw new DecodeError("arrow", -1, `not an Arrow IPC stream (${cause instanceof Error ? cause.message : String(cause)})`, {
      cause,
    });
  }
}

function decode(bytes: Uint8Array, limits: { maxRows: number }): DecodedBatch {
  const reader = RecordBatchReader.from(bytes);
  reader.open();
  if (!reader.schema) throw new DecodeError("arrow", 0, "empty: no schema message");
  const batch = new FlowBatch(0);
  for (const part of reader) {
    if (!Number.isSafeInteger(part.numRows) || part.numRows < 0 || batch.length + part.numRows > limits.maxRows) {
      throw new DecodeError("arrow", -1, `more than ${limits.maxRows} rows`);
    }
    addPart(batch, part);
  }
  return { batch, metadata: parseJson(reader.schema.metadata.get(METADATA_KEY)) };
}

function addPart(batch: FlowBatch, part: RecordBatch): void {
  const sources = SENDER_COLUMNS.flatMap((column) => {
    const at = part.schema.fields.findIndex((field) => field.name === column.name);
    const data = at < 0 ? undefined : part.data.children[at];
    return data ? [{ column, data }] : [];
  });
  for (const { column, data } of sources) checkLengths(data, part.numRows, column.name);
  const first = batch.addRows(part.numRows);
  for (const { column, data } of sources) addColumn(batch.column(column.name), data, part.numRows, first, column);
}

/** Buffers must hold as many rows as the message says, else reads would give rubbish or undefined. */
function checkLengths(data: Data, rows: number, name: string): void {
  const bad = (what: string) => new DecodeError("arrow", -1, `column ${name}: ${what} is shorter than its ${rows} rows`);
  if (data.length !== rows) throw bad("data");
  if (data.nullCount > 0 && (data.nullBitmap?.length ?? 0) < (rows + 7) >> 3) throw bad("null bitmap");
  if (DataType.isDictionary(data.type)) {
    if (!data.dictionary) throw new DecodeError("arrow", -1, `column ${name}: dictionary is missing`);
    if (data.values.length < rows) throw bad("index buffer");
  } else if (DataType.isUtf8(data.type) || DataType.isLargeUtf8(data.type)) {
    if ((data.valueOffsets?.length ?? 0) < rows + 1) throw bad("offset buffer");
  } else if (!DataType.isNull(data.type)) {
    const perRow = DataType.isFixedSizeBinary(data.type) ? data.type.byteWidth : DataType.isBool(data.type) ? 1 / 8 : 1;
    if ((data.values?.length ?? 0) < rows * perRow) throw bad("value buffer");
  }
}

type Reader = (row: number) => unknown;

function addColumn(target: AnyColumn, data: Data, rows: number, first: number, column: Column): void {
  const isNull = nullTest(data);
  const read = reader(data, column.name);
  const put = writer(target);
  for (let row = 0; row < rows; row++) if (!isNull(row)) put(first + row, read(row));
}

function nullTest(data: Data): (row: number) => boolean {
  const bitmap = data.nullBitmap;
  if (DataType.isNull(data.type)) return () => true;
  if (data.nullCount === 0 || !bitmap || bitmap.length === 0) return () => false;
  return (row) => ((bitmap[row >> 3] ?? 0) & (1 << (row & 7))) === 0;
}

/** How to read one row of an Arrow column as number, bigint, string, boolean or 16 bytes. */
function reader(data: Data, name: string): Reader {
  const { type, values } = data;
  if (DataType.isDictionary(type)) {
    const strings = (data.dictionary?.toArray() ?? []) as ArrayLike<unknown>;
    return (row) => strings[Number(values[row])];
  }
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) {
    const offsets = data.valueOffsets as ArrayLike<number | bigint>;
    return (row) => utf8.decode((values as Uint8Array).subarray(Number(offsets[row]), Number(offsets[row + 1])));
  }
  if (DataType.isBool(type)) return (row) => (((values as Uint8Array)[row >> 3] ?? 0) & (1 << (row & 7))) !== 0;
  if (DataType.isFixedSizeBinary(type))
    return (row) => (values as Uint8Array).subarray(row * type.byteWidth, (row + 1) * type.byteWidth);
  if (DataType.isTimestamp(type)) {
    const perMs = {
      [TimeUnit.SECOND]: 1 / 1000,
      [TimeUnit.MILLISECOND]: 1,
      [TimeUnit.MICROSECOND]: 1e3,
      [TimeUnit.NANOSECOND]: 1e6,
    }[type.unit];
    return (row) => Math.floor(Number(values[row]) / perMs);
  }
  if (DataType.isInt(type) || DataType.isFloat(type)) return (row) => values[row];
  if (DataType.isNull(type)) return () => null;
  throw new DecodeError("arrow", -1, `column ${name}: type ${type} is not one that this column can be read from`);
}
const utf8 = new TextDecoder();

/** How to store a value in a column; one that does not fit stays null. */
function writer(target: AnyColumn): (row: number, value: unknown) => void {
  if (target instanceof NumberColumn) {
    const max = 2 ** (target.data.BYTES_PER_ELEMENT * 8) - 1;
    return (row, value) => {
      const n = Number(value);
      if (Number.isInteger(n) && n >= 0 && n <= max) target.set(row, n);
    };
  }
  if (target instanceof WideColumn) {
    return (row, value) => {
      if (typeof value === "bigint" && value >= 0n) target.setBigInt(row, value);
      else if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) target.set(row, value);
    };
  }
  if (target instanceof AddressColumn) {
    return (row, value) => {
      const bytes = typeof value === "string" ? parseAddress(value) : value;
      if (bytes instanceof Uint8Array && bytes.length === 16) target.set(row, bytes);
    };
  }
  if (target instanceof BoolColumn) return (row, value) => target.set(row, value === true || value === 1);
  if (target instanceof EnumColumn) return (row, value) => void target.set(row, String(value));
  return (row, value) => {
    if (typeof value === "string") (target as TextColumn).set(row, value);
  };
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null; // told apart from valid metadata by whoever validates it
  }
}
