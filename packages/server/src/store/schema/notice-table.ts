/** What recipients of alerts are to be told, and what became of it. */
import type { Table } from "./table.ts";

const moment = "DateTime64(3, 'UTC')";
const word = "LowCardinality(String)";

export const NOTICES_KEPT_DAYS = 30;

/**
 * Of one id the highest version counts. All versions have the same `created`, by which they are deleted: else an older one could come back
 * when the newest is gone. `attempted` and `failed`: 1970 where it was not.
 */
export const NOTICES: Table = {
  name: "notices",
  columns: [
    { name: "recipient", type: "String" },
    { name: "id", type: "String" },
    { name: "version", type: "UInt64" },
    { name: "created", type: moment },
    { name: "place", type: "UInt64" },
    { name: "changed", type: moment },
    { name: "state", type: word },
    { name: "attempts", type: "UInt32" },
    { name: "attempted", type: moment },
    { name: "next", type: moment },
    { name: "failed", type: moment },
    { name: "error", type: "String", codec: "ZSTD(1)" },
    // JSON; empty where it was told.
    { name: "event", type: "String", codec: "ZSTD(1)" },
  ],
  engine: "ReplacingMergeTree(version)",
  orderBy: ["recipient", "id"],
  ttl: `toDateTime(created) + INTERVAL ${NOTICES_KEPT_DAYS} DAY`,
};
