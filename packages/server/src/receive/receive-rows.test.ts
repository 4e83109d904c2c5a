import { gzipSync, zstdCompressSync } from "node:zlib";
import { encodeBatch, rowToJson, SENDER_COLUMNS } from "@flowtrail/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AT_MS, flowBatch, flowJson } from "../testing-rows.ts";
import { readArrow } from "./arrow.ts";
import { decompress } from "./body.ts";
import { checkRows, type RowRules } from "./check.ts";
import { ReceiveError } from "./errors.ts";
import { parseBatchId, readHeaders, readMetadata } from "./headers.ts";
import { readNdjson } from "./ndjson.ts";

const limits = { maxRows: 1000 };
const bytes = (text: string) => new TextEncoder().encode(text);
const rules: RowRules = {
  reporter: { id: "debian", names: ["debian", "n-debian"] },
  networks: null,
  defaultReporter: "debian",
  nowMs: AT_MS + 60_000,
  oldestMs: AT_MS - 30 * 86_400_000,
};
const check = (...changes: Readonly<Record<string, unknown>>[]) =>
  checkRows(readNdjson(bytes(changes.map((change) => JSON.stringify(flowJson(change))).join("\n")), limits), rules);

describe("decompression", () => {
  it.each([
    ["zstd", zstdCompressSync(bytes("hello"))],
    ["gzip", gzipSync(bytes("hello"))],
    ["identity", bytes("hello")],
    [undefined, bytes("hello")],
  ])("undoes %s", async (encoding, body) => {
    expect(new TextDecoder().decode(await decompress(body, encoding, 100))).toBe("hello");
  });

  it.each(["zstd", "gzip", "identity"])("stops a bomb of %s at the limit", async (encoding) => {
    const large = Buffer.alloc(1_000_000);
    const body = { zstd: zstdCompressSync(large), gzip: gzipSync(large), identity: large }[encoding] ?? large;
    await expect(decompress(body, encoding, 999_999)).rejects.toMatchObject({ code: "TOO_LARGE" });
    expect((await decompress(body, encoding, 1_000_000)).length).toBe(1_000_000);
  });

  it("refuses what is none", async () => {
    await expect(decompress(bytes("hello"), "zstd", 100)).rejects.toMatchObject({ code: "BAD_BATCH" });
    await expect(decompress(zstdCompressSync(Buffer.alloc(9999)).subarray(0, 12), "zstd", 99_999)).rejects.toMatchObject({
      code: "BAD_BATCH",
    });
    await expect(decompress(bytes("hello"), "br", 100)).rejects.toMatchObject({ code: "UNSUPPORTED_ENCODING" });
  });
});

describe("NDJSON", () => {
  it("keeps good lines beside broken ones and counts places in the upload", () => {
    const lines = [
      "",
      JSON.stringify(flowJson()),
      "{broken",
      "[1]",
      "\r",
      JSON.stringify(flowJson({ src_ip: "x" })),
      JSON.stringify(flowJson()),
    ];
    const read = readNdjson(bytes(lines.join("\n")), limits);
    expect(read.batch.length).toBe(2);
    expect([read.places(0), read.places(1)]).toEqual([0, 4]);
    expect(read.rejected.map(({ row, code }) => [row, code])).toEqual([
      [1, "NOT_JSON"],
      [2, "NOT_JSON"],
      [3, "BAD_VALUE"],
    ]);
    expect(read.rejected[2]?.message).toContain("src_ip");
  });

  it("stops at the limit of rows", () => {
    const line = `${JSON.stringify(flowJson())}\n`;
    expect(readNdjson(bytes(line.repeat(5)), { maxRows: 5 }).batch.length).toBe(5);
    expect(() => readNdjson(bytes(line.repeat(6)), { maxRows: 5 })).toThrow(ReceiveError);
  });
});

describe("Arrow", () => {
  const stream = encodeBatch(flowBatch({}, { flow_id: "2" }), { columns: SENDER_COLUMNS });

  it("is read, up to the limit of rows", () => {
    expect(readArrow(stream, limits).batch.length).toBe(2);
    expect(() => readArrow(stream, { maxRows: 1 })).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });

  it("of a hostile sender never does more than throw a ReceiveError", () => {
    expect(() => readArrow(bytes("hello"), limits)).toThrow(expect.objectContaining({ code: "BAD_BATCH" }));
    const mutation = fc.tuple(fc.nat(stream.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 8 }), fc.nat(stream.length), (changes, cut) => {
        const mutated = stream.slice(0, cut || stream.length);
        for (const [at, value] of changes) mutated[at] = value;
        try {
          checkRows(readArrow(mutated, limits), rules);
        } catch (error) {
          if (!(error instanceof ReceiveError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("the check of rows", () => {
  it("takes a good row and fills in what follows from the rest", () => {
    const { batch, rejected } = check({ reporter: null, end: null, src_type: "user", src_id: "somebody", primary: true });
    expect(rejected).toEqual([]);
    const row = rowToJson(batch, 0);
    expect(row).toMatchObject({ reporter: "debian", counters_final: true, estimated: false, start_exact: true });
    expect(row.end).toBe(row.last_seen);
    // The server knows these better.
    expect([row.src_type, row.src_id, row.primary]).toEqual([null, null, null]);
  });

  const iso = (ms: number) => new Date(ms).toISOString();
  it.each([
    ["MISSING", { src_ip: null, state: null }],
    ["REPORTER_MISMATCH", { reporter: "inetgw" }],
    ["RESERVED_NETWORK", { network: "sample" }],
    ["BAD_TIME", { last_seen: iso(AT_MS - 60_000), end: null, state: "open" }],
    ["BAD_TIME", { end: iso(AT_MS - 60_000) }],
    ["BAD_TIME", { state: "open" }],
    ["TOO_OLD", { start: iso(0), last_seen: iso(1), end: iso(1) }],
    ["IN_FUTURE", { last_seen: iso(AT_MS + 2 * 86_400_000), end: null, state: "open" }],
    ["OUT_OF_RANGE", { src_bytes: String(2n ** 63n) }],
    ["BAD_VALUE", { domain: "x".repeat(1025) }],
  ])("refuses a row with %s alone", (code, change) => {
    const { batch, rejected } = check({}, change, { flow_id: "3" });
    expect(batch.length).toBe(2);
    expect(rejected).toEqual([
      { row: 1, code, message: expect.any(String), content: expect.stringContaining('"flow_id":"1000"') },
    ]);
  });

  it("names what is missing", () => {
    expect(check({ src_ip: null, state: null }).rejected[0]?.message).toContain("src_ip, state");
  });

  it("forgives a kernel stamp that is a little ahead of the wall clock", () => {
    const { batch, rejected } = check({ last_seen: iso(AT_MS - 3), end: iso(AT_MS - 3) });
    expect(rejected).toEqual([]);
    expect(batch.columns.end.get(0)).toBe(AT_MS);
  });

  it("takes counters up to 2^63 - 1, and a long flow that ended within retention", () => {
    const start = iso(AT_MS - 300 * 86_400_000);
    const { batch, rejected } = check({ src_bytes: String(2n ** 63n - 1n), start });
    expect(rejected).toEqual([]);
    expect(batch.columns.src_bytes.getBigInt(0)).toBe(2n ** 63n - 1n);
  });
});

describe("headers", () => {
  it("are read", () => {
    const headers = {
      "flowtrail-batch": "9f-3.1.2",
      "flowtrail-clock": String(AT_MS),
      "flowtrail-spool": "3;4096",
      "flowtrail-node": "debian",
    };
    expect(readHeaders(headers)).toEqual({
      batchId: { text: "9f-3.1.2", epoch: "9f", sequence: 3, part: "1.2" },
      clockMs: AT_MS,
      spool: { batches: 3, bytes: 4096 },
      node: "debian",
    });
    expect(readHeaders({})).toEqual({ batchId: null, clockMs: null, spool: null, node: null });
  });

  it.each([
    ["flowtrail-batch", "x"],
    ["flowtrail-batch", "x-1.3"],
    ["flowtrail-clock", "now"],
    ["flowtrail-spool", "1"],
    ["flowtrail-node", "a b"],
  ])("refuses %s: %s", (header, text) => {
    expect(() => readHeaders({ [header]: text })).toThrow(expect.objectContaining({ code: "BAD_HEADER" }));
  });

  it("takes an epoch with dashes apart at the last one", () => {
    expect(parseBatchId("a-b-12")).toMatchObject({ epoch: "a-b", sequence: 12, part: "" });
  });

  it("believe metadata only if it is well formed", () => {
    const metadata = { agent_version: "1", covered_from: 1, covered_to: 2, addresses: {}, drops: {}, gauges: {} };
    expect(readMetadata({ ...metadata, more: 1 })).toEqual(metadata);
    const declares = {
      ranges: { wg0: ["10.9.0.0/24"] },
      wireguard: [{ network: "wg0", name: "wg0", public_key: `${"A".repeat(43)}=`, peers: [] }],
    };
    expect(readMetadata({ ...metadata, declares })).toEqual({ ...metadata, declares });
    // Of no use, but the rest is.
    for (const bad of [null, { ranges: {} }, { ...declares, wireguard: [{ ...declares.wireguard[0], public_key: "short" }] }])
      expect(readMetadata({ ...metadata, declares: bad })).toEqual(metadata);
    expect(readMetadata({ ...metadata, drops: { self: -1 } })).toBeNull();
    for (const covered_to of [1e300, 8.64e15 + 1, -1]) expect(readMetadata({ ...metadata, covered_to })).toBeNull();
    expect(readMetadata(null)).toBeNull();
  });
});
