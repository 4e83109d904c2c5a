import { randomUUID } from "node:crypto";
import { FILTER_FIELDS } from "@flowtrail/model";
import { expect, it } from "vitest";
import { Store } from "../store/store.ts";
import { batchOf } from "../store/test-batches.ts";
import { memoryLogger, testStoreConfig } from "../store/testing.ts";
import { startTestCluster } from "../store/testing-cluster.ts";
import { FlowCounts } from "./count.ts";
import { FlowFacets } from "./facets.ts";
import { FlowList } from "./flow-list.ts";
import { Inquiry } from "./inquiry.ts";
import { parseForAll } from "./testing-narrowed.ts";

const HOUR_MS = 3_600_000;
const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS;

it("flows of a cluster are counted and listed once each, however many report", async () => {
  const cluster = await startTestCluster();
  const store = new Store(testStoreConfig("/nowhere", { remote: cluster.remote }), { logger: memoryLogger() });
  try {
    await store.start();
    const times = { start: startMs, since: startMs, last_seen: startMs, received: Date.now() };
    const row = (n: number) => ({ ...times, flow_id: String(n), reporter_id: "node-1", protocol: n % 2 === 0 ? 6 : 17 });
    await store.insert(batchOf(Array.from({ length: 40 }, (_, n) => ({ ...row(n), state: n < 30 ? "closed" : "open" }))));
    const reporters = [...Array.from({ length: 20_000 }, () => randomUUID()), "node-1"];
    const heard = { ids: () => reporters, has: (id: string) => id === "node-1" };
    const deps = { heard, sources: { throughMs: () => 0, rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 } };
    const inquiry = new Inquiry(store.clickhouse, { signal: AbortSignal.timeout(60_000) });
    const range = { fromMs: startMs - HOUR_MS, toMs: startMs + HOUR_MS };
    const all = parseForAll("");
    expect(await new FlowCounts(deps).count(range, all, inquiry)).toEqual({ count: 40, exact: true, note: null });
    const list = new FlowList({ heard, now: Date.now });
    const listed = async (q: string, sort: "time" | "bytes") => {
      const query = { range, filter: parseForAll(q), limit: 100, sort, order: "desc", place: null } as const;
      return (await list.page(query, inquiry)).flows.map(({ flow_id }) => Number(flow_id));
    };
    const newestFirst = Array.from({ length: 40 }, (_, n) => 39 - n);
    expect(await listed("", "time")).toEqual(newestFirst);
    expect(await listed("", "bytes")).toEqual(newestFirst);
    expect(await listed("src.ip!=192.0.2.1 proto=tcp", "time")).toEqual(newestFirst.filter((n) => n % 2 === 0));
    const fields = FILTER_FIELDS.filter(({ name }) => name === "state");
    const { values } = await new FlowFacets(deps).facets({ range, asked: all, always: all, fields, limit: 9 }, inquiry);
    expect(values.get("state")).toEqual([
      { value: "closed", count: 30 },
      { value: "open", count: 10 },
    ]);
  } finally {
    await store.stop();
    await cluster.stop();
  }
});
