/**
 * Narrow tables, each for one kind of question, computed bucket by bucket from `flow_deltas` (bytes and packets, when they flowed) and
 * from `flows` and `flows_open` (connections and reports, when they began). A bucket that is computed again replaces what it held: no
 * retry and no late batch counts twice. A group that is gone after a second computation stays as a row of zeros.
 */
import { COLUMNS, type ColumnName } from "@flowtrail/model";
import { clickHouseCodec, clickHouseType } from "./column-types.ts";
import type { Table, TableColumn } from "./table.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** `src_…`, `dst_…`: of primary reports. `connections`: primary reports that began. `reports`: all that began. */
export const MEASURES = ["src_bytes", "dst_bytes", "src_packets", "dst_packets", "connections", "reports"] as const;
export type Measure = (typeof MEASURES)[number];

/** Ports above are clients' own: one after the other, they would make a row of each connection. Stored as 0. */
export const HIGHEST_KEPT_PORT = 32_767;

export interface Rollup {
  readonly table: Table;
  /** Width of a bucket. */
  readonly stepMs: number;
  /** Columns of the column table, with the same names and types as in `flows`. `dst_port` is folded. */
  readonly dimensions: readonly ColumnName[];
}

function rollup(name: string, stepMs: number, partitionBy: string, dimensions: readonly ColumnName[]): Rollup {
  return {
    stepMs,
    dimensions,
    table: {
      name,
      columns: [BUCKET, ...dimensions.map(dimension), ...MEASURES.map(measure), COMPUTED],
      engine: "ReplacingMergeTree(computed)",
      orderBy: ["bucket", ...dimensions],
      partitionBy,
      settings: { allow_nullable_key: 1 },
    },
  };
}

/** Its beginning. */
const BUCKET: TableColumn = { name: "bucket", type: "DateTime('UTC')", codec: "Delta(4), ZSTD(1)" };
const COMPUTED: TableColumn = { name: "computed", type: "DateTime64(3, 'UTC')", codec: "Delta(8), ZSTD(1)" };

function dimension(name: ColumnName): TableColumn {
  const column = { ...COLUMNS[name], name };
  return { name, type: clickHouseType(column), codec: clickHouseCodec(column) };
}

function measure(name: Measure): TableColumn {
  return { name, type: "UInt64", codec: "T64, ZSTD(1)" };
}

const BY_DAY = "toYYYYMMDD(bucket)";
const BY_MONTH = "toYYYYMM(bucket)";
const SOURCE = ["src_type", "src_id", "src_name"] as const;
const DESTINATION = ["dst_type", "dst_id", "dst_name"] as const;

/** In the order in which they are preferred: the smallest first. */
export const ROLLUPS: readonly Rollup[] = [
  rollup("rollup_minutes", MINUTE_MS, BY_DAY, ["network", "protocol", "direction", "src_type", "dst_type", "verdict"]),
  rollup("rollup_sources", HOUR_MS, BY_MONTH, ["network", "reporter", ...SOURCE]),
  rollup("rollup_destinations", HOUR_MS, BY_MONTH, ["network", ...DESTINATION]),
  rollup("rollup_domains", HOUR_MS, BY_MONTH, ["network", "src_type", "dst_type", "domain"]),
  rollup("rollup_pairs", HOUR_MS, BY_MONTH, ["network", "protocol", "dst_port", ...SOURCE, ...DESTINATION]),
];

/** How often each value of a field was met, for facets and completion without a filter. `value`: as the API tells it, null for none. */
export const ROLLUP_VALUES: Table = {
  name: "rollup_values",
  columns: [
    BUCKET,
    dimension("network"),
    { name: "field", type: "LowCardinality(String)", codec: "ZSTD(1)" },
    { name: "value", type: "Nullable(String)", codec: "ZSTD(1)" },
    ...(["connections", "reports"] as const).map(measure),
    COMPUTED,
  ],
  engine: "ReplacingMergeTree(computed)",
  orderBy: ["bucket", "network", "field", "value"],
  partitionBy: BY_MONTH,
  settings: { allow_nullable_key: 1 },
};
