/** Streams made to hurt: each would be large, endless or wrong if its numbers were believed. Bounds are counted, not timed. */
import { describe, expect, it } from "vitest";
import { decodeBatch } from "./arrow-decode.ts";
import {
  bool,
  type FlatChild,
  type FlatField,
  flatbuffer,
  i16,
  i32,
  i64,
  structs,
  table,
  tables,
  text,
  u8,
} from "./arrow-flatbuffer-write.ts";
import { DecodeError } from "./errors.ts";

const [SCHEMA, DICTIONARY, BATCH] = [1, 2, 3];
const EMPTY = table();

function message(
  kind: number,
  header: FlatChild,
  body: Uint8Array = new Uint8Array(0),
  bodyLength: FlatField = i64(body.length),
): Uint8Array {
  const metadata = flatbuffer(table(i16(4), u8(kind), header, bodyLength));
  const prefix = new Uint8Array(8).fill(0xff, 0, 4);
  new DataView(prefix.buffer).setInt32(4, metadata.length, true);
  return stream(prefix, metadata, body);
}
const field = (
  name: string,
  type: number,
  arrowType: FlatChild,
  dictionary: FlatChild | null = null,
  children: FlatChild = tables([]),
) => table(text(name), bool(true), u8(type), arrowType, dictionary, children);
const schema = (...fields: FlatChild[]): Uint8Array => message(SCHEMA, table(i16(0), tables(fields)));
const batch = (rows: number, nodes: number[], buffers: number[], body: Uint8Array = new Uint8Array(0)): Uint8Array =>
  message(BATCH, table(i64(rows), structs(nodes, 2), structs(buffers, 2)), body);
function stream(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
const words = (...values: number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);

const PORT = field("src_port", 2, table(i32(16), bool(false)));
const DOMAIN = field("domain", 5, EMPTY);
const APP = field("app", 5, EMPTY, table(i64(9), table(i32(32), bool(true))));
const UNKNOWN = (children: FlatChild): FlatChild => field("other", 13, EMPTY, null, children);

/** The number of bytes of typed arrays that are held, and of the heap. */
const memory = (): number => {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
};

function refused(bytes: Uint8Array, reason: RegExp, maxRows = 2 ** 40): void {
  const before = memory();
  expect(() => decodeBatch(bytes, { maxRows })).toThrow(reason);
  expect(() => decodeBatch(bytes, { maxRows })).toThrow(DecodeError);
  expect(memory() - before).toBeLessThan(4_000_000 + 64 * bytes.length);
}

describe("lengths that lie", () => {
  const HUGE = 2 ** 40;
  it.each<[string, Uint8Array, RegExp]>([
    ["rows without any data", stream(schema(), batch(HUGE, [], [])), /more rows than the stream has bits/],
    [
      "rows of a short column",
      stream(schema(PORT), batch(100, [100, 0], [0, 0, 0, 8], words(1, 2))),
      /shorter than its 100 rows/,
    ],
    ["rows of a column of nulls", stream(schema(field("domain", 1, EMPTY)), batch(HUGE, [HUGE, HUGE], [])), /more rows than/],
    [
      "a node that is longer than its batch",
      stream(schema(PORT), batch(1, [HUGE, 0], [0, 0, 0, 8], words(1, 2))),
      /has 1099511627776 rows/,
    ],
    ["more nulls than rows", stream(schema(PORT), batch(1, [1, 5], [0, 0, 0, 8], words(1, 2))), /5 nulls/],
    ["nulls without a bitmap", stream(schema(PORT), batch(2, [2, 1], [0, 0, 0, 8], words(1, 2))), /shorter than its 2 rows/],
    ["a buffer behind the body", stream(schema(PORT), batch(4, [4, 0], [0, 0, 8, 8], words(1, 2))), /lies outside/],
    ["a buffer of more than 2^53 bytes", stream(schema(PORT), batch(4, [4, 0], [0, 0, 0, 2 ** 60], words(1, 2))), /too large/],
    ["too few buffers", stream(schema(PORT, DOMAIN), batch(1, [1, 0], [0, 0, 0, 8], words(1, 2))), /does not have the buffers/],
    [
      "a body behind the stream",
      stream(schema(PORT), message(BATCH, EMPTY, undefined, i64(HUGE))),
      /body is longer than the stream/,
    ],
    ["a dictionary of many values", stream(schema(APP), dictionary(HUGE, words(0, 1), "a")), /shorter than its|does not/],
    ["an index before any dictionary", stream(schema(APP), batch(1, [1, 0], [0, 0, 0, 4], words(7, 0))), /before its dictionary/],
    [
      "text that ends behind its data",
      stream(schema(DOMAIN), batch(1, [1, 0], [0, 0, 0, 8, 8, 1], words(0, 9, 65, 0))),
      /beyond its data/,
    ],
    [
      "text that begins before its data",
      stream(schema(DOMAIN), batch(1, [1, 0], [0, 0, 0, 8, 8, 1], words(-1, 1, 65, 0))),
      /go backwards/,
    ],
  ])("%s", (_, bytes, reason) => refused(bytes, reason));

  function dictionary(rows: number, offsets: Uint8Array, data: string): Uint8Array {
    const body = stream(offsets, new TextEncoder().encode(data.padEnd(8, "\0")));
    const buffers = [0, 0, 0, offsets.length, offsets.length, data.length];
    return message(DICTIONARY, table(i64(9), table(i64(rows), structs([rows, 0], 2), structs(buffers, 2))), body);
  }
});

describe("messages that repeat themselves", () => {
  /** A child that is written once and pointed to `count` times. */
  const shared = (child: FlatChild, count: number): FlatChild => {
    let at: number | null = null;
    const once: FlatChild = (writer) => {
      at ??= child(writer);
      return at;
    };
    return tables(Array.from({ length: count }, () => once));
  };

  it("a tree of 2^60 columns in 60 tables", () => {
    let children: FlatChild = tables([]);
    for (let depth = 0; depth < 60; depth++) children = shared(UNKNOWN(children), 2);
    refused(stream(schema(UNKNOWN(children))), /repeats itself too often/);
  });

  it("one long name for many columns", () => {
    const long = field("x".repeat(50_000), 2, table(i32(16)));
    refused(message(SCHEMA, table(i16(0), shared(long, 5000))), /repeats itself too often/);
  });

  it("one long text for all rows", () => {
    const rows = 2000;
    const offsets = Int32Array.from({ length: rows + 2 }, (_, i) => (i % 2) * 4000);
    const body = stream(new Uint8Array(offsets.buffer), new Uint8Array(4000).fill(65));
    const buffers = [0, 0, 0, offsets.byteLength, offsets.byteLength, 4000];
    refused(stream(schema(DOMAIN), batch(rows, [rows, 0], buffers, body)), /go backwards/);
  });

  it("columns within columns", () => {
    let child = DOMAIN;
    for (let depth = 0; depth < 70; depth++) child = UNKNOWN(tables([child]));
    refused(stream(schema(child)), /nested too deeply/);
  });
});

describe("flatbuffers that are broken", () => {
  /** A message whose metadata is just these words. */
  const raw = (...metadata: number[]): Uint8Array => stream(words(-1, metadata.length * 4), words(...metadata));

  it.each<[string, Uint8Array]>([
    ["no root", raw()],
    ["a root behind the message", raw(400)],
    ["a root that points to itself", raw(0)],
    ["a table without its vtable", raw(8, 0, 1000)],
    ["a vtable behind the message", raw(8, 0, -1000)],
    ["a vtable that is longer than the message", raw(8, 0x0004_7fff, 4)],
    ["a vtable of no length", raw(8, 0, 4)],
    ["a table that is longer than the message", raw(8, 0x7fff_0004, 4)],
    ["a field outside of its table", raw(12, 0x0004_0006, 0x7ff0, 8)],
  ])("%s", (_, bytes) => {
    expect(() => decodeBatch(bytes, { maxRows: 10 })).toThrow(DecodeError);
  });

  it("a message that is none of ours", () => refused(message(4, EMPTY), /no schema, dictionary or record batch/));
  it("a type that Arrow does not have", () => refused(schema(field("other", 99, EMPTY)), /type 99/));
  it("integers of 13 bits", () => refused(schema(field("src_port", 2, table(i32(13)))), /13 bits/));
  it("big-endian data", () => refused(message(SCHEMA, table(i16(1), tables([PORT]))), /big-endian/));
  it("compressed buffers", () => {
    const compressed = message(BATCH, table(i64(1), structs([1, 0], 2), structs([0, 0, 0, 8], 2), EMPTY), words(1, 2));
    refused(stream(schema(PORT), compressed), /zstd/);
  });
  it("more than 16 MiB of metadata in a message", () => {
    refused(message(SCHEMA, table(i16(0), tables([field("x".repeat(1 << 24), 1, EMPTY)]))), /more metadata than/);
  });
  it("an agent's words of more than a MiB", () => {
    const metadata = table(text("flowtrail"), text(`"${"x".repeat(1 << 20)}"`));
    refused(message(SCHEMA, table(i16(0), tables([]), tables([metadata]))), /metadata of flowtrail is longer/);
  });
});

it("takes no more memory than a small multiple of the stream, where the rows are cheap on the wire", () => {
  // One bit a row for one column, and all other columns of nulls without any bytes.
  const rows = 800_000;
  const bits = new Uint8Array(rows / 8);
  const bytes = stream(
    schema(field("counters_final", 6, EMPTY), field("src_ip", 1, EMPTY), field("domain", 1, EMPTY)),
    batch(rows, [rows, 0, rows, rows, rows, rows], [0, 0, 0, bits.length], bits),
  );
  const before = process.memoryUsage().arrayBuffers;
  const { batch: decoded } = decodeBatch(bytes, { maxRows: rows });
  expect(decoded.length).toBe(rows);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * bytes.length);
});
