/** Alerts, what people said of them, and how rules did. The engine writes the first, people the second: neither overwrites the other. */
import type { Table } from "./table.ts";

const moment = "DateTime64(3, 'UTC')";
const word = "LowCardinality(String)";
const text = { type: "String", codec: "ZSTD(1)" };

/** One row per change; the highest version counts. */
export const ALERTS: Table = {
  name: "alerts",
  columns: [
    { name: "id", type: "String" },
    { name: "version", type: "UInt64" },
    { name: "rule", type: word },
    { name: "rule_name", type: word },
    { name: "severity", type: word },
    { name: "mitre", type: `Array(${word})` },
    // JSON.
    { name: "labels", ...text },
    { name: "since", type: moment },
    // Null: it does not hold for long enough yet, and is nothing that anybody is told of.
    { name: "opened", type: `Nullable(${moment})` },
    { name: "last", type: moment },
    { name: "ended", type: `Nullable(${moment})` },
    { name: "value", type: "Float64" },
    { name: "bound", type: "Float64" },
    { name: "summary", ...text },
    { name: "q", ...text },
    { name: "window_from", type: moment },
    { name: "window_to", type: moment },
    // The last event that recipients were told of; empty: none.
    { name: "told", type: word },
  ],
  engine: "ReplacingMergeTree(version)",
  orderBy: ["since", "id"],
  partitionBy: "toYYYYMM(since)",
};

/** What people said of an alert: the newest counts. */
export const ALERT_NOTES: Table = {
  name: "alert_notes",
  columns: [
    { name: "alert", type: "String" },
    { name: "time", type: moment },
    { name: "id", type: "String" },
    { name: "action", type: word },
    { name: "who", type: "String" },
    { name: "note", ...text },
    { name: "until", type: `Nullable(${moment})` },
  ],
  engine: "MergeTree",
  orderBy: ["alert", "time", "id"],
  partitionBy: "toYYYYMM(time)",
};

/** How each rule did at its last look: for servers that don't evaluate, and for one that takes over. */
export const ALERT_LOOKS: Table = {
  name: "alert_looks",
  columns: [
    { name: "rule", type: "String" },
    { name: "time", type: moment },
    // JSON.
    { name: "status", ...text },
  ],
  engine: "ReplacingMergeTree(time)",
  orderBy: ["rule"],
};
