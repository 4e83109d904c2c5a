import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { DEFAULT_MAX_SIZE, type ServerConfig, storeUrls } from "../config/schema.ts";
import { VERSION } from "../version.ts";
import type { RemoteConfig } from "./cluster.ts";
import type { StoreConfig } from "./store.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** What another server was told is in force here, too, after this time. */
const FOLLOW_SETTINGS_MS = 3_000;

/** Quick questions at once: more of them would only share the same cores. */
const quickQuestions = Math.max(4, availableParallelism() * 2);
const heavyQuestions = Math.max(1, Math.floor(availableParallelism() / 2));
const EXPORTS = 2;
/** Jobs, credentials, health: they wait for no question. */
const otherReads = 8;

/** How the questions of people and programs share the store. */
export function deskConfig({ store }: Pick<ServerConfig, "store">) {
  return {
    quick: quickQuestions,
    heavy: heavyQuestions,
    exports: EXPORTS,
    quickMs: 1000,
    heavyThreads: store.url === undefined ? heavyQuestions : null,
    maxWaiting: 500,
    maxWaitMs: 10_000,
  };
}

/** The store's part of the server's configuration, with what nobody needs to choose. */
export function storeConfig({ data, store, retention, ingest, query, netmaker }: ServerConfig): StoreConfig {
  return {
    remote: remoteConfig(store),
    engine: {
      dataDir: join(data, "store"),
      database: store.database,
      memoryBytes: store.memory,
      minFreeDiskBytes: store.min_free_disk,
      backupDir: backupDir(data, store.backup_dir),
      startTimeoutMs: minuteMs,
      stopGraceMs: 10_000,
      lockWaitMs: 10_000,
      maxBackoffMs: 10_000,
    },
    clickhouse: {
      database: store.database,
      waitForEngineMs: 5_000,
      writeTimeoutMs: minuteMs,
      maxConnections: { read: quickQuestions + heavyQuestions + EXPORTS + otherReads, write: 8 },
      limits: { maxExecutionMs: query.max_seconds * 1000, maxMemoryBytes: query.max_memory, maxRowsToRead: 1_000_000_000 },
    },
    commit: {
      maxRows: ingest.commit_rows,
      intervalMs: ingest.commit_interval_ms,
      idleWaitMs: Math.min(50, ingest.commit_interval_ms),
      maxWaitingRows: ingest.max_waiting_rows,
      maxParallel: 2,
    },
    retention: {
      defaults: {
        flows_days: retention.days,
        deltas_days: retention.deltas_days,
        minutes_days: retention.minutes_days,
        hours_days: retention.hours_days,
        rejected_days: retention.rejected_days,
        batches_days: retention.batches_days,
        audit_days: retention.audit_days,
        // A ClickHouse of the operator's has other databases, which share its disk.
        max_size: retention.max_size ?? (store.url === undefined ? DEFAULT_MAX_SIZE : "none"),
      },
      minFreeDiskBytes: store.url === undefined ? store.min_free_disk : 0,
      followEveryMs: store.url === undefined ? null : FOLLOW_SETTINGS_MS,
    },
    upkeep: { lostAfterMs: 24 * hourMs, netmakerLostAfterMs: netmaker.lost_after, tombstoneMs: 5 * minuteMs },
    settle: { everyMs: 10_000, lookBackMs: hourMs, overlapMs: minuteMs, sliceFlows: 50_000 },
    // A write takes a minute at most, and clocks of a cluster differ a little.
    rollups: { shared: store.url !== undefined, everyMs: 15_000, marginMs: 1.5 * minuteMs },
    upkeepIntervalMs: minuteMs,
    backups: {
      dir: backupDir(data, store.backup_dir),
      remote: store.url === undefined ? null : { disk: store.backup_disk ?? null, isCluster: store.cluster !== undefined },
      version: VERSION,
      minFreeDiskBytes: store.min_free_disk,
    },
  };
}

/** Where backups of the embedded engine are, and what is noted of all backups. */
export function backupDir(data: string, configured: string | undefined): string {
  return resolve(configured ?? join(data, "backups"));
}

function remoteConfig({ url, user, password, cluster, replicated }: ServerConfig["store"]): RemoteConfig | null {
  if (url === undefined) return null;
  return {
    urls: storeUrls(url),
    username: user,
    password: password ?? "",
    cluster: cluster === undefined ? null : { name: cluster, replicated },
  };
}
