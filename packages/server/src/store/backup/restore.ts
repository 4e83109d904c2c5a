/** A backup becomes a store again, while no server has it open. */
import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ServerConfig } from "../../config/schema.ts";
import { prepareData } from "../../data-dir.ts";
import { makeLogger } from "../../logger.ts";
import { ClickHouse } from "../clickhouse.ts";
import { openRemote } from "../cluster.ts";
import { storeConfig } from "../config.ts";
import { EmbeddedEngine } from "../engine/engine.ts";
import { EngineError } from "../engine/errors.ts";
import { livingOwner } from "../engine/owner.ts";
import { singleNode } from "../nodes.ts";
import { migrateNodes } from "../schema/distributed.ts";
import { backupPlace } from "./backups.ts";
import { BackupError } from "./errors.ts";
import { BackupNotes } from "./notes.ts";

export interface RestoreRequest {
  /** Path of a backup of the embedded engine; with `store.url` its name on `store.backup_disk`. */
  readonly from: string;
  /** A store that is there is renamed; else it is left as it is, and the restore refused. */
  readonly setAside: boolean;
  /** Bytes so far. */
  readonly onProgress: (bytes: number) => void;
}

export interface RestoreSummary {
  /** Every part of each was read again after the restore, and is as its checksums say. */
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  /** Where the store went that was there; null: there was none. */
  readonly setAsideTo: string | null;
}

const LOOK_MS = 200;

/**
 * @param config of the server that shall have the store
 * @throws BackupError, ServerError, EngineError (ENGINE_LOCKED if a server has the directory), SchemaError, StoreError
 */
export async function restoreOffline(config: ServerConfig, request: RestoreRequest): Promise<RestoreSummary> {
  const { remote, engine: engineConfig, clickhouse: common } = storeConfig(config);
  const logger = makeLogger("error");
  if (remote !== null) {
    if (remote.cluster !== null) {
      const message = "a cluster is restored node by node, by its operator: docs/how-to/backup.md tells how";
      throw new BackupError({ code: "BACKUP_PLACE" }, message);
    }
    const where = { disk: config.store.backup_disk ?? "" };
    const { clickhouse } = openRemote(remote, common, { logger });
    try {
      const tables = await restoreTo(clickhouse, backupPlace(where, request.from), null, request);
      return { tables, setAsideTo: null };
    } finally {
      await clickhouse.close();
    }
  }
  const file = resolve(request.from);
  if ((await stat(file).catch(() => null)) === null)
    throw new BackupError({ code: "BACKUP_UNKNOWN", name: file }, `there is no backup ${file}`);
  await prepareData(config.data);
  const setAsideTo = await makeRoom(engineConfig.dataDir, request.setAside);
  await mkdir(engineConfig.dataDir, { recursive: true, mode: 0o700 });
  const where = { dir: dirname(file) };
  const name = basename(file, ".tar");
  const note = await new BackupNotes(where.dir).find(name);
  const engine = new EmbeddedEngine({ ...engineConfig, backupDir: where.dir }, { logger });
  await engine.start();
  const clickhouse = new ClickHouse(engine, common, { logger });
  try {
    const base = note?.base ? backupPlace(where, note.base) : null;
    return { tables: await restoreTo(clickhouse, backupPlace(where, name), base, request), setAsideTo };
  } finally {
    await clickhouse.close();
    await engine.stop();
  }
}

/** @throws BackupError RESTORE_NOT_EMPTY */
async function assertEmpty(clickhouse: ClickHouse): Promise<void> {
  const { database } = clickhouse;
  const [row] = await clickhouse.rows<{ tables: string }>(
    "SELECT count() AS tables FROM system.tables WHERE database = {database:String} AND total_rows > 0",
    { database },
  );
  if (Number(row?.tables ?? 0) === 0) return;
  const message = `the database ${database} holds data: restore into another one (--store-database), or drop it first (DROP DATABASE ${database})`;
  throw new BackupError({ code: "RESTORE_NOT_EMPTY", path: database }, message);
}

/** @param base where its base is now; null: where it was when the backup was made, or it has none */
async function restoreTo(
  clickhouse: ClickHouse,
  place: string,
  base: string | null,
  { onProgress }: RestoreRequest,
): Promise<RestoreSummary["tables"]> {
  const { database } = clickhouse;
  const id = `flowtrail restore ${process.pid} ${Date.now()}`;
  const settings = `id = '${id}', async = 1${base === null ? "" : `, base_backup = ${base}`}`;
  // It is restored into an empty one, too; and without one no question can be asked.
  await clickhouse.command(`CREATE DATABASE IF NOT EXISTS ${database}`, {}, { bare: true });
  await assertEmpty(clickhouse);
  await clickhouse.command(`RESTORE DATABASE ${database} FROM ${place} SETTINGS ${settings}`, {}, { bare: true });
  for (;;) {
    const [stage] = await clickhouse.rows<{ status: string; bytes_read: string; error: string }>(
      "SELECT status, bytes_read, error FROM system.backups WHERE id = {id:String}",
      { id },
    );
    onProgress(Number(stage?.bytes_read ?? 0));
    if (stage?.status === "RESTORED") break;
    if (stage?.status !== "RESTORING") {
      const why = stage?.error.split(/, Stack trace|\n/)[0] ?? "ClickHouse was started again in the middle of it";
      throw new BackupError({ code: "RESTORE_FAILED" }, `the backup could not be restored: ${why}`);
    }
    await delay(LOOK_MS);
  }
  // An older program's tables become this one's; a newer one's are refused here, and not at the next start.
  await migrateNodes(singleNode(clickhouse), false, { logger: makeLogger("error") });
  return checked(clickhouse);
}

async function checked(clickhouse: ClickHouse): Promise<RestoreSummary["tables"]> {
  const { database } = clickhouse;
  const tables = await clickhouse.rows<{ table: string; rows: string }>(
    `SELECT name AS table, total_rows AS rows FROM system.tables
     WHERE database = {database:String} AND engine LIKE '%MergeTree' ORDER BY name`,
    { database },
  );
  for (const { table } of tables) {
    const [answer] = await clickhouse.rows<{ result: number }>(
      `CHECK TABLE ${table}`,
      {},
      { settings: { check_query_single_value_result: 1 } },
    );
    if (answer?.result !== 1)
      throw new BackupError({ code: "RESTORE_FAILED" }, `the table ${table} is damaged after the restore`);
  }
  return tables.map(({ table, rows }) => ({ table, rows: Number(rows) }));
}

/** Where the engine's directory went; null: there was nothing in it. */
async function makeRoom(dataDir: string, setAside: boolean): Promise<string | null> {
  const held = await readdir(join(dataDir, "clickhouse", "metadata")).catch(() => []); // not there: nothing in it
  if (held.length === 0) return null;
  const pid = await livingOwner(dataDir);
  if (pid !== null) {
    const message = `${dataDir} is in use by the server with process id ${pid}: stop it first, and wait until it has ended`;
    throw new EngineError({ code: "ENGINE_LOCKED", path: dataDir, pid }, message);
  }
  if (!setAside) {
    const message = `${dataDir} holds a store: restore into another data directory (--data), or let it be renamed (--set-aside)`;
    throw new BackupError({ code: "RESTORE_NOT_EMPTY", path: dataDir }, message);
  }
  const to = `${dataDir}.before-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
  await rename(dataDir, to);
  return to;
}
