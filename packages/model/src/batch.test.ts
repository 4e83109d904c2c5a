import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBatch } from "./arrow-decode.ts";
import { encodeBatch } from "./arrow-encode.ts";
import { FlowBatch } from "./batch.ts";
import { type Column, SENDER_COLUMNS, STORED_COLUMNS } from "./columns.ts";
import { DecodeError } from "./errors.ts";
import { addJsonRow, type JsonRow, rowToJson } from "./json.ts";

const limits = { maxRows: 10_000 };

function arbitraryOf(column: Column): fc.Arbitrary<unknown> {
  switch (column.type) {
    case "u8":
      return fc.integer({ min: 0, max: 255 });
    case "u16":
      return fc.integer({ min: 0, max: 65535 });
    case "u32":
      return fc.integer({ min: 0, max: 4294967295 });
    case "u64":
      return column.name === "flow_id" ? fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map(String) : fc.maxSafeNat();
    case "time":
      return fc.integer({ min: 0, max: 4e12 }).map((ms) => new Date(ms).toISOString());
    case "address":
      return fc.oneof(fc.ipV4(), fc.constantFrom("fd0a::9", "2001:db8::1", "::1", "fe80::1:2"));
    case "text":
      return fc.string({ maxLength: 40 });
    case "enum":
      return fc.constantFrom(...(column.values ?? []));
    case "bool":
      return fc.boolean();
  }
}
const rowArbitrary = fc.record(
  Object.fromEntries(SENDER_COLUMNS.map((column) => [column.name, fc.option(arbitraryOf(column), { nil: null })])),
);

function batchOf(rows: readonly Record<string, unknown>[]): FlowBatch {
  const batch = new FlowBatch(1);
  for (const row of rows) expect(addJsonRow(batch, row)).toBeNull();
  return batch;
}
const jsonOf = (batch: FlowBatch): JsonRow[] => Array.from({ length: batch.length }, (_, row) => rowToJson(batch, row));

describe("FlowBatch as Arrow", () => {
  it("gives back every column, null and value of any rows", () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { maxLength: 20 }), (rows) => {
        const batch = batchOf(rows);
        const back = decodeBatch(encodeBatch(batch), limits).batch;
        expect(jsonOf(back)).toEqual(jsonOf(batch));
        for (const [i, row] of rows.entries()) {
          const json = rowToJson(back, i);
          for (const { name, type } of SENDER_COLUMNS)
            if (name in json && type !== "address") expect(json[name]).toEqual(row[name]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("keeps metadata and rows over copies, filters and reuse", () => {
    const metadata = {
      agent_version: "1",
      covered_from: 1,
      covered_to: 2,
      addresses: { n: ["10.0.0.1"] },
      drops: { self: 1 },
      gauges: {},
    };
    const batch = batchOf([
      { reporter: "a", src_ip: "10.0.0.1" },
      { reporter: "b", src_port: 5 },
    ]);
    const back = decodeBatch(encodeBatch(batch, { metadata }), limits);
    expect(back.metadata).toEqual(metadata);
    expect(jsonOf(batch.filter((row) => row === 1))).toEqual([rowToJson(batch, 1)]);
    const all = new FlowBatch(1);
    all.addAll(batch);
    all.addAll(batch.filter((row) => row === 0));
    expect(jsonOf(all).map((row) => row.reporter)).toEqual(["a", "b", "a"]);
    batch.clear();
    addJsonRow(batch, { network: "n" });
    expect(rowToJson(batch, 0)).toMatchObject({ network: "n", reporter: null, src_ip: null });
    expect(decodeBatch(encodeBatch(new FlowBatch(0)), limits).batch.length).toBe(0);
  });

  it("refuses hostile bytes with a DecodeError and nothing else", () => {
    const good = encodeBatch(
      batchOf([
        { reporter: "a", src_ip: "10.0.0.1", direction: "egress", src_bytes: 5, start: 5, counters_final: true },
        { reporter: "b" },
      ]),
    );
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        fc.nat(good.length),
        (edits, cut) => {
          const bytes = good.slice(0, cut % 3 === 0 ? cut : good.length);
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          try {
            jsonOf(decodeBatch(bytes, limits).batch);
          } catch (error) {
            refused++;
            if (!(error instanceof DecodeError)) throw error;
          }
        },
      ),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(0);
    expect(() => decodeBatch(good, { maxRows: 1 })).toThrow(/more than 1 rows/);
    expect(() => decodeBatch(new Uint8Array(0), limits)).toThrow(DecodeError);
  });
});

describe("addJsonRow", () => {
  it.each([
    ["src_ip", "300.1.1.1", "address"],
    ["protocol", 256, "255"],
    ["protocol", "tcp", "whole number"],
    ["direction", "inbound", "ingress, egress"],
    ["start", "yesterday", "RFC 3339"],
    ["src_bytes", -1, "2^64"],
    ["flow_id", "18446744073709551616", "2^64"],
    ["counters_final", "yes", "true or false"],
  ])("says what is wrong with %s = %s", (column, value, expected) => {
    const batch = new FlowBatch(1);
    expect(addJsonRow(batch, { [column]: value })).toMatchObject({ column, message: expect.stringContaining(expected) });
    expect(batch.length).toBe(0);
  });

  it("ignores what the server knows better and what nobody knows", () => {
    const batch = batchOf([{ reporter: "a", src_name: "forged", primary: true, nonsense: 1 }]);
    expect(rowToJson(batch, 0)).toMatchObject({ reporter: "a", src_name: null, primary: null });
    expect(Object.keys(rowToJson(batch, 0))).toEqual(STORED_COLUMNS.map((column) => column.name));
  });
});
