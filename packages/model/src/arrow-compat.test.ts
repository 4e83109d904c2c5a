/** Streams of other senders, written by apache-arrow: what people's own tools send. */
import * as arrow from "apache-arrow";
import { describe, expect, it } from "vitest";
import { parseAddress } from "./address.ts";
import { decodeBatch } from "./arrow-decode.ts";
import type { ColumnName } from "./columns.ts";
import { DecodeError } from "./errors.ts";
import { rowToJson } from "./json.ts";

const limits = { maxRows: 1000 };
type Columns = Record<string, arrow.Vector>;

const streamOf = (columns: Columns): Uint8Array => arrow.tableToIPC(new arrow.Table(columns), "stream");
function valuesOf(bytes: Uint8Array, name: ColumnName): unknown[] {
  const { batch } = decodeBatch(bytes, limits);
  return Array.from({ length: batch.length }, (_, row) => rowToJson(batch, row)[name]);
}
const read = (name: ColumnName, vector: arrow.Vector): unknown[] => valuesOf(streamOf({ [name]: vector }), name);
const vector = arrow.vectorFromArray as (values: readonly unknown[], type: arrow.DataType) => arrow.Vector;

const NAMES = ["a.example", null, "münchen.example", "", "a.example", "日本.example", null, "b".repeat(300), "x"];

describe("text", () => {
  it.each([
    ["Utf8", new arrow.Utf8()],
    ["LargeUtf8", new arrow.LargeUtf8()],
    ["dictionary with 8-bit indices", new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())],
    ["dictionary with unsigned 16-bit indices", new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint16())],
    ["dictionary with 32-bit indices", new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())],
    ["dictionary of LargeUtf8", new arrow.Dictionary(new arrow.LargeUtf8(), new arrow.Int32())],
  ])("%s", (_, type) => {
    expect(read("domain", vector(NAMES, type))).toEqual(NAMES);
  });

  it("dictionary with 64-bit indices and with nulls among its values", () => {
    const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int64() as unknown as arrow.Int32);
    const column = (): arrow.Vector => {
      const dictionary = vector(["open", null, "nonsense", "closed"], new arrow.Utf8());
      const indices = new BigInt64Array([3n, 0n, 1n, 2n, 3n]) as unknown as Int32Array;
      return new arrow.Vector([arrow.makeData({ type, length: 5, nullCount: 0, data: indices, dictionary })]);
    };
    expect(read("state", column())).toEqual(["closed", "open", null, null, "closed"]);
    expect(read("domain", column())).toEqual(["closed", "open", null, "nonsense", "closed"]);
  });

  it("binary, as some stores send text", () => {
    const values = ["a", "bc"].map((text) => new TextEncoder().encode(text));
    expect(read("network", vector(values, new arrow.Binary()))).toEqual(["a", "bc"]);
    expect(read("network", vector(values, new arrow.LargeBinary()))).toEqual(["a", "bc"]);
  });

  it("enums as plain text; other words are null", () => {
    expect(read("direction", vector(["egress", "inbound", null, "ingress"], new arrow.Utf8()))).toEqual([
      "egress",
      null,
      null,
      "ingress",
    ]);
  });
});

describe("numbers", () => {
  it("64-bit counters, signed or not, exact to the last bit", () => {
    const flowIds = [1n, 18446744073709551615n, null, 9223372036854775808n];
    expect(read("flow_id", vector(flowIds, new arrow.Uint64()))).toEqual(flowIds.map((id) => (id === null ? null : String(id))));
    const bytes = [5n, -1n, null, 9007199254740993n];
    expect(read("src_bytes", vector(bytes, new arrow.Int64()))).toEqual([5, null, null, "9007199254740993"]);
  });

  it("narrower and wider types, as far as the values fit", () => {
    expect(read("src_bytes", vector([7, null, 255], new arrow.Uint8()))).toEqual([7, null, 255]);
    expect(read("src_bytes", vector([7, -1], new arrow.Int32()))).toEqual([7, null]);
    expect(read("src_port", vector([443, -1, 65536, null], new arrow.Int32()))).toEqual([443, null, null, null]);
    expect(read("src_port", vector([443n, -1n, 65536n, 1n << 32n], new arrow.Int64()))).toEqual([443, null, null, null]);
    expect(read("protocol", vector([6n, 256n], new arrow.Uint64()))).toEqual([6, null]);
    expect(read("ct_status", vector([4294967295, null], new arrow.Uint32()))).toEqual([4294967295, null]);
    expect(read("protocol", vector([6, 17], new arrow.Int8()))).toEqual([6, 17]);
    expect(read("src_port", vector([80, -80], new arrow.Int16()))).toEqual([80, null]);
  });

  it("floats, as pandas makes them of numbers with nulls", () => {
    expect(read("dst_port", vector([443, 1.5, Number.NaN, null, -0], new arrow.Float64()))).toEqual([443, null, null, null, 0]);
    expect(read("dst_bytes", vector([1024, Number.POSITIVE_INFINITY], new arrow.Float32()))).toEqual([1024, null]);
  });

  it("64-bit numbers as text, as JSON has them", () => {
    const texts = ["18446744073709551615", "18446744073709551616", "-1", "x", null];
    expect(read("flow_id", vector(texts, new arrow.Utf8()))).toEqual(["18446744073709551615", null, null, null, null]);
  });

  it("booleans as bits and as 0 and 1", () => {
    const values = [true, false, null, true, true, false, false, true, true, null];
    expect(read("counters_final", vector(values, new arrow.Bool()))).toEqual(values);
    expect(read("counters_final", vector([1, 0, 2, null], new arrow.Uint8()))).toEqual([true, false, null, null]);
  });
});

describe("times", () => {
  const START = "2026-11-22T09:51:00.123Z";
  const ms = BigInt(Date.parse(START));
  const timestamps = (type: arrow.Timestamp, values: bigint[]): unknown[] =>
    read(
      "start",
      new arrow.Vector([arrow.makeData({ type, length: values.length, nullCount: 0, data: new BigInt64Array(values) })]),
    );

  it("timestamps of any unit; before 1970 and after the last of all dates is null", () => {
    expect(timestamps(new arrow.TimestampMillisecond(), [ms, -1n, 1n << 62n, 8640000000000001n])).toEqual([
      START,
      null,
      null,
      null,
    ]);
    expect(timestamps(new arrow.TimestampSecond(), [ms / 1000n, -1n, 1n << 62n])).toEqual([
      "2026-11-22T09:51:00.000Z",
      null,
      null,
    ]);
    expect(timestamps(new arrow.TimestampMicrosecond("UTC"), [ms * 1000n + 999n, -1n])).toEqual([START, null]);
    expect(timestamps(new arrow.TimestampNanosecond("Europe/Berlin"), [ms * 1000000n + 999999n, -1n])).toEqual([START, null]);
    expect(timestamps(new arrow.TimestampMillisecond(), [8640000000000000n])).toEqual(["+275760-09-13T00:00:00.000Z"]);
  });

  it("plain numbers of ms, and RFC 3339 texts", () => {
    expect(read("start", vector([ms, -1n, null], new arrow.Int64()))).toEqual([START, null, null]);
    expect(read("start", vector([ms], new arrow.Uint64()))).toEqual([START]);
    expect(read("start", vector([Number(ms) + 0.5, Number.NaN, 1e300], new arrow.Float64()))).toEqual([START, null, null]);
    expect(read("start", vector([START, "2026-11-22T10:51:00.123+01:00", "yesterday", null], new arrow.Utf8()))).toEqual([
      START,
      START,
      null,
      null,
    ]);
  });
});

describe("addresses", () => {
  const texts = ["10.0.0.1", null, "2001:db8::1", "nonsense", "::ffff:10.0.0.1", "10.0.0.1"];
  const expected = ["10.0.0.1", null, "2001:db8::1", null, "10.0.0.1", "10.0.0.1"];
  const bytesOf = (text: string): Uint8Array => parseAddress(text) ?? new Uint8Array(0);

  it.each([
    ["text", new arrow.Utf8()],
    ["large text", new arrow.LargeUtf8()],
    ["a dictionary of texts", new arrow.Dictionary(new arrow.Utf8(), new arrow.Int16())],
  ])("%s", (_, type) => {
    expect(read("src_ip", vector(texts, type))).toEqual(expected);
  });

  it("16 or 4 bytes, of fixed or any length", () => {
    const sixteen = [bytesOf("10.0.0.1"), null, bytesOf("fe80::1")];
    expect(read("dst_ip", vector(sixteen, new arrow.FixedSizeBinary(16)))).toEqual(["10.0.0.1", null, "fe80::1"]);
    expect(read("dst_ip", vector([Uint8Array.of(10, 0, 0, 2), null], new arrow.FixedSizeBinary(4)))).toEqual(["10.0.0.2", null]);
    const mixed = [bytesOf("fe80::1"), Uint8Array.of(10, 0, 0, 2), Uint8Array.of(1, 2, 3), null];
    expect(read("dst_ip", vector(mixed, new arrow.Binary()))).toEqual(["fe80::1", "10.0.0.2", null, null]);
  });
});

describe("types that a column can't be read from", () => {
  it.each<[ColumnName, string, arrow.Vector]>([
    ["protocol", "Utf8", vector(["6"], new arrow.Utf8())],
    ["direction", "Int", vector([1], new arrow.Int8())],
    ["src_ip", "Int", vector([1], new arrow.Uint32())],
    ["src_ip", "FixedSizeBinary", vector([new Uint8Array(8)], new arrow.FixedSizeBinary(8))],
    ["start", "Date", vector([new Date(0)], new arrow.DateMillisecond())],
    ["domain", "List", vector([["a"]], new arrow.List(new arrow.Field("item", new arrow.Utf8())))],
    ["domain", "dictionary of Int", vector([1, 2], new arrow.Dictionary(new arrow.Int32(), new arrow.Int32()))],
  ])("%s as %s", (name, type, wrong) => {
    expect(() => read(name, wrong)).toThrow(DecodeError);
    expect(() => read(name, wrong)).toThrow(new RegExp(`column ${name} is (a )?${type}.*can't be read from`));
  });

  it("but a column of nulls only is any column", () => {
    expect(read("domain", vector([null, null], new arrow.Null()))).toEqual([null, null]);
    expect(read("src_ip", vector([null, null], new arrow.Int32()))).toEqual([null, null]);
  });
});
