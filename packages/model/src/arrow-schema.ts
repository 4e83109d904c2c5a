/** The schema of an Arrow stream (Schema.fbs): which of its columns we take, what type each has and where its buffers stand among all. */

import type { FlatTable } from "./arrow-flatbuffer.ts";
import { METADATA_KEY } from "./batch-metadata.ts";
import { type Column, SENDER_COLUMNS } from "./columns.ts";
import { DecodeError } from "./errors.ts";

/** The types that a column can be read from; `other` are Arrow's remaining ones. */
export type WireType =
  | { readonly kind: "null" | "bool" }
  | IntType
  | { readonly kind: "float"; readonly bytes: number }
  | { readonly kind: "timestamp"; readonly perSecond: number }
  /** `wide`: 64-bit offsets. */
  | { readonly kind: "text" | "binary"; readonly wide: boolean }
  | { readonly kind: "fixed"; readonly bytes: number }
  | { readonly kind: "other" };

export interface IntType {
  readonly kind: "int";
  readonly bytes: number;
  readonly signed: boolean;
}

/** One column that we take. */
export interface WireField {
  readonly column: Column;
  /** Of the values; of the dictionary's values where there is one. */
  readonly type: WireType;
  /** The name of the type, for messages. */
  readonly typeName: string;
  readonly dictionary: { readonly id: number; readonly index: IntType } | null;
  /** Its place among a record batch's nodes. */
  readonly node: number;
  /** Its place among a record batch's buffers, without the variable ones of view columns before it. */
  readonly buffer: number;
  /** How many view columns (whose number of buffers each record batch says) come before it. */
  readonly views: number;
}

/** What a record batch of the schema must have. */
export interface WireShape {
  readonly nodes: number;
  readonly buffers: number;
  readonly views: number;
}

export interface WireSchema extends WireShape {
  readonly fields: readonly WireField[];
  /** The sender's words about itself (JSON), if there are any. */
  readonly metadata: string | null;
}

/** Name and number of buffers of each type, in the order of Schema.fbs (format 1.5): all of them, since unknown columns are skipped. */
const TYPES: readonly (readonly [name: string, buffers: number])[] = [
  ["none", 0],
  ["Null", 0],
  ["Int", 2],
  ["FloatingPoint", 2],
  ["Binary", 3],
  ["Utf8", 3],
  ["Bool", 2],
  ["Decimal", 2],
  ["Date", 2],
  ["Time", 2],
  ["Timestamp", 2],
  ["Interval", 2],
  ["List", 2],
  ["Struct", 1],
  ["Union", 1],
  ["FixedSizeBinary", 2],
  ["FixedSizeList", 1],
  ["Map", 2],
  ["Duration", 2],
  ["LargeBinary", 3],
  ["LargeUtf8", 3],
  ["LargeList", 2],
  ["RunEndEncoded", 0],
  ["BinaryView", 2],
  ["Utf8View", 2],
  ["ListView", 3],
  ["LargeListView", 3],
];
const UNION = 14;
const RUN_END_ENCODED = 22;
const BINARY_VIEW = 23;
const UTF8_VIEW = 24;
/** As deep as Arrow's own readers go. */
const MAX_DEPTH = 64;
const V4 = 3;
const COLUMN_OF = new Map<string, Column>(SENDER_COLUMNS.map((column) => [column.name, column]));

/** Reads the header of a schema message. `version`: the message's (V4 = 3, V5 = 4). */
export function readSchema(header: FlatTable, version: number): WireSchema {
  if (header.i16(0) !== 0) throw new DecodeError("arrow", header.at, "big-endian streams are not taken");
  const shape = { nodes: 0, buffers: 0, views: 0 };
  const fields: WireField[] = [];
  for (const field of header.tables(1)) {
    const column = COLUMN_OF.get(field.text(0));
    if (column) {
      if (fields.some((other) => other.column === column))
        throw new DecodeError("arrow", field.at, `column ${column.name} comes twice`);
      fields.push(readField(field, column, shape));
    }
    skipField(field, shape, version, 0);
  }
  let metadata: string | null = null;
  for (const entry of header.tables(2)) if (entry.text(0) === METADATA_KEY) metadata ??= entry.text(1);
  return { ...shape, fields, metadata };
}

function readField(field: FlatTable, column: Column, before: WireShape): WireField {
  const typeId = field.u8(2);
  const dictionary = field.table(4);
  return {
    column,
    type: readType(typeId, field.table(3)),
    typeName: TYPES[typeId]?.[0] ?? String(typeId),
    dictionary: dictionary && { id: dictionary.i64(0), index: readIndexType(dictionary.table(1)) },
    node: before.nodes,
    buffer: before.buffers,
    views: before.views,
  };
}

/** Counts the nodes and buffers of a column and of all that is nested in it. */
function skipField(
  field: FlatTable,
  shape: { nodes: number; buffers: number; views: number },
  version: number,
  depth: number,
): void {
  if (depth > MAX_DEPTH) throw new DecodeError("arrow", field.at, "schema is nested too deeply");
  shape.nodes++;
  // What is dictionary-encoded has only indices in a record batch, whatever the dictionary holds.
  if (field.table(4)) {
    shape.buffers += 2;
    return;
  }
  const type = field.u8(2);
  const known = TYPES[type];
  if (type === 0 || !known) throw new DecodeError("arrow", field.at, `type ${type} is none that Arrow has`);
  shape.buffers += known[1];
  if (type === BINARY_VIEW || type === UTF8_VIEW) shape.views++;
  if (type === UNION && field.table(3)?.i16(0) === 1) shape.buffers++; // a dense one
  // Before V5 these had a null bitmap as well.
  if (version === V4 && (type === UNION || type === RUN_END_ENCODED)) shape.buffers++;
  for (const child of field.tables(5)) skipField(child, shape, version, depth + 1);
}

function readIndexType(int: FlatTable | null): IntType {
  return int ? readInt(int) : { kind: "int", bytes: 4, signed: true };
}

function readInt(int: FlatTable): IntType {
  const bits = int.i32(0);
  if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64)
    throw new DecodeError("arrow", int.at, `integers of ${bits} bits are none that Arrow has`);
  return { kind: "int", bytes: bits / 8, signed: int.u8(1) !== 0 };
}

function readType(id: number, type: FlatTable | null): WireType {
  switch (TYPES[id]?.[0]) {
    case "Null":
      return { kind: "null" };
    case "Bool":
      return { kind: "bool" };
    case "Utf8":
    case "LargeUtf8":
      return { kind: "text", wide: TYPES[id]?.[0] === "LargeUtf8" };
    case "Binary":
    case "LargeBinary":
      return { kind: "binary", wide: TYPES[id]?.[0] === "LargeBinary" };
    case "Int":
      return type ? readInt(type) : { kind: "other" };
    case "FloatingPoint": {
      const precision = type?.i16(0) ?? 0;
      return precision === 1 || precision === 2 ? { kind: "float", bytes: precision * 4 } : { kind: "other" };
    }
    case "Timestamp": {
      const unit = type?.i16(0) ?? 0;
      return unit >= 0 && unit <= 3 ? { kind: "timestamp", perSecond: 1000 ** unit } : { kind: "other" };
    }
    case "FixedSizeBinary":
      return { kind: "fixed", bytes: type?.i32(0) ?? 0 };
    default:
      return { kind: "other" };
  }
}
