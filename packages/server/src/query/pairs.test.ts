import { afterAll, beforeAll, expect, it } from "vitest";
import { migrate } from "../store/schema/migrate.ts";
import { memoryLogger, startTestEngine, type TestEngine } from "../store/testing.ts";
import { Inquiry } from "./inquiry.ts";
import { mapOf, type PairsQuery, pairs } from "./pairs.ts";
import { parseForAll } from "./testing-narrowed.ts";
import { Traffic } from "./traffic/traffic.ts";

const HOUR_MS = 3_600_000;
const toMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

let test: TestEngine;
beforeAll(async () => {
  test = await startTestEngine();
  await migrate(test.clickhouse, { logger: memoryLogger() });
});
afterAll(() => test.stop());

it.each([
  [1, "auto", "domain"],
  [2, "auto", "domain"],
  [3, "auto", "one"],
  [24, "auto", "one"],
  [24, "domain", "domain"],
] as const)("of %i hours, externals=%s: by %s", async (hours, externals, told) => {
  // Rollups know who talks to whom, but not by which domains.
  const sources = { throughMs: () => toMs, rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 };
  const traffic = new Traffic({ sources, heard: { ids: () => [] } });
  const range = { fromMs: toMs - hours * HOUR_MS, toMs };
  const query: PairsQuery = { range, filter: parseForAll(""), metric: "bytes", limit: 10, externals };
  const inquiry = new Inquiry(test.clickhouse, { signal: AbortSignal.timeout(30_000) });
  const found = await pairs(traffic, query, inquiry);
  expect(found.externals).toBe(told);
  const { table } = inquiry.meta;
  expect(table?.includes("flow_deltas")).toBe(told === "domain");
});

it("of weeks: the same edges as in one pass, by the names that they have", async () => {
  const DAY_MS = 24 * HOUR_MS;
  const endMs = Math.floor(toMs / DAY_MS) * DAY_MS;
  // Two users of one name; one whose name changed; nobody's addresses. Each day one more byte.
  const ends = ["'user','u1','ana'", "'user','u2','ana'", "'user','u3',if(number % 2 = 0, 'bo', 'bob')", "'external',NULL,NULL"];
  for (const [i, end] of ends.entries()) {
    await test.clickhouse.command(
      `INSERT INTO rollup_pair_days (bucket, network, src_type, src_id, src_name, dst_type, dst_id, dst_name, src_bytes, dst_bytes, connections, computed)
       SELECT toDateTime(${endMs / 1000} - 86400 * (number + 1), 'UTC'), 'n', ${end}, 'node', NULL, 'db', ${100 * (i + 1)} + number, 0, 1, now64(3)
       FROM numbers(30)`,
    );
  }
  const sources = { throughMs: () => endMs, rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 };
  const traffic = new Traffic({ sources, heard: { ids: () => [] } });
  const map = async (days: number, limit: number) => {
    const range = { fromMs: endMs - days * DAY_MS, toMs: endMs };
    const query: PairsQuery = { range, filter: parseForAll("network=n"), metric: "bytes", limit, externals: "one" };
    const inquiry = new Inquiry(test.clickhouse, { signal: AbortSignal.timeout(30_000), explain: true });
    return { ...(await pairs(traffic, query, inquiry)), statements: inquiry.meta.sql?.length };
  };
  const sum = (days: number, least: number) => days * least + (days * (days - 1)) / 2;
  for (const days of [4, 30]) {
    const { nodes, edges, cut, other, statements } = await map(days, 3);
    expect(statements).toBe(days === 30 ? 2 : 1);
    expect(edges.map(({ from, to, bytes, connections }) => [from, to, bytes, connections])).toEqual([
      ["external", "node:db", sum(days, 400), days],
      ["user:u3", "node:db", sum(days, 300), days],
      ["user:u2", "node:db", sum(days, 200), days],
    ]);
    expect({ cut, other }).toEqual({ cut: 1, other: { bytes: sum(days, 100), connections: days } });
    expect(nodes.map(({ name }) => name)).toEqual([null, "db", "bob", "ana"]);
  }
});

it("never has less than nothing beside its edges, though sums were read before them", () => {
  const end = (which: string) => ({
    [`${which}_type`]: "node",
    [`${which}_key`]: which,
    [`${which}_domain`]: null,
    [`${which}_label`]: which,
  });
  const sums = { bytes: "120", connections: "3", found: "1", all_bytes: "100", all_connections: "2" };
  const { edges, other } = mapOf([{ ...end("src"), ...end("dst"), ...sums } as Parameters<typeof mapOf>[0][number]], 10);
  expect([edges.length, other]).toEqual([1, { bytes: 0, connections: 0 }]);
});
