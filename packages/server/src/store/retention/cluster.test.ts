import { afterAll, beforeAll, expect, it } from "vitest";
import { Store } from "../store.ts";
import { batchOf } from "../test-batches.ts";
import { memoryLogger, testStoreConfig } from "../testing.ts";
import { startTestCluster, type TestCluster } from "../testing-cluster.ts";
import { dayMs, hourMs, now, today } from "./testing.ts";

let cluster: TestCluster;
let stores: Store[];
beforeAll(async () => {
  cluster = await startTestCluster();
  const { cluster: name, username, password } = cluster;
  const remote = { urls: cluster.nodes.map(({ url }) => url), username, password, cluster: { name, replicated: false } };
  stores = [1, 2].map(() => new Store(testStoreConfig("/nowhere", { remote }), { logger: memoryLogger() }));
  for (const store of stores) await store.start();
}, 120_000);
afterAll(async () => {
  for (const store of stores ?? []) await store.stop();
  await cluster?.stop();
});

it("of a cluster is done on every node, by several servers at once, and counts all of them", async () => {
  const [one, two] = stores as [Store, Store];
  const ended = (id: number, startMs: number, endMs = startMs + 1000) => ({
    flow_id: String(id),
    start: startMs,
    last_seen: endMs,
    end: endMs,
    received: endMs,
    state: "closed",
    revision: 1,
    src_bytes_delta: 1,
  });
  const at = (from: number, count: number, startMs: number) => Array.from({ length: count }, (_, i) => ended(from + i, startMs));
  await one.insert(
    batchOf([...at(0, 40, now - 9 * dayMs), ...at(100, 40, now - 3 * dayMs), ended(99, now - 9 * dayMs, now - hourMs)]),
  );
  const { survey } = await one.retention.report(now);
  expect(survey.tables.get("flows")?.rows).toBe(81);
  expect(survey.nodes.map(({ bytes, freeBytes }) => [bytes > 0, (freeBytes ?? 0) > 0])).toEqual([
    [true, true],
    [true, true],
  ]);
  expect(survey.partitions.find(({ table }) => table.name === "flows")?.parts).toHaveLength(2);

  await two.retention.settings.set({ flows_days: 7, deltas_days: 7 }, "test", now);
  await Promise.all([one.upkeep(now), two.upkeep(now)]);
  const ids = async (table: string) =>
    (await one.clickhouse.rows<{ id: string }>(`SELECT flow_id AS id FROM ${table} ORDER BY id`)).map(({ id }) => Number(id));
  const left = [99, ...Array.from({ length: 40 }, (_, i) => 100 + i)];
  expect(await ids("flows")).toEqual(left);
  expect(await ids("flows_long")).toEqual([99]);
  expect((await ids("flow_deltas")).filter((id) => id < 99)).toEqual([]);
  expect(two.retention.flowsFromMs(now)).toBe(now - 7 * dayMs);

  const hold = { fromMs: today - 3 * dayMs, toMs: today - 2 * dayMs, network: "netmaker", reason: "r" };
  const { id } = await one.retention.settings.addHold(hold, "ana", now);
  await two.retention.settings.set({ flows_days: 1 }, "test", now);
  await two.upkeep(now);
  expect(await ids("flows")).toEqual(left);
  await one.retention.settings.releaseHold(id, "ana", now);
  await two.upkeep(now);
  expect(await ids("flows")).toEqual([99]);
});
