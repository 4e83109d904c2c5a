/** Who may sign in. Append-only: every change is a new version, the newest counts, the others are the history. */
import type { Table } from "./table.ts";

const moment = "DateTime64(3, 'UTC')";
const word = "LowCardinality(String)";

export const ACCOUNTS: Table = {
  name: "accounts",
  columns: [
    { name: "id", type: "String" },
    { name: "version", type: "UInt32" },
    { name: "changed", type: moment },
    { name: "change_id", type: "String" },
    { name: "source", type: word },
    { name: "subject", type: "String" },
    { name: "name", type: "String" },
    { name: "role", type: word },
    { name: "scope", type: "String" },
    { name: "password", type: "String" },
    { name: "device_key", type: "String" },
    { name: "epoch", type: "UInt32" },
    { name: "created", type: moment },
    { name: "disabled", type: `Nullable(${moment})` },
  ],
  engine: "MergeTree",
  orderBy: ["id", "version", "changed", "change_id"],
};
