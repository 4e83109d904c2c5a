import { expect, it } from "vitest";
import { Store } from "../store.ts";
import { batchOf } from "../test-batches.ts";
import { memoryLogger, testStoreConfig } from "../testing.ts";
import { startTestCluster } from "../testing-cluster.ts";

const HOUR_MS = 3_600_000;
const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS;

it("rollups of a cluster are computed by each node from its own rows, and add up", async () => {
  const cluster = await startTestCluster();
  const store = new Store(testStoreConfig("/nowhere", { remote: cluster.remote }), { logger: memoryLogger() });
  try {
    await store.start();
    const times = { start: startMs, since: startMs, last_seen: startMs, end: startMs, received: startMs };
    const rows = Array.from({ length: 40 }, (_, n) => ({
      ...{ flow_id: String(n), state: "closed", src_name: n % 2 === 0 ? "alice" : "bob", src_type: "user" },
      ...times,
      src_bytes: n,
    }));
    await store.insert(batchOf(rows));
    while (await store.rollups.pass(new AbortController().signal, { all: true }));
    const ofNodes = await Promise.all(
      store.nodes.all.map((node) => node.rows<{ n: string }>("SELECT count() AS n FROM rollup_sources_local")),
    );
    expect(ofNodes.map(([row]) => row?.n)).toEqual(["2", "2"]);
    const sums = await store.clickhouse.rows(
      "SELECT src_name, sum(src_bytes) AS bytes, sum(connections) AS connections FROM rollup_sources FINAL GROUP BY src_name ORDER BY src_name",
    );
    expect(sums).toEqual([
      { src_name: "alice", bytes: "380", connections: "20" },
      { src_name: "bob", bytes: "400", connections: "20" },
    ]);
  } finally {
    await store.stop();
    await cluster.stop();
  }
});
