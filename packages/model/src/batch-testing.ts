/** Batches of any rows, for tests. */
import fc from "fast-check";
import { FlowBatch } from "./batch.ts";
import { type Column, SENDER_COLUMNS } from "./columns.ts";
import { addJsonRow, type JsonRow, rowToJson } from "./json.ts";

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
/** A sender's row, any of its values null. */
export const rowArbitrary = fc.record(
  Object.fromEntries(SENDER_COLUMNS.map((column) => [column.name, fc.option(arbitraryOf(column), { nil: null })])),
);

export function batchOf(rows: readonly Record<string, unknown>[]): FlowBatch {
  const batch = new FlowBatch(1);
  for (const row of rows) {
    const problem = addJsonRow(batch, row);
    if (problem) throw new Error(`${problem.column}: ${problem.message}`);
  }
  return batch;
}
export const jsonOf = (batch: FlowBatch): JsonRow[] => Array.from({ length: batch.length }, (_, row) => rowToJson(batch, row));
