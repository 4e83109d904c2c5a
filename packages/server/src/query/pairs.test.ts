import { parseFilter } from "@flowtrail/model";
import { afterAll, beforeAll, expect, it } from "vitest";
import { migrate } from "../store/schema/migrate.ts";
import { memoryLogger, startTestEngine, type TestEngine } from "../store/testing.ts";
import { Inquiry } from "./inquiry.ts";
import { type PairsQuery, pairs } from "./pairs.ts";
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
  const query: PairsQuery = { range, filter: parseFilter(""), metric: "bytes", limit: 10, externals };
  const inquiry = new Inquiry(test.clickhouse, { signal: AbortSignal.timeout(30_000) });
  const found = await pairs(traffic, query, inquiry);
  expect(found.externals).toBe(told);
  const { table } = inquiry.meta;
  expect(table?.includes("flow_deltas")).toBe(told === "domain");
});
