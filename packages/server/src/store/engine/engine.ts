/**
 * ClickHouse as a supervised child process: started on a free loopback port, started again when it dies, gone when we are gone.
 * The way in is a secret header and a generated password, both new at every start and known to nobody else.
 */
import { randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Endpoint, EndpointSource } from "../endpoint.ts";
import type { Logger } from "../logger.ts";
import { type EngineSettings, keyHeader, runDirectoryPrefix, writeConfigFiles } from "./config-files.ts";
import { EngineError } from "./errors.ts";
import { findLibrary } from "./library.ts";
import { forgetOwner, livingOwner, noteOwner, prepareDataDir } from "./owner.ts";
import { EngineProcess, freePort } from "./process.ts";
import { readAhead } from "./read-ahead.ts";

export interface EngineConfig {
  /** Belongs to the engine alone; made if it is not there. */
  readonly dataDir: string;
  /** The one database that it may touch. */
  readonly database: string;
  readonly memoryBytes: number;
  /** Inserts are refused below this much free disk, so that old partitions can still be dropped. */
  readonly minFreeDiskBytes: number;
  /** The one directory where backups may be written and read. */
  readonly backupDir: string;
  /** A cold 540 MB library on a slow disk takes its time. */
  readonly startTimeoutMs: number;
  readonly stopGraceMs: number;
  /** How long to wait for the engine of a killed server to let go of the directory. */
  readonly lockWaitMs: number;
  readonly maxBackoffMs: number;
}

export type EngineState = "stopped" | "starting" | "up" | "restarting" | "stopping";

export interface EngineStatus {
  readonly state: EngineState;
  /** Times it died and was started again. */
  readonly restarts: number;
  readonly pid: number | null;
  readonly lastError: string | null;
}

const portAttempts = 5;
/** A start that takes longer is held up by the disk. */
const warmStartMs = 500;
const firstBackoffMs = 100;
/** An engine that lived this long has recovered: the next death starts with a short back-off again. */
const healthyMs = 60_000;

interface Running {
  readonly process: EngineProcess;
  readonly endpoint: Endpoint;
  readonly runDirectory: string;
  readonly since: number;
}

export class EmbeddedEngine implements EndpointSource {
  readonly #config: EngineConfig;
  readonly #logger: Logger;
  readonly #waiting = new Set<() => void>();
  readonly #ending = new AbortController();
  #state: EngineState = "stopped";
  #running: Running | null = null;
  #supervision: Promise<void> = Promise.resolve();
  #restarts = 0;
  #lastError: string | null = null;

  constructor(config: EngineConfig, deps: { logger: Logger }) {
    this.#config = config;
    this.#logger = deps.logger;
  }

  get #storePath(): string {
    return join(this.#config.dataDir, "clickhouse");
  }

  get status(): EngineStatus {
    const pid = this.#running?.process.pid ?? null;
    return { state: this.#state, restarts: this.#restarts, pid, lastError: this.#lastError };
  }

  /**
   * Starts the engine and keeps it running until `stop()`.
   * @throws EngineError ENGINE_NOT_HERE, ENGINE_DATA_DIR, ENGINE_LOCKED or ENGINE_START
   */
  async start(): Promise<void> {
    if (this.#state !== "stopped") throw new TypeError(`start() of an engine that is ${this.#state}`);
    this.#state = "starting";
    try {
      this.#up(await this.#launch());
    } catch (error) {
      this.#state = "stopped";
      throw error;
    }
    this.#supervision = this.#supervise();
  }

  /** Stops it cleanly. Close the clients first: an open connection delays it. */
  async stop(): Promise<void> {
    this.#ending.abort();
    if (this.#state === "stopped") return;
    this.#state = "stopping";
    await this.#running?.process.stop(this.#config.stopGraceMs);
    await this.#supervision;
    this.#state = "stopped";
    this.#wake();
    await forgetOwner(this.#config.dataDir);
  }

  async endpoint(timeoutMs: number): Promise<Endpoint | null> {
    const deadline = performance.now() + timeoutMs;
    while (this.#state === "starting" || this.#state === "restarting") {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return null;
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, leftMs);
        this.#waiting.add(done);
      });
    }
    // Also while stopping: what is under way may be finished.
    return this.#running?.endpoint ?? null;
  }

  #up(running: Running): void {
    this.#running = running;
    if (this.#state !== "stopping") this.#state = "up";
    this.#wake();
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }

  /** Waits for deaths and starts it again, until `stop()`. */
  async #supervise(): Promise<void> {
    let backoffMs = firstBackoffMs;
    for (let running = this.#running; running !== null; running = await this.#revive(backoffMs)) {
      const how = await running.process.exited;
      this.#running = null;
      await rm(running.runDirectory, { recursive: true, force: true });
      if (this.#ending.signal.aborted) return;
      this.#state = "restarting";
      this.#lastError = `died (${how})`;
      this.#logger.error({ how, output: running.process.output }, "the embedded engine died, starting it again");
      const healthy = performance.now() - running.since > healthyMs;
      backoffMs = healthy ? firstBackoffMs : Math.min(backoffMs * 2, this.#config.maxBackoffMs);
    }
  }

  /** Starts it again, however often that takes; null when `stop()` came first. */
  async #revive(firstWaitMs: number): Promise<Running | null> {
    const { signal } = this.#ending;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, this.#config.maxBackoffMs)) {
      await delay(waitMs, undefined, { signal }).catch(() => {}); // an abort is looked at right below
      if (signal.aborted) return null;
      this.#restarts += 1;
      try {
        const running = await this.#launch();
        this.#up(running);
        // stop() saw no process while this one was starting.
        if (signal.aborted) await running.process.stop(this.#config.stopGraceMs);
        return running;
      } catch (error) {
        this.#lastError = error instanceof Error ? error.message : String(error);
        this.#logger.error({ err: error, waitMs }, "the embedded engine did not come back");
      }
    }
  }

  /** One start: another port when the first was taken meanwhile, patience with a lock that nobody alive holds. */
  async #launch(): Promise<Running> {
    const { dataDir, lockWaitMs } = this.#config;
    const libraryPath = findLibrary();
    await prepareDataDir(dataDir);
    await prepareDataDir(this.#storePath); // the engine itself says nothing when it can't have it
    const deadline = performance.now() + lockWaitMs;
    for (let attempt = 1; ; ) {
      try {
        return await this.#launchOnce(libraryPath);
      } catch (error) {
        const output = error instanceof EngineError && error.data.code === "ENGINE_START" ? error.data.output : "";
        if (output.includes("Cannot lock file")) {
          const pid = await livingOwner(dataDir);
          if (pid !== null || performance.now() > deadline || this.#ending.signal.aborted) throw this.#locked(pid, error);
          await delay(200);
        } else if (!output.includes("Address already in use") || attempt++ >= portAttempts) {
          throw error;
        }
      }
    }
  }

  async #launchOnce(libraryPath: string): Promise<Running> {
    const { dataDir, database, memoryBytes, minFreeDiskBytes, backupDir, startTimeoutMs } = this.#config;
    const settings: EngineSettings = {
      port: await freePort(),
      database,
      username: "flowtrail",
      password: randomBytes(24).toString("hex"),
      key: randomBytes(24).toString("hex"),
      memoryBytes,
      minFreeDiskBytes,
      backupDir,
    };
    const { directory, configPath } = await writeConfigFiles(dataDir, settings);
    const began = performance.now();
    const files = { libraryPath, configPath, path: this.#storePath };
    const process = new EngineProcess(files, settings, this.#logger);
    const started = new AbortController();
    const reading = delay(warmStartMs, undefined, { signal: started.signal }).then(
      () => readAhead(libraryPath, started.signal),
      () => {}, // it was quick
    );
    try {
      await process.ready(startTimeoutMs);
      await noteOwner(dataDir);
    } catch (error) {
      process.kill();
      await process.exited;
      await rm(directory, { recursive: true, force: true });
      throw error;
    } finally {
      started.abort();
      await reading;
    }
    await this.#removeLeftovers(directory);
    const { port, username, password, key } = settings;
    const endpoint: Endpoint = { url: `http://127.0.0.1:${port}`, username, password, headers: { [keyHeader]: key } };
    this.#logger.info({ pid: process.pid, ms: Math.round(performance.now() - began) }, "the embedded engine is up");
    return { process, endpoint, runDirectory: directory, since: performance.now() };
  }

  /** Removes config directories of servers that were killed. Young ones may belong to a start that is about to meet our lock. */
  async #removeLeftovers(own: string): Promise<void> {
    const { dataDir } = this.#config;
    for (const name of await readdir(dataDir)) {
      const path = join(dataDir, name);
      if (!name.startsWith(runDirectoryPrefix) || path === own) continue;
      const made = await stat(path).catch(() => null); // its owner was quicker
      if (made !== null && Date.now() - made.mtimeMs > 60_000) await rm(path, { recursive: true, force: true });
    }
  }

  #locked(pid: number | null, cause: unknown): EngineError {
    const { dataDir: path } = this.#config;
    const who = pid === null ? "another process (in another container, perhaps)" : `the server with process id ${pid}`;
    return new EngineError(
      { code: "ENGINE_LOCKED", path, pid },
      `The data directory ${path} is in use by ${who}. Stop it, or give this server a directory of its own with --data.`,
      { cause },
    );
  }
}
