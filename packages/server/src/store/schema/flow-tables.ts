/**
 * The tables of flows.
 *
 * `flows`: one row per ended (or lost) flow and reporter. `flows_long`: a second copy of those that lived long, for questions about
 * flows that began before a window. `flows_open`: the newest revision of what is open, and tombstones of what has ended a moment ago.
 * `flow_deltas`: what each revision added, by when it did. All replace by version, so that a batch may come any number of times and
 * in any order.
 *
 * Reading: a flow may for a moment be in `flows` and in `flows_open` (an agent that was taken for lost and spoke again). Both have
 * the same key, so a reader that merges them by key keeps the higher `version`, and the one of `flows` among equals.
 */
import { COLUMNS, type Column, type ColumnName, STORED_COLUMNS } from "@flowtrail/model";
import type { CopyingView } from "./align.ts";
import { clickHouseCodec, clickHouseType } from "./column-types.ts";
import type { Table, TableColumn } from "./table.ts";

/** What a single revision added: kept in `flow_deltas` only. */
export const DELTA_COUNTERS = ["src_bytes_delta", "dst_bytes_delta", "src_packets_delta", "dst_packets_delta"] as const;

/** What was missing to an ended flow's totals is a delta of this revision. */
export const CORRECTION_REVISION = 4_294_967_295;
/** A delta that is an even share of an ended flow's totals, whose sender tells nothing more, is of this revision. */
export const SPREAD_REVISION = CORRECTION_REVISION - 1;
/** Of a sender's own revisions. */
export const LAST_REVISION = SPREAD_REVISION - 1;

const inDeltasOnly = new Set<ColumnName>([...DELTA_COUNTERS, "since"]);

/** The columns of `flows` and `flows_open`, in the order of the column table. */
export const FLOW_COLUMNS: readonly Column[] = STORED_COLUMNS.filter(({ name }) => !inDeltasOnly.has(name));

/** The key of a flow's row. It never changes during a flow's life. */
export const FLOW_KEY = ["start", "flow_id", "reporter_id"] as const;

/**
 * Orders the rows of one flow: the agent's revision first, then the edition, which is ours: later knowledge about the same revision
 * (0 as reported … 254), 255 for a tombstone, which hides all of its revision and those before.
 */
export const EDITIONS = 256;
export const TOMBSTONE_EDITION = EDITIONS - 1;

function stored(column: Column): TableColumn {
  return { name: column.name, type: clickHouseType(column), codec: clickHouseCodec(column) };
}

/** What a delta says of its flow, besides its key: what charts group and filter by. `settle` keeps it as the flow's own row has it. */
export const DELTA_DIMENSIONS = [
  "network",
  "reporter",
  "direction",
  "role",
  "protocol",
  "src_ip",
  "src_port",
  "dst_ip",
  "dst_port",
  "src_type",
  "src_id",
  "src_name",
  "src_device",
  "dst_type",
  "dst_id",
  "dst_name",
  "dst_device",
  "domain",
  "verdict",
  "primary",
] as const satisfies readonly ColumnName[];

/** There is always a delta and a `since` in `flow_deltas`. */
const ALWAYS_IN_DELTAS = [...DELTA_COUNTERS, "since"] as const;

/** The columns of `flow_deltas`. */
export const DELTA_COLUMNS: readonly Column[] = [
  ...(["last_seen", "flow_id", "reporter_id", "revision", "start", "estimated", ...DELTA_DIMENSIONS] as const).map(columnOf),
  ...ALWAYS_IN_DELTAS.map((name) => {
    const { optional: _, ...column } = columnOf(name);
    return column;
  }),
];

function columnOf(name: ColumnName): Column {
  return { ...COLUMNS[name], name };
}

/** When a row was written, by the store's own clock: what was computed from the table before then does not know it. */
const storedAt = (older: string): TableColumn => ({
  name: "stored",
  type: "DateTime64(3, 'UTC')",
  codec: "Delta(8), ZSTD(1)",
  default: "now64(3, 'UTC')",
  older,
});
const STORED_AT_INDEX = "ix_stored stored TYPE minmax GRANULARITY 1";

/** Made by ClickHouse from the other columns of the row, so that the same report always gets the same version. */
const version = (expression: string): TableColumn => ({
  name: "version",
  type: "UInt64",
  codec: "ZSTD(1)",
  default: expression,
});

export const FLOWS: Table = {
  name: "flows",
  columns: [...FLOW_COLUMNS.map(stored), version(`toUInt64(revision) * ${EDITIONS}`), storedAt("received")],
  engine: "ReplacingMergeTree(version)",
  orderBy: FLOW_KEY,
  partitionBy: "toYYYYMMDD(start)",
  indexes: [
    // Ids grow with time, as the key does. Those of other senders may not: their look-up reads the ids of all rows.
    "ix_flow_id flow_id TYPE minmax GRANULARITY 1",
    "ix_src_ip src_ip TYPE bloom_filter(0.01) GRANULARITY 1",
    "ix_dst_ip dst_ip TYPE bloom_filter(0.01) GRANULARITY 1",
    // For values that few rows have.
    "ix_src_name src_name TYPE bloom_filter(0.01) GRANULARITY 1",
    "ix_dst_name dst_name TYPE bloom_filter(0.01) GRANULARITY 1",
    "ix_domain domain TYPE bloom_filter(0.01) GRANULARITY 1",
    // For parts of domains. The expression is that of the filter language (query/filter-sql.ts), else it is not used.
    "ix_domain_part lower(ifNull(domain, '')) TYPE ngrambf_v1(4, 2048, 2, 0) GRANULARITY 1",
    // For flows that began before a window and are active in it.
    "ix_last_seen last_seen TYPE minmax GRANULARITY 1",
    STORED_AT_INDEX,
  ],
};

/** A flow that lived longer is in `flows_long`, too: whoever asks for a window reads `flows` from so long before it only. */
export const LONG_MS = 3_600_000;

/** Filled by `FLOWS_LONG_VIEW` from all that is written to `flows`. */
export const FLOWS_LONG: Table = {
  ...FLOWS,
  name: "flows_long",
  columns: FLOWS.columns.map(({ default: _, older: __, ...column }) => column),
  indexes: ["ix_last_seen last_seen TYPE minmax GRANULARITY 1"],
  partitionBy: "toYYYYMM(start)",
};

const LIVED_LONG = `greatest(last_seen, coalesce(end, last_seen)) - start > ${LONG_MS / 1000}`;

/** Copies into `flows_long` what is written to `flows`. */
export const FLOWS_LONG_VIEW: CopyingView = { name: "flows_long_view", from: FLOWS, to: FLOWS_LONG, where: LIVED_LONG };

/**
 * Not partitioned: it is small, and must be, since it is read with FINAL (which leaves tombstones out). An ended flow is written here
 * as it is in `flows`; its state makes it a tombstone. What is here for minutes is compressed quickly rather than well.
 */
export const FLOWS_OPEN: Table = {
  name: "flows_open",
  columns: [
    ...FLOW_COLUMNS.map((column) => ({ ...stored(column), codec: "LZ4" })),
    version(`toUInt64(revision) * ${EDITIONS} + if(state = 'open', 0, ${TOMBSTONE_EDITION})`),
    { name: "is_deleted", type: "UInt8", codec: "ZSTD(1)", default: "state != 'open'" },
    storedAt("received"),
  ],
  engine: "ReplacingMergeTree(version, is_deleted)",
  orderBy: FLOW_KEY,
};

/** In the order of `last_seen` other columns grow than in that of `start`. */
const DELTA_CODECS: Partial<Record<ColumnName, string>> = {
  last_seen: "Delta(8), ZSTD(1)",
  flow_id: "T64, ZSTD(1)",
  start: "ZSTD(1)",
};

export const FLOW_DELTAS: Table = {
  name: "flow_deltas",
  columns: [
    ...DELTA_COLUMNS.map((column) => ({ ...stored(column), codec: DELTA_CODECS[column.name] ?? clickHouseCodec(column) })),
    // Totals only grow: of two reports of one end the later one counts. Then the edition.
    version(`(${DELTA_COUNTERS.join(" + ")}) * ${EDITIONS}`),
    storedAt("last_seen"),
  ],
  indexes: [
    STORED_AT_INDEX,
    // Corrections are few, and of the highest revision.
    "ix_revision revision TYPE minmax GRANULARITY 1",
    "ix_src_ip src_ip TYPE bloom_filter(0.01) GRANULARITY 1",
    "ix_dst_ip dst_ip TYPE bloom_filter(0.01) GRANULARITY 1",
    // For the timeline of one flow, which may have lived for weeks. In the order of `last_seen` ids are anywhere.
    "ix_flow_id flow_id TYPE bloom_filter(0.01) GRANULARITY 1",
  ],
  engine: "ReplacingMergeTree(version)",
  orderBy: ["last_seen", "flow_id", "reporter_id", "revision"],
  partitionBy: "toYYYYMMDD(last_seen)",
};
