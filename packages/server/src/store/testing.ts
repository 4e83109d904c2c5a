/** A real engine in a directory of its own, for tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { RetentionPolicy } from "@flowtrail/model";
import { ClickHouse, type ClickHouseConfig } from "./clickhouse.ts";
import { EmbeddedEngine, type EngineConfig } from "./engine/engine.ts";
import type { Logger } from "./logger.ts";
import { MAX_DAYS_KEPT } from "./retention/policy.ts";
import { Store, type StoreConfig } from "./store.ts";

/** Keeps what is logged, so that a test can look for what must not be there. */
export function memoryLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const log = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  };
  return { lines, debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

export async function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), "flowtrail-store-"));
}

export function engineConfig(dataDir: string, overrides: Partial<EngineConfig> = {}): EngineConfig {
  return {
    dataDir,
    database: "flowtrail",
    memoryBytes: 1_000_000_000,
    minFreeDiskBytes: 10_000_000,
    backupDir: join(dataDir, "backups"),
    startTimeoutMs: 60_000,
    stopGraceMs: 10_000,
    lockWaitMs: 20_000,
    maxBackoffMs: 1_000,
    ...overrides,
  };
}

export const clickHouseConfig: ClickHouseConfig = {
  database: "flowtrail",
  waitForEngineMs: 30_000,
  writeTimeoutMs: 60_000,
  maxConnections: { read: 4, write: 4 },
  limits: { maxExecutionMs: 30_000, maxMemoryBytes: 400_000_000, maxRowsToRead: 500_000_000 },
};

export interface TestEngine {
  readonly dataDir: string;
  readonly engine: EmbeddedEngine;
  readonly clickhouse: ClickHouse;
  readonly logger: ReturnType<typeof memoryLogger>;
  /** Stops the engine; `keep` leaves the data for another start. */
  stop(options?: { keep?: boolean }): Promise<void>;
}

/** Starts an engine with an empty database `flowtrail`, in `dataDir` or in a new temporary directory. */
export async function startTestEngine(options: { dataDir?: string; engine?: Partial<EngineConfig> } = {}): Promise<TestEngine> {
  const dataDir = options.dataDir ?? (await temporaryDirectory());
  const logger = memoryLogger();
  const engine = new EmbeddedEngine(engineConfig(dataDir, options.engine), { logger });
  await engine.start();
  const clickhouse = new ClickHouse(engine, clickHouseConfig, { logger });
  await clickhouse.command("CREATE DATABASE IF NOT EXISTS flowtrail ENGINE = Atomic", {}, { bare: true });
  const stop = async ({ keep = false } = {}) => {
    await clickhouse.close();
    await engine.stop();
    if (!keep) await rm(dataDir, { recursive: true, force: true });
  };
  return { dataDir, engine, clickhouse, logger, stop };
}

/** As long as it can be set: flows of tests began on the same day, whenever the tests run. What is about retention sets it. */
const KEPT: RetentionPolicy = {
  flows_days: MAX_DAYS_KEPT,
  deltas_days: MAX_DAYS_KEPT,
  minutes_days: MAX_DAYS_KEPT,
  hours_days: MAX_DAYS_KEPT,
  rejected_days: MAX_DAYS_KEPT,
  batches_days: MAX_DAYS_KEPT,
  audit_days: MAX_DAYS_KEPT,
  max_size: "none",
};

export function testStoreConfig(dataDir: string, overrides: Partial<StoreConfig> = {}): StoreConfig {
  return {
    remote: null,
    engine: engineConfig(dataDir),
    clickhouse: clickHouseConfig,
    commit: { maxRows: 10_000, intervalMs: 100, idleWaitMs: 20, maxWaitingRows: 100_000, maxParallel: 2 },
    retention: {
      defaults: KEPT,
      minFreeDiskBytes: 10_000_000,
      followEveryMs: null,
    },
    upkeep: { lostAfterMs: 86_400_000, tombstoneMs: 900_000 },
    settle: { everyMs: 3_600_000, lookBackMs: 3_600_000, overlapMs: 60_000, sliceFlows: 1000 },
    rollups: { shared: false, everyMs: null, marginMs: 90_000 },
    upkeepIntervalMs: 3_600_000,
    backups: { dir: join(dataDir, "backups"), remote: null, version: "test", minFreeDiskBytes: 10_000_000 },
    ...overrides,
  };
}

export interface TestStore {
  readonly dataDir: string;
  readonly store: Store;
  readonly logger: ReturnType<typeof memoryLogger>;
  /** Kills the engine with -9, as a crash does. It comes back by itself. */
  kill(): Promise<void>;
  stop(options?: { keep?: boolean }): Promise<void>;
}

/** A store on an engine of its own, in `dataDir` or in a new temporary directory. */
export async function startTestStore(options: { dataDir?: string; config?: Partial<StoreConfig> } = {}): Promise<TestStore> {
  const dataDir = options.dataDir ?? (await temporaryDirectory());
  const logger = memoryLogger();
  const store = new Store(testStoreConfig(dataDir, options.config), { logger });
  await store.start();
  return {
    dataDir,
    store,
    logger,
    kill: async () => {
      const { engine } = await store.health();
      if (engine?.pid) process.kill(engine.pid, "SIGKILL");
    },
    stop: async ({ keep = false } = {}) => {
      await store.stop();
      if (!keep) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const ATTEMPTS = 400;

/** As an agent does: the same again until it is acknowledged, also while the engine comes back from a kill. @throws what the last attempt threw */
export async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
    await setTimeout(50);
  }
}
