/** What we write, read by another implementation: apache-arrow. */
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress } from "./address.ts";
import { decodeBatch } from "./arrow-decode.ts";
import { encodeBatch } from "./arrow-encode.ts";
import { FlowBatch } from "./batch.ts";
import { batchOf, jsonOf, rowArbitrary } from "./batch-testing.ts";
import { COLUMN_LIST, columnNamed } from "./columns.ts";
import type { JsonValue } from "./json.ts";

function jsonValue(name: string, value: unknown): JsonValue {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return formatAddress(value);
  if (columnNamed(name)?.type === "time") return new Date(Number(value)).toISOString();
  if (typeof value !== "bigint") return value as JsonValue;
  return name === "flow_id" || value > BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : Number(value);
}

describe("encodeBatch", () => {
  it("writes streams that apache-arrow reads as the same rows", () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { minLength: 1, maxLength: 20 }), (rows) => {
        const batch = batchOf(rows);
        const table = arrow.tableFromIPC(encodeBatch(batch));
        const written = COLUMN_LIST.filter(({ name }) => !batch.column(name).empty).map(({ name }) => name);
        expect(table.schema.fields.map(({ name }) => name)).toEqual(written);
        for (const [row, json] of jsonOf(batch).entries()) {
          for (const name of written) {
            if (name in json) expect(jsonValue(name, table.getChild(name)?.get(row))).toEqual(json[name]);
          }
        }
        for (const name of written) {
          expect(table.getChild(name)?.nullCount).toBe(rows.filter((_, row) => !batch.column(name).has(row)).length);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("says the type of each column", () => {
    const batch = new FlowBatch(1);
    batch.addRow();
    const { columns: c } = batch;
    c.flow_id.setBigInt(0, 1n);
    c.start.set(0, 1);
    c.src_ip.set(0, new Uint8Array(16));
    c.protocol.set(0, 6);
    c.src_port.set(0, 1);
    c.ct_status.set(0, 1);
    c.domain.set(0, "a");
    c.state.set(0, "open");
    c.primary.set(0, true);
    const types = arrow.tableFromIPC(encodeBatch(batch)).schema.fields.map(({ name, type }) => `${name} ${type}`);
    expect(types).toEqual([
      "flow_id Uint64",
      "protocol Uint8",
      "src_ip FixedSizeBinary[16]",
      "src_port Uint16",
      "start Timestamp<MILLISECOND>",
      "state Dictionary<Int8, Utf8>",
      "ct_status Uint32",
      "domain Dictionary<Int32, Utf8>",
      "primary Bool",
    ]);
  });

  it("writes only the columns asked for, and metadata", () => {
    const batch = batchOf([{ domain: "a", src_port: 1 }]);
    const columns = COLUMN_LIST.filter(({ name }) => name === "src_port");
    const metadata = { agent_version: "ü", covered_from: 1, covered_to: 2, addresses: {}, drops: {}, gauges: {} };
    const { schema } = arrow.tableFromIPC(encodeBatch(batch, { columns, metadata }));
    expect(schema.fields.map(({ name }) => name)).toEqual(["src_port"]);
    expect(JSON.parse(schema.metadata.get("flowtrail") ?? "")).toEqual(metadata);
    expect(arrow.tableFromIPC(encodeBatch(new FlowBatch(0))).numRows).toBe(0);
  });

  it("keeps texts of any characters and lengths", () => {
    const texts = ["", "a", "münchen", "日本".repeat(100), "\u{1f600}", "x".repeat(1024), "日".repeat(1000)];
    const bytes = encodeBatch(batchOf(texts.map((domain) => ({ domain }))));
    expect([...(arrow.tableFromIPC(bytes).getChild("domain") ?? [])]).toEqual(texts);
    const marked = "\ufeffwith a byte order mark";
    const { batch } = decodeBatch(encodeBatch(batchOf([{ domain: marked }])), { maxRows: 1 });
    expect(batch.columns.domain.get(0)).toBe(marked);
  });

  it("begins every message and buffer on a multiple of 8 bytes", () => {
    const bytes = encodeBatch(batchOf([{ domain: "abc", src_port: 1, counters_final: true }, { protocol: 6 }]));
    expect(bytes.length % 8).toBe(0);
    const view = new DataView(bytes.buffer);
    expect(view.getUint32(0, true)).toBe(0xffffffff);
    expect(view.getInt32(4, true) % 8).toBe(0);
    expect([view.getUint32(bytes.length - 8, true), view.getUint32(bytes.length - 4, true)]).toEqual([0xffffffff, 0]);
  });
});
