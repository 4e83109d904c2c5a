/** What elections rest on, and what was elected or named again: see docs/decisions/0004-primary.md. */
import type { Table } from "./table.ts";

const word = "LowCardinality(String)";
const moment = "DateTime64(3, 'UTC')";

/** One row per reporter: since when it covers its flows, and its gaps. The newest counts. */
export const COVERAGE: Table = {
  name: "coverage",
  columns: [
    { name: "reporter_id", type: "String" },
    { name: "saved", type: moment },
    { name: "state", type: "String", codec: "ZSTD(1)" },
  ],
  engine: "ReplacingMergeTree(saved)",
  orderBy: ["reporter_id"],
  ttl: "toDateTime(saved) + INTERVAL 400 DAY DELETE",
};

/** Work on rows that are stored already: asked for, under way, done. Of a job the highest version counts. People's own are kept: they are the audit. */
export const REATTRIBUTIONS: Table = {
  name: "reattributions",
  columns: [
    { name: "id", type: "String" },
    { name: "version", type: "UInt64" },
    { name: "kind", type: word },
    { name: "state", type: word },
    { name: "requested", type: moment },
    { name: "changed", type: moment },
    { name: "due", type: moment },
    { name: "who", type: "String" },
    { name: "server", type: "String" },
    { name: "task", type: "String", codec: "ZSTD(1)" },
    { name: "progress", type: "String", codec: "ZSTD(1)" },
    { name: "error", type: "String", codec: "ZSTD(1)" },
  ],
  engine: "ReplacingMergeTree(version)",
  orderBy: ["id"],
  ttl: "toDateTime(requested) + INTERVAL 30 DAY DELETE WHERE kind = 'election'",
};
