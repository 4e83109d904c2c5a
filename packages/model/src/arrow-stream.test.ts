/** What a stream may be made of: several record batches, slices, growing dictionaries, columns that we don't know. */
import * as arrow from "apache-arrow";
import { describe, expect, it } from "vitest";
import { decodeBatch } from "./arrow-decode.ts";
import { encodeBatch } from "./arrow-encode.ts";
import { FlowBatch } from "./batch.ts";
import type { ColumnName } from "./columns.ts";
import { DecodeError } from "./errors.ts";
import { addJsonRow, rowToJson } from "./json.ts";

const limits = { maxRows: 1000 };
const vector = arrow.vectorFromArray as (values: readonly unknown[], type: arrow.DataType) => arrow.Vector;
function valuesOf(bytes: Uint8Array, name: ColumnName): unknown[] {
  const { batch } = decodeBatch(bytes, limits);
  return Array.from({ length: batch.length }, (_, row) => rowToJson(batch, row)[name]);
}
const write = (input: arrow.Table | arrow.RecordBatch[], options = {}): Uint8Array =>
  arrow.RecordBatchStreamWriter.writeAll(input as arrow.Table, options).toUint8Array(true);

const PORTS = Array.from({ length: 50 }, (_, i) => (i % 7 === 3 ? null : 1000 + i));
const NAMES = Array.from({ length: 50 }, (_, i) => (i % 5 === 1 ? null : `host-${i % 11}`));
const FINAL = Array.from({ length: 50 }, (_, i) => (i % 4 === 2 ? null : i % 3 === 0));
const table = new arrow.Table({
  src_port: vector(PORTS, new arrow.Uint16()),
  domain: vector(NAMES, new arrow.Utf8()),
  app: vector(NAMES, new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())),
  counters_final: vector(FINAL, new arrow.Bool()),
});

describe("record batches", () => {
  it.each([
    [0, 50],
    [0, 1],
    [1, 50],
    [3, 20],
    [8, 49],
    [13, 13],
  ])("a slice of the rows %i to %i", (from, to) => {
    const bytes = write(table.slice(from, to));
    expect(valuesOf(bytes, "src_port")).toEqual(PORTS.slice(from, to));
    expect(valuesOf(bytes, "domain")).toEqual(NAMES.slice(from, to));
    expect(valuesOf(bytes, "app")).toEqual(NAMES.slice(from, to));
    expect(valuesOf(bytes, "counters_final")).toEqual(FINAL.slice(from, to));
  });

  it("several, none of which ends on a byte of the bitmap", () => {
    const cuts = [0, 3, 4, 4, 17, 41, 50];
    const parts = cuts.slice(1).flatMap((to, i) => table.slice(cuts[i], to).batches);
    const bytes = write(parts);
    expect(valuesOf(bytes, "src_port")).toEqual(PORTS);
    expect(valuesOf(bytes, "domain")).toEqual(NAMES);
    expect(valuesOf(bytes, "app")).toEqual(NAMES);
    expect(valuesOf(bytes, "counters_final")).toEqual(FINAL);
    expect(() => decodeBatch(bytes, { maxRows: 49 })).toThrow(/more than 49 rows/);
    expect(decodeBatch(bytes, { maxRows: 50 }).batch.length).toBe(50);
  });

  it("without rows, and without columns of ours", () => {
    expect(decodeBatch(write(table.slice(0, 0)), limits).batch.length).toBe(0);
    const others = write(new arrow.Table({ nonsense: vector([1, 2, 3], new arrow.Int32()) }));
    expect(decodeBatch(others, limits).batch.length).toBe(3);
  });

  it("at any place in memory", () => {
    const bytes = write(table);
    for (let offset = 0; offset < 9; offset++) {
      const moved = new Uint8Array(bytes.length + 9).subarray(offset, offset + bytes.length);
      moved.set(bytes);
      expect(valuesOf(moved, "domain")).toEqual(NAMES);
      expect(valuesOf(moved, "src_port")).toEqual(PORTS);
    }
  });

  it("in the framing from before Arrow 0.15, and without an end mark", () => {
    expect(valuesOf(write(table, { writeLegacyIpcFormat: true }), "domain")).toEqual(NAMES);
    expect(valuesOf(write(table).slice(0, -8), "domain")).toEqual(NAMES);
  });
});

describe("dictionaries", () => {
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 7);
  const codes = (dictionary: arrow.Vector, data: number[]): arrow.RecordBatch => {
    const column = arrow.makeData({ type, length: data.length, nullCount: 0, data: Int32Array.from(data), dictionary });
    return new arrow.RecordBatch({ domain: column });
  };
  const words = (...list: string[]): arrow.Vector => vector(list, new arrow.Utf8());

  it("that grow from batch to batch", () => {
    const first = words("a", "b");
    const grown = first.concat(words("c"));
    const more = grown.concat(words("d", "e"));
    const bytes = write([codes(first, [1, 0]), codes(grown, [2, 0]), codes(more, [4, 3, 2, 1, 0])]);
    expect(valuesOf(bytes, "domain")).toEqual(["b", "a", "c", "a", "e", "d", "c", "b", "a"]);
  });

  it("that are replaced", () => {
    const bytes = write([codes(words("a", "b"), [1, 0]), codes(words("x", "y", "a"), [0, 1, 2])]);
    expect(valuesOf(bytes, "domain")).toEqual(["b", "a", "x", "y", "a"]);
  });

  it("with an index outside of them", () => {
    for (const index of [2, -1, 2 ** 31 - 1]) {
      expect(() => decodeBatch(write([codes(words("a", "b"), [0, index])]), limits)).toThrow(
        /domain has an index outside of its dictionary/,
      );
    }
  });
});

describe("columns that we don't know", () => {
  const numbers = Array.from({ length: 50 }, (_, i) => i);
  const item = (itemType: arrow.DataType): arrow.Field => new arrow.Field("item", itemType, true);
  const pair = new arrow.Struct([new arrow.Field("domain", new arrow.Utf8()), new arrow.Field("n", new arrow.Int8())]);
  const others: [string, arrow.Vector][] = [
    [
      "List",
      vector(
        numbers.map((n) => [n, n]),
        new arrow.List(item(new arrow.Int32())),
      ),
    ],
    [
      "List of List",
      vector(
        numbers.map((n) => [[n], []]),
        new arrow.List(item(new arrow.List(item(new arrow.Int32())))),
      ),
    ],
    [
      "Struct",
      vector(
        numbers.map((n) => ({ domain: `forged-${n}`, n })),
        pair,
      ),
    ],
    [
      "FixedSizeList",
      vector(
        numbers.map((n) => [n, n]),
        new arrow.FixedSizeList(2, item(new arrow.Int32())),
      ),
    ],
    [
      "Map",
      vector(
        numbers.map((n) => new Map([["k", n]])),
        new arrow.Map_(
          new arrow.Field(
            "entries",
            new arrow.Struct([new arrow.Field("key", new arrow.Utf8(), false), new arrow.Field("value", new arrow.Int32())]),
            false,
          ) as arrow.Field<arrow.Struct>,
        ),
      ),
    ],
    [
      "Decimal",
      vector(
        numbers.map(() => new Uint32Array(4)),
        new arrow.Decimal(10, 10),
      ),
    ],
    ["Float16", vector(numbers, new arrow.Float16())],
    [
      "Date",
      vector(
        numbers.map((n) => new Date(n)),
        new arrow.DateDay(),
      ),
    ],
    ["Time", vector(numbers, new arrow.TimeSecond())],
    ["Duration", vector(numbers.map(BigInt), new arrow.DurationSecond())],
    [
      "Binary",
      vector(
        numbers.map((n) => Uint8Array.of(n)),
        new arrow.Binary(),
      ),
    ],
    [
      "Null",
      vector(
        numbers.map(() => null),
        new arrow.Null(),
      ),
    ],
    [
      "Dictionary of List",
      vector(
        numbers.map((n) => [n % 3]),
        new arrow.Dictionary(new arrow.List(item(new arrow.Int32())), new arrow.Int32()),
      ),
    ],
  ];

  it.each(others)("%s before, between and after ours", (_, other) => {
    const columns: Record<string, arrow.Vector> = {};
    for (const [i, name] of (["domain", "app", "src_port"] as const).entries()) {
      columns[`other${i}`] = i === 0 ? other : vector(numbers, new arrow.Int32());
      columns[name] = table.getChild(name) as arrow.Vector;
    }
    columns.last = vector(numbers, new arrow.Int32());
    const bytes = write(new arrow.Table(columns));
    expect(valuesOf(bytes, "src_port")).toEqual(PORTS);
    expect(valuesOf(bytes, "domain")).toEqual(NAMES);
    expect(valuesOf(bytes, "app")).toEqual(NAMES);
  });

  it("do not take the place of the server's own columns", () => {
    const bytes = write(
      new arrow.Table({ primary: vector([true], new arrow.Bool()), src_name: vector(["forged"], new arrow.Utf8()) }),
    );
    expect(valuesOf(bytes, "primary")).toEqual([null]);
    expect(valuesOf(bytes, "src_name")).toEqual([null]);
  });
});

describe("streams that are refused", () => {
  const good = (): Uint8Array => {
    const batch = new FlowBatch();
    addJsonRow(batch, { domain: "a", src_port: 1 });
    return encodeBatch(batch);
  };

  it.each<[string, () => Uint8Array, RegExp]>([
    ["nothing", () => new Uint8Array(0), /no schema/],
    ["text", () => new TextEncoder().encode('{"domain":"a"}'), /longer than the stream/],
    ["Arrow's file format", () => arrow.tableToIPC(table, "file"), /send the stream format/],
    ["a second stream behind the first", () => Uint8Array.from([...good(), ...good()]), /bytes follow the end/],
    ["a record batch before the schema", () => good().slice(schemaBytes(good())), /does not begin with its schema/],
    ["two schemas", () => Uint8Array.from([...good().slice(0, schemaBytes(good())), ...good()]), /second schema/],
    ["the same column twice", twice, /domain comes twice/],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeBatch(bytes(), limits)).toThrow(DecodeError);
    expect(() => decodeBatch(bytes(), limits)).toThrow(message);
  });

  it("any that are cut off within a message", () => {
    const whole = good();
    const borders = new Set(messageEnds(whole));
    for (let length = 1; length < whole.length; length++) {
      if (borders.has(length)) expect(() => decodeBatch(whole.slice(0, length), limits)).not.toThrow();
      else expect(() => decodeBatch(whole.slice(0, length), limits)).toThrow(DecodeError);
    }
  });
});

/** Where each message of a stream of ours ends: the prefix and the metadata, and a body up to the next prefix. */
function messageEnds(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const ends: number[] = [];
  for (let at = 8; at < bytes.length; at += 8)
    if (view.getUint32(at, true) === 0xffffffff && view.getInt32(at + 4, true) >= 0) ends.push(at);
  return ends;
}
const schemaBytes = (bytes: Uint8Array): number => messageEnds(bytes)[0] ?? 0;

function twice(): Uint8Array {
  const column = (): arrow.Data => vector(["a"], new arrow.Utf8()).data[0] as arrow.Data;
  const fields = [new arrow.Field("domain", new arrow.Utf8()), new arrow.Field("domain", new arrow.Utf8())];
  const children = [column(), column()];
  const data = arrow.makeData({ type: new arrow.Struct(fields), length: 1, nullCount: 0, children });
  return write([new arrow.RecordBatch(new arrow.Schema(fields), data)]);
}
