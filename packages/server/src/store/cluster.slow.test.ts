import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RemoteConfig } from "./cluster.ts";
import { Store } from "./store.ts";
import { batchOf } from "./test-batches.ts";
import { memoryLogger, testStoreConfig } from "./testing.ts";
import { startTestCluster, type TestCluster } from "./testing-cluster.ts";

const noon = Date.UTC(2026, 10, 20, 12);

describe("a store on a cluster", () => {
  let test: TestCluster;
  const stores: Store[] = [];
  beforeAll(async () => {
    test = await startTestCluster();
  });
  afterAll(async () => {
    for (const store of stores) await store.stop();
    await test.stop();
  });

  function storeOn(change: Partial<RemoteConfig> = {}, database = "flowtrail"): { store: Store; lines: readonly string[] } {
    const { username, password, cluster: name } = test;
    const remote = { urls: test.url.split(","), username, password, cluster: { name, replicated: false }, ...change };
    const logger = memoryLogger();
    const config = testStoreConfig("/nowhere", { remote });
    const store = new Store({ ...config, clickhouse: { ...config.clickhouse, database } }, { logger });
    stores.push(store);
    return { store, lines: logger.lines };
  }

  it("has its tables made by several servers at once, on every node, and again without harm", async () => {
    await Promise.all(Array.from({ length: 3 }, () => storeOn().store.start()));
    const again = storeOn();
    await again.store.start();
    expect(again.lines.filter((line) => line.includes("schema changed"))).toEqual([]);
    const tables = "SELECT name, engine FROM system.tables WHERE database = 'flowtrail' AND name LIKE 'flows%' ORDER BY name";
    for (const node of again.store.nodes.all) {
      expect(await node.rows(tables)).toEqual([
        { name: "flows", engine: "Distributed" },
        { name: "flows_local", engine: "ReplacingMergeTree" },
        { name: "flows_long", engine: "Distributed" },
        { name: "flows_long_local", engine: "ReplacingMergeTree" },
        { name: "flows_long_view", engine: "MaterializedView" },
        { name: "flows_open", engine: "Distributed" },
        { name: "flows_open_local", engine: "ReplacingMergeTree" },
        { name: "flows_opened", engine: "Distributed" },
        { name: "flows_opened_local", engine: "MergeTree" },
        { name: "flows_rejected", engine: "Distributed" },
        { name: "flows_rejected_local", engine: "ReplacingMergeTree" },
      ]);
    }
  });

  it("gets a column that an older program did not know", async () => {
    const [first] = stores as [Store];
    for (const node of first.nodes.all) {
      await node.command("ALTER TABLE flow_deltas_local DROP COLUMN verdict");
      await node.command(
        "CREATE OR REPLACE TABLE flow_deltas AS flow_deltas_local ENGINE = Distributed('test_shards', 'flowtrail', 'flow_deltas_local')",
      );
    }
    const { store } = storeOn();
    await store.start();
    await store.insert(batchOf([{ flow_id: "9", state: "closed", revision: 1, verdict: "refused" }]));
    expect(await store.clickhouse.rows("SELECT verdict FROM flow_deltas FINAL WHERE flow_id = 9")).toEqual([
      { verdict: "refused" },
    ]);
  });

  it("keeps all of a flow on one shard, by the clock of the node that has it", async () => {
    const [one, other] = stores as [Store, Store];
    const row = (id: number) => ({ flow_id: String(id), src_bytes_delta: 60, dst_bytes_delta: 40 });
    const ids = Array.from({ length: 50 }, (_, i) => 100 + i);
    await one.insert(batchOf(ids.map(row)));
    const ended = ids.map((id) => ({
      ...row(id),
      revision: 1,
      state: "closed",
      end: noon + 7_200_000,
      last_seen: noon + 7_200_000,
    }));
    await other.insert(batchOf(ended));
    const count = (table: string) => `SELECT count() AS n, uniq(shard) AS shards FROM (SELECT flow_id, uniq(shardNum()) AS shard
      FROM ${table} WHERE flow_id BETWEEN 100 AND 149 AND stored > now() - 600 GROUP BY flow_id HAVING shard = 1)`;
    const shards = "SELECT uniq(shardNum()) AS n FROM flows WHERE flow_id BETWEEN 100 AND 149";
    for (const table of ["flows", "flows_long", "flows_open", "flow_deltas"]) {
      expect(await one.clickhouse.rows(count(table)), table).toEqual([{ n: "50", shards: "1" }]);
    }
    expect(await one.clickhouse.rows(shards)).toEqual([{ n: "2" }]);
    expect(await other.clickhouse.rows("SELECT count() AS n FROM flows_open FINAL WHERE flow_id BETWEEN 100 AND 149")).toEqual([
      { n: "0" },
    ]);
  });

  it("looks after every node: lost flows, tombstones, sizes", async () => {
    const [store] = stores as [Store];
    await store.insert(batchOf(Array.from({ length: 20 }, (_, i) => ({ flow_id: String(200 + i), received: noon }))));
    await store.upkeep(noon + 2 * 86_400_000);
    const lost = "SELECT count() AS n FROM flows FINAL WHERE state = 'lost' AND flow_id BETWEEN 200 AND 219";
    expect(await store.clickhouse.rows(lost)).toEqual([{ n: "20" }]);
    await store.upkeep(noon + 4 * 86_400_000);
    expect(await store.clickhouse.rows("SELECT count() AS n FROM flows_open")).toEqual([{ n: "0" }]);
    expect((await store.stats()).rows).toBeGreaterThanOrEqual(71);
  });

  it("says what does not fit", async () => {
    const { urls } = { urls: test.url.split(",") };
    const failure = (change: Partial<RemoteConfig>, database?: string) => expect(storeOn(change, database).store.start()).rejects;
    await failure({ cluster: { name: "nobody", replicated: false } }).toMatchObject({
      code: "SCHEMA_CLUSTER",
      message: expect.stringContaining("it knows test_shards"),
    });
    await failure({ urls: urls.slice(1) }).toMatchObject({ code: "SCHEMA_CLUSTER" });
    await failure({ urls: [urls[0] ?? "", urls[0] ?? ""] }).toMatchObject({ code: "SCHEMA_CLUSTER" });
    await failure({ urls: urls.slice(0, 1), cluster: null }).toMatchObject({ code: "SCHEMA_LAYOUT" });
  });

  it("asks the next node when one is gone, and refuses what needs the lost shard", async () => {
    const [store] = stores as [Store];
    const [first] = test.nodes;
    await store.clickhouse.rows("SELECT 1");
    await first?.kill();
    expect(await store.clickhouse.rows("SELECT getServerPort('http_port') AS port")).toEqual([
      { port: Number(new URL(test.nodes[1]?.url ?? "").port) },
    ]);
    const lost = { code: "STORE_UNAVAILABLE" };
    await expect(store.clickhouse.rows("SELECT count() FROM flows")).rejects.toMatchObject(lost);
    const rows = batchOf(Array.from({ length: 20 }, (_, i) => ({ flow_id: String(300 + i), state: "closed", revision: 1 })));
    await expect(store.insert(rows)).rejects.toMatchObject(lost);
    expect((await store.health()).ping.ok).toBe(false);

    await first?.start();
    await store.insert(rows);
    const stored = "SELECT count() AS n FROM flows FINAL WHERE flow_id BETWEEN 300 AND 319";
    expect(await store.clickhouse.rows(stored)).toEqual([{ n: "20" }]);
    expect((await store.health()).ping.ok).toBe(true);
  });

  it("does not wait for ever for a node that says nothing", { timeout: 120_000 }, async () => {
    const [store] = stores as [Store];
    const port = async () => {
      const [row] = await store.clickhouse.rows<{ port: number }>("SELECT getServerPort('http_port') AS port");
      return row?.port;
    };
    const asked = await port();
    const silent = test.nodes.find(({ url }) => url.endsWith(`:${asked}`));
    silent?.pause();
    try {
      const hanging = store.clickhouse.rows("SELECT count() FROM flows").then(
        () => "answered",
        (error: { code: string }) => error.code,
      );
      // Others pass it over as soon as it has to prove again that it is there, and then whoever waits for it need not any more.
      await expect.poll(() => Promise.race([port(), delay(1000, asked)]), { timeout: 50_000 }).not.toBe(asked);
      expect(await hanging).toBe("STORE_UNAVAILABLE");
    } finally {
      silent?.resume();
    }
    const count = () => store.clickhouse.rows("SELECT count() > 0 AS there FROM flows").catch(() => null);
    await expect.poll(count, { timeout: 50_000 }).toEqual([{ there: 1 }]);
  });
});
