import { mkdtemp, open, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseConfig } from "../../config/load.ts";
import type { Delivery } from "../../receive/ports.ts";
import { fingerprint, piecesOf } from "../move/partitions.ts";
import { TABLES } from "../schema/migrate.ts";
import { batchOf } from "../test-batches.ts";
import { startTestStore, type TestStore } from "../testing.ts";
import { restoreOffline } from "./restore.ts";

const ROWS = 20;
const startMs = Date.now() - 3_600_000;

let test: TestStore;
let elsewhere: string;
/** Of uploads that were acknowledged. */
const acknowledged = new Set<number>();

beforeAll(async () => {
  test = await startTestStore();
  elsewhere = await mkdtemp(join(tmpdir(), "flowtrail-restore-"));
}, 60_000);
afterAll(async () => {
  await test.stop();
  await rm(elsewhere, { recursive: true, force: true });
});

function delivery(sequence: number): Delivery {
  return {
    receivedMs: startMs,
    reporterId: "node-1",
    reporter: "debian",
    epoch: "e",
    sequence,
    part: "",
    rows: ROWS,
    rejected: 0,
    coveredFromMs: null,
    coveredToMs: null,
    spoolBatches: 0,
    spoolBytes: 0,
    drops: {},
    gauges: {},
    clockSkewMs: null,
    agentVersion: "",
    addresses: {},
  } as unknown as Delivery;
}

/** One upload: its rows say which one it was by their source port. */
async function upload(sequence: number): Promise<void> {
  const rows = Array.from({ length: ROWS }, (_, n) => ({
    flow_id: String(sequence * 1000 + n),
    src_port: sequence,
    start: startMs + n,
    end: startMs + 1000,
    since: startMs + n,
    last_seen: startMs + 1000,
    state: "closed",
    src_bytes_delta: 60,
    dst_bytes_delta: 40,
  }));
  await test.store.submit({ rows: batchOf(rows), deliveries: [delivery(sequence)], deadLetters: [] });
  acknowledged.add(sequence);
}

const configOf = (data: string) => parseConfig({ flags: { data } });
const restore = (data: string, from: string, setAside = false) =>
  restoreOffline(configOf(data), { from, setAside, onProgress: () => {} });

async function contents({ store }: TestStore): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const table of TABLES) {
    const pieces = await piecesOf(store.clickhouse, table);
    all[table.name] = await Promise.all(pieces.map((piece) => fingerprint(store.clickhouse, piece, "")));
  }
  return all;
}

it("holds of each upload all or nothing, while uploads go on", async () => {
  let sequence = 1;
  const stop = new AbortController();
  const sender = async () => {
    while (!stop.signal.aborted) await upload(sequence++);
  };
  const senders = [sender(), sender(), sender()];
  while (acknowledged.size < 20) await new Promise((resolve) => setTimeout(resolve, 10));
  const before = new Set(acknowledged);
  const note = await test.store.backups.begin({ name: "whole" });
  const from = sequence;
  expect(note).toMatchObject({ name: "whole", state: "running", base: null });
  await expect(test.store.backups.begin({ name: "second" })).rejects.toMatchObject({ code: "BACKUP_RUNNING" });
  await test.store.backups.ended();
  while (acknowledged.size < before.size + 20) await new Promise((resolve) => setTimeout(resolve, 10));
  stop.abort();
  await Promise.all(senders);
  expect(await test.store.backups.find("whole")).toMatchObject({ state: "done", error: null });

  const data = join(elsewhere, "a");
  const summary = await restore(data, join(test.dataDir, "backups", "whole.tar"));
  expect(summary.tables.find(({ table }) => table === "flows")?.rows).toBeGreaterThanOrEqual(before.size * ROWS);
  const restored = await startTestStore({ dataDir: join(data, "store") });
  try {
    const question = (sql: string) => restored.store.clickhouse.rows<{ n: number; rows: string }>(sql);
    const flows = await question("SELECT src_port AS n, count() AS rows FROM flows FINAL GROUP BY n ORDER BY n");
    const deltas = await question("SELECT src_port AS n, count() AS rows FROM flow_deltas FINAL GROUP BY n ORDER BY n");
    const batches = await question("SELECT sequence AS n, sum(rows) AS rows FROM agent_batches FINAL GROUP BY n ORDER BY n");
    const told = batches.map(({ n, rows }) => ({ n: Number(n), rows: String(rows) }));
    expect(flows).toEqual(told);
    expect(deltas).toEqual(told);
    const held = new Set(told.map(({ n }) => n));
    expect([...before].filter((n) => !held.has(n))).toEqual([]);
    expect([...held].filter((n) => n >= from)).toEqual([]);
  } finally {
    await restored.stop({ keep: true });
  }
}, 120_000);

it("goes on from an earlier one, wherever both were moved to, and comes back as it was", async () => {
  await upload(9000);
  await test.store.backups.begin({ name: "later", base: "whole" });
  await test.store.backups.ended();
  const [later, whole] = await test.store.backups.list();
  expect(later).toMatchObject({ name: "later", base: "whole", state: "done" });
  expect(later?.bytes).toBeLessThan(whole?.bytes ?? 0);
  await expect(test.store.backups.begin({ name: "third", base: "later" })).rejects.toMatchObject({ code: "BACKUP_UNKNOWN" });
  const was = await contents(test);

  const backups = join(elsewhere, "backups");
  await rename(join(test.dataDir, "backups"), backups);
  const data = join(elsewhere, "b");
  await restore(data, join(backups, "later.tar"));
  const restored = await startTestStore({ dataDir: join(data, "store") });
  try {
    expect(await contents(restored)).toEqual(was);
  } finally {
    await restored.stop({ keep: true });
  }
}, 120_000);

it("takes no store's place, unless it is told to set it aside", async () => {
  const data = join(elsewhere, "b");
  const from = join(elsewhere, "backups", "whole.tar");
  await expect(restore(data, from)).rejects.toMatchObject({ code: "RESTORE_NOT_EMPTY" });
  const open = await startTestStore({ dataDir: join(data, "store") });
  await expect(restore(data, from, true)).rejects.toMatchObject({ code: "ENGINE_LOCKED" });
  await open.stop({ keep: true });
  const { setAsideTo } = await restore(data, from, true);
  expect(setAsideTo).toContain(join(data, "store.before-"));
}, 120_000);

it("is refused where it can't be right", async () => {
  await expect(test.store.backups.begin({ name: "next", base: "nothing" })).rejects.toMatchObject({ code: "BACKUP_UNKNOWN" });
  await expect(restore(join(elsewhere, "c"), join(elsewhere, "nothing.tar"))).rejects.toMatchObject({ code: "BACKUP_UNKNOWN" });
  // Torn in transport: one byte of a column.
  const path = join(elsewhere, "backups", "whole.tar");
  const file = await open(path, "r+");
  const { size } = await file.stat();
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, 0);
  const at = bytes.indexOf("/data.bin") + 4096;
  await file.write(Buffer.from([(bytes[at] ?? 0) ^ 0xff]), 0, 1, at);
  await file.close();
  await expect(restore(join(elsewhere, "d"), path)).rejects.toMatchObject({ code: "RESTORE_FAILED" });
}, 120_000);
