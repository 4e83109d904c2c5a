/**
 * Narrow tables, each for one kind of question, computed bucket by bucket from `flow_deltas` (bytes and packets, when they flowed) and
 * from `flows` and `flows_open` (connections and reports, when they began). A bucket that is computed again replaces what it held: no
 * retry and no late batch counts twice. A group that is gone after a second computation stays as a row of zeros.
 *
 * Which dimensions, and why: docs/decisions/0007-rollups.md.
 */
import { COLUMNS, type ColumnName } from "@flowtrail/model";
import { clickHouseCodec, clickHouseType } from "./column-types.ts";
import type { Table, TableColumn } from "./table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `src_…`, `dst_…`: of primary reports. `connections`: primary reports that began. `reports`: all that began. */
export const MEASURES = ["src_bytes", "dst_bytes", "src_packets", "dst_packets", "connections", "reports"] as const;
export type Measure = (typeof MEASURES)[number];

/** Ports above are clients' own: one after the other, they would make a row of each connection. Stored as 0. */
export const HIGHEST_KEPT_PORT = 32_767;

/**
 * For each question to a rollup. All dimensions are part of the key: a condition on them may be looked at before rows replace each other
 * (measured: 10 times as fast), and rows of different partitions never do.
 */
export const ROLLUP_QUESTION = {
  optimize_move_to_prewhere_if_final: 1,
  do_not_merge_across_partitions_select_final: 1,
} as const;

export interface Rollup {
  readonly table: Table;
  /** Width of a bucket; aligned to UTC. */
  readonly stepMs: number;
  /** Columns of the column table, with the same names as in `flows`. `dst_port` is folded. */
  readonly dimensions: readonly ColumnName[];
  /** The rollup whose buckets it adds up; null: it is computed from what is stored of the flows. */
  readonly of: string | null;
  /** Its columns that are numbers made of its dimensions. */
  readonly keys: readonly RollupKey[];
}

/** `src_key`, `dst_key`: the ends of a pair. */
export type RollupKey = "domain_key" | "src_key" | "dst_key";

/** Odd, so that nothing is lost by multiplying. */
export const KEY_FACTOR = "11400714819323198485";

/** Numbers that stand for texts; 0: there is none. What makes them of dimensions, in SQL. */
export const KEY_SQL: Readonly<Record<RollupKey, string>> = {
  domain_key: "ifNull(sipHash64(domain), 0)",
  src_key: endKeySql("src_type", "src_id", "src_name", "0"),
  dst_key: endKeySql("dst_type", "dst_id", "dst_name", "0"),
};

/** One end of a pair as a number: its type, and whichever of the others comes first that is not null. `otherwise`: if all are. */
export function endKeySql(type: string, id: string, name: string, otherwise: string): string {
  return `toUInt64(sipHash64(${type}) * toUInt64(${KEY_FACTOR}) + ifNull(sipHash64(${id}), ifNull(sipHash64(${name}), ${otherwise})))`;
}

/** Its beginning. */
const BUCKET: TableColumn = { name: "bucket", type: "DateTime('UTC')", codec: "Delta(4), ZSTD(1)" };
const COMPUTED: TableColumn = { name: "computed", type: "DateTime64(3, 'UTC')", codec: "Delta(8), ZSTD(1)" };

function dimension(name: ColumnName): TableColumn {
  const column = { ...COLUMNS[name], name };
  // There are too many for a dictionary: grouping by it is twice as fast so.
  const type = name === "domain" ? "Nullable(String)" : clickHouseType(column);
  return { name, type, codec: clickHouseCodec(column) };
}

function measure(name: Measure): TableColumn {
  return { name, type: "UInt64", codec: "T64, ZSTD(1)" };
}

/**
 * The primary key is the time alone: ClickHouse can tell parts that do not overlap, which FINAL need not merge, only if nothing in it
 * may be null.
 */
function bucketTable(
  name: string,
  stepMs: number,
  key: readonly TableColumn[],
  measures: readonly Measure[],
  keys: readonly RollupKey[] = [],
): Table {
  const numbers = keys.map((one) => ({ name: one, type: "UInt64", codec: "ZSTD(1)", default: KEY_SQL[one], filledLater: true }));
  return {
    name,
    columns: [BUCKET, ...key, ...measures.map(measure), COMPUTED, ...numbers],
    engine: "ReplacingMergeTree(computed)",
    primaryKey: ["bucket"],
    orderBy: ["bucket", ...key.map((column) => column.name)],
    partitionBy: stepMs < HOUR_MS ? "toYYYYMMDD(bucket)" : "toYYYYMM(bucket)",
    settings: { allow_nullable_key: 1 },
  };
}

function rollup(
  name: string,
  stepMs: number,
  dimensions: readonly ColumnName[],
  of: string | null = null,
  keys: readonly RollupKey[] = [],
): Rollup {
  return { table: bucketTable(name, stepMs, dimensions.map(dimension), MEASURES, keys), stepMs, dimensions, of, keys };
}

const SOURCE = ["src_type", "src_id", "src_name"] as const;
const DESTINATION = ["dst_type", "dst_id", "dst_name"] as const;
const KINDS = ["network", "protocol", "direction", "src_type", "dst_type", "verdict"] as const;
const OF_REPORTERS = ["network", "reporter", "role", ...KINDS.slice(1)] as const;
const OF_SOURCES = ["network", "reporter", ...SOURCE] as const;
const OF_INITIATORS = ["network", ...SOURCE] as const;
const OF_DESTINATIONS = ["network", "protocol", "dst_port", ...DESTINATION] as const;
const OF_DOMAINS = ["network", "src_type", "dst_type", "domain"] as const;
const VISITS = ["network", ...SOURCE, "dst_type", "domain"] as const;
const PAIRS = ["network", ...SOURCE, ...DESTINATION] as const;
const ENDS = ["src_key", "dst_key"] as const;
const DOMAIN = ["domain_key"] as const;

/** In the order in which they are preferred: that of fewer rows for the same time first. */
export const ROLLUPS: readonly Rollup[] = [
  rollup("rollup_hours", HOUR_MS, KINDS, "rollup_minutes"),
  rollup("rollup_initiator_days", DAY_MS, OF_INITIATORS, "rollup_sources"),
  rollup("rollup_reporter_days", DAY_MS, OF_REPORTERS, "rollup_reporters"),
  rollup("rollup_source_days", DAY_MS, OF_SOURCES, "rollup_sources"),
  rollup("rollup_destination_days", DAY_MS, OF_DESTINATIONS, "rollup_destinations"),
  rollup("rollup_reporters", HOUR_MS, OF_REPORTERS),
  rollup("rollup_pair_days", DAY_MS, PAIRS, "rollup_pairs", ENDS),
  rollup("rollup_domain_days", DAY_MS, OF_DOMAINS, "rollup_domains", DOMAIN),
  rollup("rollup_destinations", HOUR_MS, OF_DESTINATIONS),
  rollup("rollup_initiators", HOUR_MS, OF_INITIATORS, "rollup_sources"),
  rollup("rollup_sources", HOUR_MS, OF_SOURCES),
  rollup("rollup_minutes", MINUTE_MS, KINDS),
  rollup("rollup_domains", HOUR_MS, OF_DOMAINS, null, DOMAIN),
  rollup("rollup_visit_days", DAY_MS, VISITS),
  rollup("rollup_pairs", HOUR_MS, [...PAIRS, "protocol", "direction", "dst_port", "verdict"], null, ENDS),
];

/** Fields whose values are counted. */
export const COUNTED_COLUMNS = [
  "reporter",
  "reporter_type",
  "direction",
  "role",
  "protocol",
  "dst_port",
  "src_type",
  "src_name",
  "dst_type",
  "dst_name",
  "domain",
  "domain_source",
  "app",
  "verdict",
  "state",
  "end_reason",
  "rule",
] as const satisfies readonly ColumnName[];

/** How often each value of a field was met, for facets and completion without a filter. */
export interface ValueRollup {
  readonly table: Table;
  readonly stepMs: number;
  readonly of: string | null;
}

function valueRollup(name: string, stepMs: number, of: string | null = null): ValueRollup {
  const key: readonly TableColumn[] = [
    // One of `COUNTED_COLUMNS`.
    { name: "field", type: "LowCardinality(String)", codec: "ZSTD(1)" },
    dimension("network"),
    // As ClickHouse writes the column (protocols are numbers); null for none. Ports are folded.
    { name: "value", type: "Nullable(String)", codec: "ZSTD(1)" },
  ];
  return { table: bucketTable(name, stepMs, key, ["connections", "reports"]), stepMs, of };
}

export const VALUE_ROLLUPS: readonly ValueRollup[] = [
  valueRollup("rollup_value_days", DAY_MS, "rollup_values"),
  valueRollup("rollup_values", HOUR_MS),
];

/** How far each rollup is computed on this node, and by whom. */
export const ROLLUP_PROGRESS: Table = {
  name: "rollup_progress",
  columns: [
    // Empty: of the job as a whole.
    { name: "rollup", type: "LowCardinality(String)" },
    // Buckets that begin before this are computed.
    { name: "through", type: "DateTime64(3, 'UTC')" },
    // But not those that begin before this: their rows were deleted before.
    { name: "since", type: "DateTime64(3, 'UTC')" },
    // Rows that were stored before are taken in.
    { name: "checked", type: "DateTime64(3, 'UTC')" },
    { name: "server", type: "String" },
    { name: "written", type: "DateTime64(3, 'UTC')", default: "now64(3, 'UTC')" },
  ],
  engine: "ReplacingMergeTree(written)",
  orderBy: ["rollup"],
};

/** Each node of a cluster computes its own, from its own rows. */
export const ROLLUP_TABLES: readonly Table[] = [
  ...ROLLUPS.map(({ table }) => table),
  ...VALUE_ROLLUPS.map(({ table }) => table),
  ROLLUP_PROGRESS,
];
