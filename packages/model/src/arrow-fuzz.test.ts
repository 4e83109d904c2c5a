/** Mutated streams: rows or a DecodeError comes out, nothing else, and memory stays within a multiple of the stream. */
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeBatch } from "./arrow-decode.ts";
import { encodeBatch } from "./arrow-encode.ts";
import { batchOf, jsonOf } from "./batch-testing.ts";
import { SENDER_COLUMNS } from "./columns.ts";
import { DecodeError } from "./errors.ts";
import { rowToJson } from "./json.ts";

const RUNS = 25_000;
const limits = { maxRows: 10_000 };
const vector = arrow.vectorFromArray as (values: readonly unknown[], type: arrow.DataType) => arrow.Vector;

/** Every column once, in our own form; a few as other senders have them; growing dictionaries; nested columns that we don't know. */
const CORPUS: readonly Uint8Array[] = [
  encodeBatch(
    batchOf([
      { reporter: "a", src_ip: "10.0.0.1", direction: "egress", src_bytes: 5, start: 5, counters_final: true },
      { reporter: "b" },
    ]),
    { metadata: { agent_version: "1", covered_from: 1, covered_to: 2, addresses: {}, drops: {}, gauges: {} } },
  ),
  encodeBatch(
    batchOf(
      Array.from({ length: 12 }, (_, i) =>
        Object.fromEntries(SENDER_COLUMNS.map((column) => [column.name, sample(column.type, i, column.values)])),
      ),
    ),
  ),
  arrow.tableToIPC(
    new arrow.Table({
      src_ip: vector(["10.0.0.1", "::1", null], new arrow.Utf8()),
      domain: vector(["a", null, "c"], new arrow.LargeUtf8()),
      other: vector([[1], [], [2, 3]], new arrow.List(new arrow.Field("item", new arrow.Int32()))),
      start: vector([1, 2, null], new arrow.TimestampNanosecond()),
      dst_port: vector([1, 2.5, null], new arrow.Float64()),
      src_bytes: vector([1n, -1n, null], new arrow.Int64()),
      network: vector(["n", "m", "n"], new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())),
      nested: vector([{ domain: "x" }, null, { domain: "y" }], new arrow.Struct([new arrow.Field("domain", new arrow.Utf8())])),
    }),
    "stream",
  ),
  growingDictionary(),
];

function sample(type: string, i: number, values: readonly string[] | undefined): unknown {
  if (i === 5) return null;
  if (type === "text") return `text ${i % 3}`;
  if (type === "enum") return values?.[i % values.length];
  if (type === "address") return i % 2 ? `10.0.0.${i}` : `fd00::${i}`;
  return type === "bool" ? i % 2 === 0 : i;
}

function growingDictionary(): Uint8Array {
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 3);
  const first = vector(["a", "b"], new arrow.Utf8());
  const parts = [first, first.concat(vector(["c"], new arrow.Utf8())), vector(["x"], new arrow.Utf8())].map((dictionary) => {
    const data = Int32Array.from({ length: 3 }, (_, i) => i % dictionary.length);
    return new arrow.RecordBatch({ domain: arrow.makeData({ type, length: 3, nullCount: 0, data, dictionary }) });
  });
  return arrow.RecordBatchStreamWriter.writeAll(parts).toUint8Array(true);
}

const INTERESTING = [0, 1, 2, 4, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const place = fc.nat(0xffff);
const edits = fc.oneof(
  fc.record({ kind: fc.constant("byte" as const), at: place, value: fc.nat(255) }),
  fc.record({ kind: fc.constant("bit" as const), at: place, value: fc.nat(7) }),
  fc.record({ kind: fc.constant("word" as const), at: place, value: fc.oneof(fc.constantFrom(...INTERESTING), fc.nat(4000)) }),
  fc.record({ kind: fc.constant("copy" as const), at: place, value: place }),
);
const mutated = fc
  .tuple(
    fc.nat(CORPUS.length - 1),
    fc.array(edits, { minLength: 1, maxLength: 8 }),
    fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: place }),
  )
  .map(([which, list, cut]) => {
    const original = CORPUS[which] ?? new Uint8Array(0);
    const bytes = original.slice(0, cut === null ? original.length : cut % original.length);
    const view = new DataView(bytes.buffer);
    for (const { kind, at, value } of list) {
      if (bytes.length < 8) break;
      const byte = at % bytes.length;
      const word = byte & ~3;
      if (kind === "byte") bytes[byte] = value;
      else if (kind === "bit") bytes[byte] = (bytes[byte] ?? 0) ^ (1 << value);
      else if (kind === "copy") bytes.copyWithin(word, (value % bytes.length) & ~3, ((value % bytes.length) & ~3) + 32);
      else if (word + 4 <= bytes.length) view.setUint32(word, value, true);
    }
    return bytes;
  });

function allocated(): number {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

it(`gives rows or a DecodeError for ${RUNS} mutated streams`, () => {
  for (const bytes of CORPUS) expect(jsonOf(decodeBatch(bytes, limits).batch).length).toBeGreaterThan(1);
  const seen = { decoded: 0, refused: 0 };
  fc.assert(
    fc.property(mutated, (bytes) => {
      const before = allocated();
      try {
        const { batch } = decodeBatch(bytes, limits);
        expect(batch.length).toBeLessThanOrEqual(limits.maxRows);
        seen.decoded++;
        for (let row = 0; row < Math.min(batch.length, 5); row++) rowToJson(batch, row);
        encodeBatch(batch);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        seen.refused++;
      }
      // The garbage collector only ever makes it less. The objects that a batch of no rows is made of are most of the constant.
      expect(allocated() - before).toBeLessThan(2_000_000 + 64 * bytes.length);
    }),
    { numRuns: RUNS },
  );
  expect(seen.decoded).toBeGreaterThan(RUNS / 50);
  expect(seen.refused).toBeGreaterThan(RUNS / 50);
}, 120_000);
