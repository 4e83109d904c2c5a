/** Whose records were deleted on request. Each step is a new version, the highest counts: late uploads of before are refused by it. */
import type { Table } from "./table.ts";

const moment = "DateTime64(3, 'UTC')";
const json = { type: "String", codec: "ZSTD(1)" };

export const ERASURES: Table = {
  name: "erasures",
  columns: [
    { name: "id", type: "String" },
    { name: "version", type: "UInt64" },
    { name: "requested", type: moment },
    { name: "changed", type: moment },
    { name: "state", type: "LowCardinality(String)" },
    { name: "who", type: "String" },
    { name: "subject", ...json },
    { name: "progress", ...json },
    { name: "report", ...json },
    { name: "error", ...json },
  ],
  engine: "ReplacingMergeTree(version)",
  orderBy: ["id"],
};
