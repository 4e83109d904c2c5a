import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBatch } from "./arrow-decode.ts";
import { encodeBatch } from "./arrow-encode.ts";
import { FlowBatch } from "./batch.ts";
import { batchOf, jsonOf, rowArbitrary } from "./batch-testing.ts";
import { SENDER_COLUMNS, STORED_COLUMNS } from "./columns.ts";
import { addJsonRow, rowToJson } from "./json.ts";

const limits = { maxRows: 10_000 };

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
});

describe("FlowBatch", () => {
  it("joins batches of any lengths, and with itself", () => {
    fc.assert(
      fc.property(fc.array(fc.array(rowArbitrary, { maxLength: 12 }), { maxLength: 4 }), (parts) => {
        const all = new FlowBatch(0);
        for (const part of parts) all.addAll(batchOf(part));
        const expected = jsonOf(batchOf(parts.flat()));
        expect(jsonOf(all)).toEqual(expected);
        all.addAll(all);
        expect(jsonOf(all)).toEqual([...expected, ...expected]);
        expect(jsonOf(decodeBatch(encodeBatch(all), limits).batch)).toEqual([...expected, ...expected]);
      }),
      { numRuns: 50 },
    );
  });

  it("filters and copies as rows one by one", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(rowArbitrary, fc.boolean()), { maxLength: 30 }), (rows) => {
        const batch = batchOf(rows.map(([row]) => row));
        const expected = jsonOf(batch).filter((_, row) => rows[row]?.[1]);
        expect(jsonOf(batch.filter((row) => rows[row]?.[1] ?? false))).toEqual(expected);
        const copied = new FlowBatch(0);
        for (const [row, [, kept]] of rows.entries()) if (kept) copied.addCopy(batch, row);
        expect(jsonOf(copied)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it("takes memory only for columns that are filled", () => {
    const before = process.memoryUsage().arrayBuffers;
    const batch = new FlowBatch(1_000_000);
    batch.addRows(1_000_000);
    expect(batch.columns.src_bytes.empty).toBe(true);
    expect(batch.columns.src_bytes.get(999_999)).toBe(null);
    batch.columns.protocol.set(999_999, 6);
    expect(batch.columns.protocol.get(999_999)).toBe(6);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
  });

  it("holds no codes of a dictionary that is gone", () => {
    const batch = batchOf([{ domain: "a" }, { domain: "b" }, { reporter: "r", domain: "c" }]);
    batch.columns.domain.setNull(2);
    const all = new FlowBatch(0);
    all.addAll(batch.filter((row) => row > 0));
    expect([...all.columns.domain.codes.subarray(0, 2)]).toEqual([0, 0]);
    expect(all.columns.domain.strings).toEqual(["b"]);
    batch.clear();
    batch.addRows(3);
    expect([...batch.columns.domain.codes.subarray(0, 3)]).toEqual([0, 0, 0]);
  });
});

describe("addJsonRow", () => {
  it.each([
    ["src_ip", "300.1.1.1", "address"],
    ["protocol", 256, "255"],
    ["protocol", "tcp", "whole number"],
    ["direction", "inbound", "ingress, egress"],
    ["start", "yesterday", "RFC 3339"],
    ["start", "2026-02-30T00:00:00Z", "RFC 3339"],
    ["start", 1e300, "RFC 3339"],
    ["start", -1, "RFC 3339"],
    ["src_bytes", -1, "2^64"],
    ["flow_id", "18446744073709551616", "2^64"],
    ["counters_final", "yes", "true or false"],
  ])("says what is wrong with %s = %s", (column, value, expected) => {
    const batch = new FlowBatch(1);
    expect(addJsonRow(batch, { [column]: value })).toMatchObject({ column, message: expect.stringContaining(expected) });
    expect(batch.length).toBe(0);
  });

  it("names a wrong value shortly, however large or deep it is", () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    const message = (value: unknown): string => addJsonRow(new FlowBatch(1), { src_port: value })?.message ?? "";
    expect(message(deep)).toMatch(/, got a list$/);
    expect(message({ a: deep })).toMatch(/, got an object$/);
    expect(message("x".repeat(1000))).toHaveLength("expected a whole number from 0 to 65535, got ".length + 82);
  });

  it("ignores what the server knows better and what nobody knows", () => {
    const batch = batchOf([{ reporter: "a", src_name: "forged", primary: true, nonsense: 1 }]);
    expect(rowToJson(batch, 0)).toMatchObject({ reporter: "a", src_name: null, primary: null });
    expect(Object.keys(rowToJson(batch, 0))).toEqual(STORED_COLUMNS.map((column) => column.name));
  });
});
