/** What people set while servers run, and what retention deleted. Both tables only grow: they are the audit. */
import type { Table } from "./table.ts";

const moment = "DateTime64(3, 'UTC')";
const word = "LowCardinality(String)";

/** On a disk that is too full for more rows, what makes room can still be set, and is still noted. */
const settings = { min_free_disk_bytes_to_perform_insert: 0 };

/** Every change is a new version, the newest counts, the others are the history. */
export const SETTINGS: Table = {
  name: "settings",
  columns: [
    { name: "name", type: word },
    { name: "id", type: "String" },
    { name: "version", type: "UInt32" },
    { name: "changed", type: moment },
    { name: "change_id", type: "String" },
    { name: "who", type: "String" },
    { name: "what", type: "String" },
    { name: "value", type: "String", codec: "ZSTD(1)" },
  ],
  engine: "MergeTree",
  orderBy: ["name", "id", "version", "changed", "change_id"],
  settings,
};

/** One row per partition that was dropped, or that rows were deleted of. `until`: of what was deleted, nothing is as new as this. */
export const RETENTION_DROPS: Table = {
  name: "retention_drops",
  columns: [
    { name: "dropped", type: moment },
    { name: "of_table", type: word },
    { name: "partition", type: "String" },
    { name: "node", type: "UInt16" },
    { name: "from", type: moment },
    { name: "until", type: moment },
    { name: "rows", type: "UInt64" },
    { name: "bytes", type: "UInt64" },
    { name: "why", type: word },
    { name: "how", type: word },
  ],
  // Two servers that drop the same at once: one row.
  engine: "ReplacingMergeTree(dropped)",
  orderBy: ["of_table", "partition", "node", "why", "how", "until"],
  settings,
};
