/**
 * Writes a small Parquet file (github.com/apache/parquet-format): one row group, a page a column, every column optional, plain values,
 * Zstandard. The same rows are the same bytes, so that an object which is sent again is the same object.
 */
import { zstdCompressSync } from "node:zlib";
import { THRIFT, type ThriftField, type ThriftStruct, type ThriftValue, writeThrift } from "../../export/thrift.ts";

export type ParquetKind = "bool" | "u8" | "u16" | "u32" | "u64" | "time" | "text";

export interface ParquetColumn {
  readonly name: string;
  readonly kind: ParquetKind;
  /** One of each row. Times in ms since 1970. */
  readonly values: readonly (string | number | bigint | boolean | null)[];
}

/** Physical type, and what the number means ("ConvertedType" of parquet.thrift: all readers know it). */
const TYPES: Readonly<Record<ParquetKind, { readonly physical: number; readonly means: number | null }>> = {
  bool: { physical: 0, means: null },
  u8: { physical: 1, means: 11 },
  u16: { physical: 1, means: 12 },
  u32: { physical: 1, means: 13 },
  u64: { physical: 2, means: 14 },
  time: { physical: 2, means: 9 },
  text: { physical: 6, means: 0 },
};
const MAGIC = Buffer.from("PAR1");
const OPTIONAL = 1;
const PLAIN = 0;
const RLE = 3;
const ZSTD = 6;

const i32 = (value: number): ThriftField => ({ type: THRIFT.i32, value: BigInt(value) });
const i64 = (value: number): ThriftField => ({ type: THRIFT.i64, value: BigInt(value) });
const text = (value: string): ThriftField => ({ type: THRIFT.binary, value: Buffer.from(value) });
const struct = (value: ThriftStruct): ThriftField => ({ type: THRIFT.struct, value });
const list = (of: number, items: ThriftValue[]): ThriftField => ({ type: THRIFT.list, value: { of, items } });

export function parquetFile(columns: readonly ParquetColumn[], createdBy: string): Buffer {
  const rows = columns[0]?.values.length ?? 0;
  const parts: Buffer[] = [MAGIC];
  let at = MAGIC.length;
  const chunks = columns.map((column) => {
    const { bytes, meta } = chunkOf(column, at);
    parts.push(...bytes);
    at += bytes.reduce((sum, { length }) => sum + length, 0);
    return meta;
  });
  const group: ThriftStruct = new Map([
    [1, list(THRIFT.struct, chunks)],
    [2, i64(at - MAGIC.length)],
    [3, i64(rows)],
  ]);
  const footer = writeThrift(
    new Map([
      [1, i32(1)],
      [2, list(THRIFT.struct, [rootOf(columns.length), ...columns.map(schemaOf)])],
      [3, i64(rows)],
      [4, list(THRIFT.struct, [group])],
      [6, text(createdBy)],
    ]),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, MAGIC]);
}

const rootOf = (children: number): ThriftStruct =>
  new Map([
    [4, text("flows")],
    [5, i32(children)],
  ]);

function schemaOf({ name, kind }: ParquetColumn): ThriftStruct {
  const { physical, means } = TYPES[kind];
  const fields: [number, ThriftField][] = [
    [1, i32(physical)],
    [3, i32(OPTIONAL)],
    [4, text(name)],
  ];
  return new Map(means === null ? fields : [...fields, [6, i32(means)]]);
}

function chunkOf(column: ParquetColumn, offset: number): { bytes: Buffer[]; meta: ThriftStruct } {
  const raw = Buffer.concat([levelsOf(column), ...valuesOf(column)]);
  const packed = zstdCompressSync(raw);
  const count = column.values.length;
  const header = writeThrift(
    new Map([
      [1, i32(0)],
      [2, i32(raw.length)],
      [3, i32(packed.length)],
      [
        5,
        struct(
          new Map([
            [1, i32(count)],
            [2, i32(PLAIN)],
            [3, i32(RLE)],
            [4, i32(RLE)],
          ]),
        ),
      ],
    ]),
  );
  const meta: ThriftStruct = new Map([
    [1, i32(TYPES[column.kind].physical)],
    [2, list(THRIFT.i32, [BigInt(PLAIN), BigInt(RLE)])],
    [3, list(THRIFT.binary, [Buffer.from(column.name)])],
    [4, i32(ZSTD)],
    [5, i64(count)],
    [6, i64(header.length + raw.length)],
    [7, i64(header.length + packed.length)],
    [9, i64(offset)],
  ]);
  return {
    bytes: [header, packed],
    meta: new Map([
      [2, i64(offset)],
      [3, struct(meta)],
    ]),
  };
}

/** Which values there are: a bit each, in groups of eight ("RLE / bit-packing hybrid"), behind their length. */
function levelsOf({ values }: ParquetColumn): Buffer {
  const groups = Math.ceil(values.length / 8);
  const bits = Buffer.alloc(groups);
  values.forEach((value, row) => {
    if (value !== null) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  });
  const head = varint(groups * 2 + 1);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length + bits.length);
  return Buffer.concat([length, head, bits]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}

function valuesOf({ kind, values }: ParquetColumn): Buffer[] {
  const known = values.filter((value) => value !== null);
  switch (kind) {
    case "text":
      return known.flatMap((value) => {
        const bytes = Buffer.from(String(value));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(bytes.length);
        return [length, bytes];
      });
    case "bool": {
      const bits = Buffer.alloc(Math.ceil(known.length / 8));
      known.forEach((value, at) => {
        if (value === true) bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
      });
      return [bits];
    }
    case "u64":
    case "time": {
      const bytes = Buffer.alloc(known.length * 8);
      known.forEach((value, at) => {
        bytes.writeBigUInt64LE(BigInt(value), at * 8);
      });
      return [bytes];
    }
    default: {
      const bytes = Buffer.alloc(known.length * 4);
      known.forEach((value, at) => {
        bytes.writeUInt32LE(Number(value), at * 4);
      });
      return [bytes];
    }
  }
}
