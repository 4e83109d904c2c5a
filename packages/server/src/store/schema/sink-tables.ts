/** Where sinks are in the stream, what they could not hand over, and which flows were opened. */
import { FLOW_KEY } from "./flow-tables.ts";
import type { Table } from "./table.ts";

const moment = "DateTime64(3, 'UTC')";
const word = "LowCardinality(String)";

/** `track`: what of a sink is told: its place, its state, a backfill. The highest version counts. */
export const SINK_PLACES: Table = {
  name: "sink_places",
  columns: [
    { name: "sink", type: "String" },
    { name: "track", type: word },
    { name: "version", type: "UInt64" },
    { name: "written", type: moment, default: "now64(3, 'UTC')" },
    { name: "value", type: "String", codec: "ZSTD(1)" },
  ],
  engine: "ReplacingMergeTree(version)",
  orderBy: ["sink", "track"],
};

/** Only the key of the record: what is deleted or erased meanwhile is not kept here. `state`: parked, retry, gone. */
export const SINK_PARKED: Table = {
  name: "sink_parked",
  columns: [
    { name: "sink", type: "String" },
    { name: "event", type: "String" },
    { name: "version", type: "UInt64" },
    { name: "parked", type: moment },
    { name: "start", type: moment },
    { name: "flow_id", type: "UInt64" },
    { name: "reporter_id", type: word },
    { name: "kind", type: word },
    { name: "attempts", type: "UInt32" },
    { name: "reason", type: word },
    { name: "message", type: "String", codec: "ZSTD(1)" },
    { name: "state", type: word },
  ],
  engine: "ReplacingMergeTree(version)",
  orderBy: ["sink", "event"],
  ttl: "toDateTime(parked) + INTERVAL 90 DAY",
};

/** Keys of flows in the order in which they were opened: `flows_open` forgets that they were. Filled while a sink wants to be told. */
export const FLOWS_OPENED: Table = {
  name: "flows_opened",
  columns: [
    { name: "stored", type: moment, codec: "Delta(8), ZSTD(1)" },
    { name: "start", type: moment, codec: "Delta(8), ZSTD(1)" },
    { name: "flow_id", type: "UInt64", codec: "Delta(8), ZSTD(1)" },
    { name: "reporter_id", type: word },
  ],
  engine: "MergeTree",
  orderBy: ["stored", ...FLOW_KEY],
  partitionBy: "toYYYYMMDD(stored)",
  ttl: "toDateTime(stored) + INTERVAL 7 DAY",
};
