/** Which server does what only one of them may do. */
import type { Table } from "./table.ts";

const moment = "DateTime64(3, 'UTC')";

/** One row per claim, written again with each beat. All times are the store's: servers' clocks may differ. */
export const LEASES: Table = {
  name: "leases",
  columns: [
    { name: "name", type: "LowCardinality(String)" },
    { name: "term", type: "UInt64" },
    { name: "claim", type: "String" },
    { name: "holder", type: "String" },
    { name: "claimed", type: moment },
    { name: "beat", type: moment },
    { name: "released", type: "UInt8" },
  ],
  engine: "ReplacingMergeTree(beat)",
  orderBy: ["name", "term", "claim"],
  ttl: "toDateTime(beat) + INTERVAL 1 DAY",
};
