/** Backup and restore with a ClickHouse of the operator's. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseConfig } from "../../config/load.ts";
import { fingerprint, piecesOf } from "../move/partitions.ts";
import { TABLES } from "../schema/migrate.ts";
import { Store } from "../store.ts";
import { batchOf } from "../test-batches.ts";
import { memoryLogger, temporaryDirectory, testStoreConfig } from "../testing.ts";
import { BACKUP_DISK, startTestCluster, type TestCluster } from "../testing-cluster.ts";
import { restoreOffline } from "./restore.ts";

const startMs = Date.now() - 3_600_000;
let cluster: TestCluster;
let data: string;
beforeAll(async () => {
  data = await temporaryDirectory();
  cluster = await startTestCluster(1);
}, 90_000);
afterAll(async () => {
  await cluster.stop();
  await rm(data, { recursive: true });
});

async function startStore(disk: string | null): Promise<Store> {
  const own = testStoreConfig(data);
  const remote = { ...cluster.remote, cluster: null };
  const backups = { ...own.backups, dir: join(data, "notes"), remote: { disk, isCluster: false } };
  const store = new Store({ ...own, remote, backups }, { logger: memoryLogger() });
  await store.start();
  return store;
}

async function contents({ clickhouse }: Store): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const table of TABLES)
    all[table.name] = await Promise.all((await piecesOf(clickhouse, table)).map((piece) => fingerprint(clickhouse, piece, "")));
  return all;
}

const restore = (from: string) =>
  restoreOffline(
    parseConfig({
      flags: {
        data,
        "store.url": cluster.url,
        "store.user": cluster.username,
        "store.password": cluster.password,
        "store.backup_disk": BACKUP_DISK,
      },
    }),
    { from, setAside: false, onProgress: () => undefined },
  );

it("is written to the disk that is named, and comes back as it was into an empty database", async () => {
  const store = await startStore(BACKUP_DISK);
  const rows = Array.from({ length: 500 }, (_, n) => ({
    flow_id: String(n + 1),
    start: startMs + n,
    end: startMs + 1000,
    since: startMs + n,
    last_seen: startMs + 1000,
    state: "closed",
    src_bytes_delta: 60,
    dst_bytes_delta: 40,
  }));
  await store.submit({ rows: batchOf(rows), deliveries: [], deadLetters: [] });
  await store.backups.begin({ name: "whole" });
  await store.backups.ended();
  expect(await store.backups.find("whole")).toMatchObject({ state: "done", error: null });
  const was = await contents(store);
  const { clickhouse } = store;
  // What is there is not overwritten.
  await expect(restore("whole")).rejects.toMatchObject({ code: "RESTORE_NOT_EMPTY" });
  expect(await contents(store)).toEqual(was);
  await clickhouse.command(`DROP DATABASE ${clickhouse.database} SYNC`, {}, { bare: true });
  await store.stop();

  const { tables, setAsideTo } = await restore("whole");
  expect([setAsideTo, tables.find(({ table }) => table === "flows")?.rows]).toEqual([null, rows.length]);
  const again = await startStore(BACKUP_DISK);
  expect(await contents(again)).toEqual(was);
  await again.stop();
}, 120_000);

it("says what is missing", async () => {
  const store = await startStore(null);
  await expect(store.backups.begin({ name: "nowhere" })).rejects.toMatchObject({ code: "BACKUP_PLACE" });
  await store.clickhouse.command(`DROP DATABASE ${store.clickhouse.database} SYNC`, {}, { bare: true });
  await store.stop();
  await expect(restore("nothing")).rejects.toMatchObject({ code: "RESTORE_FAILED" });
}, 60_000);
