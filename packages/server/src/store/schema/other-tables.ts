/** What is stored beside the flows: who delivered what, what was refused, who may come in. */
import type { Table } from "./table.ts";

const received = { name: "received", type: "DateTime64(3, 'UTC')", codec: "Delta(8), ZSTD(1)" };
const word = "LowCardinality(String)";

/** The dead letters: rows that were refused, with the reason. A batch that comes twice is refused once. */
export const FLOWS_REJECTED: Table = {
  name: "flows_rejected",
  columns: [
    received,
    { name: "reporter_id", type: word },
    { name: "batch", type: "String" },
    { name: "row_number", type: "UInt32" },
    { name: "code", type: word },
    { name: "message", type: "String", codec: "ZSTD(1)" },
    { name: "json", type: "String", codec: "ZSTD(1)" },
  ],
  engine: "ReplacingMergeTree",
  orderBy: ["reporter_id", "batch", "row_number"],
  partitionBy: "toYYYYMMDD(received)",
};

/** One row per stored batch: an agent's coverage, gaps, losses and health over time. */
export const AGENT_BATCHES: Table = {
  name: "agent_batches",
  columns: [
    received,
    { name: "reporter_id", type: word },
    { name: "reporter", type: word },
    { name: "epoch", type: word },
    { name: "sequence", type: "UInt64", codec: "Delta(8), ZSTD(1)" },
    { name: "part", type: word },
    { name: "rows", type: "UInt32" },
    { name: "rejected", type: "UInt32" },
    { name: "covered_from", type: "Nullable(DateTime64(3, 'UTC'))", codec: "ZSTD(1)" },
    { name: "covered_to", type: "Nullable(DateTime64(3, 'UTC'))", codec: "ZSTD(1)" },
    { name: "spool_batches", type: "UInt64" },
    { name: "spool_bytes", type: "UInt64" },
    { name: "drops", type: `Map(${word}, UInt64)`, codec: "ZSTD(1)" },
    { name: "gauges", type: `Map(${word}, Float64)`, codec: "ZSTD(1)" },
    { name: "clock_skew_ms", type: "Nullable(Int64)", codec: "ZSTD(1)" },
    { name: "agent_version", type: word },
    { name: "addresses", type: `Map(${word}, Array(String))`, codec: "ZSTD(1)" },
  ],
  engine: "ReplacingMergeTree",
  orderBy: ["reporter_id", "epoch", "sequence", "part"],
  partitionBy: "toYYYYMMDD(received)",
};

export const TOKEN_KINDS = ["agent", "api", "enrol", "session", "signin"] as const;

/** Append-only: every change is a new version, the newest one counts, the others are the history. */
export const TOKENS: Table = {
  name: "tokens",
  columns: [
    { name: "id", type: "String" },
    { name: "version", type: "UInt32" },
    { name: "changed", type: "DateTime64(3, 'UTC')" },
    { name: "change_id", type: "String" },
    { name: "kind", type: word },
    { name: "name", type: "String" },
    { name: "node", type: "Nullable(String)" },
    { name: "hash", type: "String" },
    { name: "created", type: "DateTime64(3, 'UTC')" },
    { name: "expires", type: "Nullable(DateTime64(3, 'UTC'))" },
    { name: "spent", type: "Nullable(DateTime64(3, 'UTC'))" },
    { name: "revoked", type: "Nullable(DateTime64(3, 'UTC'))" },
    // Older tokens have none of these: they may do everything.
    { name: "role", type: word },
    { name: "scope", type: "String" },
    { name: "account", type: "Nullable(String)" },
    { name: "epoch", type: "UInt32" },
    { name: "via", type: "Nullable(String)" },
    { name: "mark", type: word },
    // JSON: what an enrolment token is good for.
    { name: "terms", type: "String" },
    // Ids, with commas: they are revoked when this one is used.
    { name: "replaces", type: "String" },
    // Since when its agent is asked to change it for a new one.
    { name: "rotate", type: "Nullable(DateTime64(3, 'UTC'))" },
  ],
  engine: "MergeTree",
  orderBy: ["id", "version", "changed", "change_id"],
};

/** Which versions of the schema this database has seen. */
export const SCHEMA_VERSIONS: Table = {
  name: "schema_versions",
  columns: [
    { name: "version", type: "UInt32" },
    { name: "applied", type: "DateTime64(3, 'UTC')", default: "now64(3, 'UTC')" },
  ],
  engine: "ReplacingMergeTree",
  orderBy: ["version"],
};
