/** The inventory in time. Both tables only grow: their history is the audit log, and there is a row only where something changed. */
import type { Table } from "./table.ts";

const time = "DateTime64(3, 'UTC')";
const word = "LowCardinality(String)";
/** When it was stored, by the store's own clock: it may be long after the change, and it is what other servers go by. */
const written = { name: "written", type: time, codec: "ZSTD(1)", default: "now64(3, 'UTC')" };

/** One row per change of one entity of one source. A row that is written twice is one. */
export const INVENTORY: Table = {
  name: "inventory",
  columns: [
    { name: "changed", type: time, codec: "ZSTD(1)" },
    written,
    { name: "change_id", type: "String", codec: "ZSTD(1)" },
    { name: "source", type: word },
    { name: "network", type: word },
    { name: "kind", type: word },
    { name: "id", type: "String", codec: "ZSTD(1)" },
    { name: "deleted", type: "Bool" },
    { name: "entity", type: "String", codec: "ZSTD(1)" },
    { name: "who", type: word },
    { name: "what", type: "String", codec: "ZSTD(1)" },
  ],
  engine: "ReplacingMergeTree(written)",
  orderBy: ["source", "network", "kind", "id", "changed", "change_id"],
};

/** For flows that began in [from, to) the inventory is read as it stood at `as_of` (null: as it was then). The newest one counts. */
export const INVENTORY_CORRECTIONS: Table = {
  name: "inventory_corrections",
  columns: [
    { name: "changed", type: time },
    written,
    { name: "id", type: "String" },
    { name: "from", type: time },
    { name: "to", type: time },
    { name: "network", type: "Nullable(String)" },
    { name: "as_of", type: `Nullable(${time})` },
    { name: "who", type: "String" },
  ],
  engine: "ReplacingMergeTree(written)",
  orderBy: ["changed", "id"],
};
