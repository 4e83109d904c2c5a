import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { ServerConfig } from "../config/schema.ts";
import type { StoreConfig } from "./store.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The store's part of the server's configuration, with what nobody needs to choose. */
export function storeConfig({ data, store, retention, ingest, query }: ServerConfig): StoreConfig {
  return {
    remote: store.url === undefined ? null : { url: store.url, username: store.user, password: store.password ?? "" },
    engine: {
      dataDir: join(data, "store"),
      database: store.database,
      memoryBytes: store.memory,
      minFreeDiskBytes: store.min_free_disk,
      startTimeoutMs: minuteMs,
      stopGraceMs: 10_000,
      lockWaitMs: 10_000,
      maxBackoffMs: 10_000,
    },
    clickhouse: {
      database: store.database,
      waitForEngineMs: 5_000,
      writeTimeoutMs: minuteMs,
      maxConnections: { read: 4 + availableParallelism() * 2, write: 8 },
      limits: { maxExecutionMs: query.max_seconds * 1000, maxMemoryBytes: query.max_memory, maxRowsToRead: 1_000_000_000 },
    },
    commit: {
      maxRows: ingest.commit_rows,
      intervalMs: ingest.commit_interval_ms,
      idleWaitMs: Math.min(50, ingest.commit_interval_ms),
      maxWaitingRows: ingest.max_waiting_rows,
      maxParallel: 2,
    },
    upkeep: { retentionDays: retention.days, lostAfterMs: 24 * hourMs, tombstoneMs: 5 * minuteMs },
    upkeepIntervalMs: minuteMs,
  };
}
