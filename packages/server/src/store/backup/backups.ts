/**
 * Backups by ClickHouse's own BACKUP, while the server goes on. Writes are kept back until ClickHouse has taken hold of all tables'
 * parts (some hundredths of a second), so that a backup is one state of all tables: of each upload all or nothing, and of everything
 * else what a sudden end would have left, from which every job goes on.
 */
import { statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { formatBytes } from "@flowtrail/model";
import type { ClickHouse } from "../clickhouse.ts";
import type { Logger } from "../logger.ts";
import { SCHEMA_VERSION } from "../schema/migrate.ts";
import { BackupError } from "./errors.ts";
import { BACKUP_NAME, type BackupNote, BackupNotes } from "./notes.ts";

export interface BackupsConfig {
  /** Of the notes, and of the embedded engine's backups. */
  readonly dir: string;
  /** Where a remote ClickHouse writes: a disk of its own. Null: the embedded engine. */
  readonly remote: { readonly disk: string | null; readonly isCluster: boolean } | null;
  /** Of Flowtrail. */
  readonly version: string;
  readonly minFreeDiskBytes: number;
}

export interface BackupsDeps {
  readonly clickhouse: ClickHouse;
  /** No upload is half written until it is released. */
  readonly holdUploads: () => Promise<() => void>;
  readonly now: () => number;
  readonly logger: Logger;
}

/** A rollup of a busy hour takes some seconds. */
const HOLD_MS = 30_000;
const LOOK_MS = 20;
const PROGRESS_MS = 500;

interface Stage {
  readonly status: string;
  readonly num_files: string;
  readonly total_size: string;
  /** Of what was written: without the files that are in its base. */
  readonly compressed_size: string;
  readonly error: string;
}

export class Backups {
  readonly #config: BackupsConfig;
  readonly #deps: BackupsDeps;
  readonly #notes: BackupNotes;
  #current: BackupNote | null = null;
  #written: Promise<void> = Promise.resolve();

  constructor(config: BackupsConfig, deps: BackupsDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#notes = new BackupNotes(config.dir);
  }

  /** The newest first. */
  async list(): Promise<BackupNote[]> {
    return (await this.#notes.list()).map((note) => this.#asItIs(note));
  }

  /** Null: there is none of that name. */
  async find(name: string): Promise<BackupNote | null> {
    const note = BACKUP_NAME.test(name) ? await this.#notes.find(name) : null;
    return note === null ? null : this.#asItIs(note);
  }

  /**
   * Begins one, and resolves when its state is fixed: what is written to the store from then on is not in it.
   * @param base goes on from this one: holds only what is new
   * @throws BackupError, StoreError
   */
  async begin({ name, base = null }: { name: string; base?: string | null }): Promise<BackupNote> {
    if (this.#current !== null) {
      const running = this.#current.name;
      throw new BackupError({ code: "BACKUP_RUNNING", name: running }, `the backup ${running} is under way: one at a time`);
    }
    const started = new Date(this.#deps.now()).toISOString();
    const about = { version: this.#config.version, schema: SCHEMA_VERSION, error: null };
    this.#current = { name, base, state: "running", started, ended: null, bytes: 0, tables: [], ...about };
    const id = `flowtrail ${name} ${started}`;
    try {
      await this.#check(this.#current);
      this.#current = { ...this.#current, tables: await this.#fix(this.#current, id) };
      await this.#notes.write(this.#current);
    } catch (error) {
      this.#current = null;
      throw error;
    }
    this.#written = this.#follow(this.#current, id);
    return this.#current;
  }

  /** Resolves when none is being written. */
  async ended(): Promise<void> {
    await this.#written;
  }

  /** @throws BackupError for what can't begin */
  async #check({ name, base }: BackupNote): Promise<void> {
    if ((await this.find(name)) !== null)
      throw new BackupError({ code: "BACKUP_EXISTS", name }, `there is a backup ${name} already: choose another name`);
    const from = base === null ? null : await this.find(base);
    if (base !== null && from?.state !== "done")
      throw new BackupError({ code: "BACKUP_UNKNOWN", name: base }, `there is no finished backup ${base} to go on from`);
    // So that two files are enough for a restore, wherever they were moved to.
    if (from?.base) {
      const message = `${from.name} goes on from ${from.base} itself: name ${from.base}, or another backup that is whole`;
      throw new BackupError({ code: "BACKUP_UNKNOWN", name: from.name }, message);
    }
    const { remote, dir, minFreeDiskBytes } = this.#config;
    if (remote !== null) return assertRemote(remote);
    const { bavail, bsize } = await statfs(dir).catch(() => statfs(dirname(dir))); // made with the first note
    const needed = base === null ? await this.#storeBytes() : 0;
    if (bavail * bsize < needed + minFreeDiskBytes) {
      const message = `${dir} has ${formatBytes(bavail * bsize)} left, and the backup takes about ${formatBytes(needed)}: make room, set store.backup_dir, or go on from an earlier backup (base)`;
      throw new BackupError({ code: "BACKUP_PLACE" }, message);
    }
  }

  /** Lets ClickHouse take hold of one state of all tables. Resolves with their rows. */
  async #fix({ name, base }: BackupNote, id: string): Promise<BackupNote["tables"]> {
    const { clickhouse } = this.#deps;
    const from = base === null ? "" : `, base_backup = ${this.#place(base)}`;
    const sql = `BACKUP DATABASE ${clickhouse.database} TO ${this.#place(name)} SETTINGS id = ${quoted(id)}, async = 1${from}`;
    return this.#whileHeld(async () => {
      const tables = await this.#tables();
      await clickhouse.command(sql, {}, { whileHeld: true });
      // The first file is written after all parts have been looked up.
      for (let stage = await this.#stage(id); isGathering(stage); stage = await this.#stage(id)) await delay(LOOK_MS);
      return tables;
    });
  }

  async #whileHeld<T>(work: () => Promise<T>): Promise<T> {
    const { clickhouse, holdUploads } = this.#deps;
    const releaseUploads = await holdUploads();
    try {
      const release = await clickhouse.hold(HOLD_MS);
      if (release === null) {
        const message = `something has been writing for ${HOLD_MS / 1000} s, and a backup begins between two statements: try again later`;
        throw new BackupError({ code: "BACKUP_BUSY" }, message);
      }
      return await work().finally(release);
    } finally {
      releaseUploads();
    }
  }

  /** Notes how it goes, to its end. What goes wrong stands in the note. */
  async #follow(note: BackupNote, id: string): Promise<void> {
    const { logger, now } = this.#deps;
    try {
      let stage = await this.#stage(id);
      while (stage.status === "CREATING_BACKUP") {
        this.#current = { ...note, bytes: Number(stage.total_size) };
        await delay(PROGRESS_MS);
        stage = await this.#stage(id);
      }
      const isDone = stage.status === "BACKUP_CREATED";
      const error = isDone ? null : (/^.*/.exec(stage.error)?.[0] ?? stage.status);
      const ended = new Date(now()).toISOString();
      const bytes = Number(stage.compressed_size);
      await this.#notes.write({ ...note, state: isDone ? "done" : "failed", ended, bytes, error });
      logger.info({ name: note.name, state: stage.status, bytes }, "a backup has ended");
    } catch (error) {
      logger.error({ err: error, name: note.name }, "what became of a backup is not known");
    } finally {
      this.#current = null;
    }
  }

  async #stage(id: string): Promise<Stage> {
    const [stage] = await this.#deps.clickhouse.rows<Stage>(
      "SELECT status, num_files, total_size, compressed_size, error FROM system.backups WHERE id = {id:String}",
      { id },
    );
    return (
      stage ?? {
        status: "LOST",
        num_files: "0",
        total_size: "0",
        compressed_size: "0",
        error: "ClickHouse was started again in the middle of it",
      }
    );
  }

  async #tables(): Promise<BackupNote["tables"]> {
    const { clickhouse } = this.#deps;
    const tables = await clickhouse.rows<{ table: string; rows: string }>(
      "SELECT table, sum(rows) AS rows FROM system.parts WHERE active AND database = {database:String} GROUP BY table ORDER BY table",
      { database: clickhouse.database },
    );
    return tables.map(({ table, rows }) => ({ table, rows: Number(rows) }));
  }

  async #storeBytes(): Promise<number> {
    const { clickhouse } = this.#deps;
    const [row] = await clickhouse.rows<{ bytes: string }>(
      "SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = {database:String}",
      { database: clickhouse.database },
    );
    return Number(row?.bytes ?? 0);
  }

  #place(name: string): string {
    const { remote, dir } = this.#config;
    return backupPlace(remote === null ? { dir } : { disk: remote.disk ?? "" }, name);
  }

  #asItIs(note: BackupNote): BackupNote {
    if (note.state !== "running") return note;
    if (note.name === this.#current?.name) return this.#current;
    return { ...note, state: "failed", error: "the server was stopped in the middle of it" };
  }
}

/** As BACKUP and RESTORE name it. */
export function backupPlace(where: { readonly dir: string } | { readonly disk: string }, name: string): string {
  const file = `${name}.tar`;
  return "dir" in where ? `File(${quoted(join(where.dir, file))})` : `Disk(${quoted(where.disk)}, ${quoted(file)})`;
}

/** These statements take no parameters. */
const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

const isGathering = ({ status, num_files }: Stage) => status === "CREATING_BACKUP" && num_files === "0";

function assertRemote({ disk, isCluster }: NonNullable<BackupsConfig["remote"]>): void {
  if (isCluster) {
    const message =
      "a cluster is backed up node by node, by its operator: BACKUP DATABASE on each of them (docs/how-to/backup.md tells how)";
    throw new BackupError({ code: "BACKUP_PLACE" }, message);
  }
  if (disk === null) {
    const message =
      "store.backup_disk is not set: say to which disk of that ClickHouse backups go (it must stand in its backups.allowed_disk)";
    throw new BackupError({ code: "BACKUP_PLACE" }, message);
  }
}
