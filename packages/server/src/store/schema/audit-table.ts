/** Who did what. Rows are added and never changed: what became of something that was noted at its beginning is a row of the next version. */
import type { Table } from "./table.ts";

const moment = (codec = "ZSTD(1)") => ({ type: "DateTime64(3, 'UTC')", codec });
const word = "LowCardinality(String)";
const text = { type: "String", codec: "ZSTD(1)" };

export const AUDIT: Table = {
  name: "audit",
  columns: [
    { name: "time", ...moment("Delta(8), ZSTD(1)") },
    { name: "id", type: "String" },
    // Of one entry; the newest counts, and tells all that those before told.
    { name: "version", type: "UInt8" },
    // Of what was done again and again: the last time, and how often.
    { name: "last", ...moment() },
    { name: "count", type: "UInt32", codec: "ZSTD(1)" },
    { name: "who_kind", type: word },
    { name: "who_id", ...text },
    { name: "who_name", ...text },
    { name: "role", type: word },
    { name: "account", ...text },
    { name: "address", ...text },
    { name: "action", type: word },
    { name: "target", ...text },
    // JSON.
    { name: "details", ...text },
    // Of HTTP; 0: it is not known.
    { name: "status", type: "UInt16", codec: "ZSTD(1)" },
    { name: "server", type: word },
    { name: "request", ...text },
  ],
  engine: "MergeTree",
  orderBy: ["time", "id", "version"],
  partitionBy: "toYYYYMM(time)",
  // On a disk that is too full for more rows, what makes room is still noted.
  settings: { min_free_disk_bytes_to_perform_insert: 0 },
};
