/** How each format tells a value, and how ClickHouse is told to. */
import type { ClickHouseSettings } from "@clickhouse/client";
import { type Column, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { FLOW_COLUMNS } from "../store/schema/flow-tables.ts";
import { ALWAYS_EMPTY } from "./columns.ts";

export const FORMATS = ["csv", "ndjson", "parquet"] as const;
export type Format = (typeof FORMATS)[number];

export interface FormatSpec {
  /** Its name at ClickHouse. */
  readonly clickhouse: string;
  readonly contentType: string;
  readonly settings: ClickHouseSettings;
  /** The columns, unless some were chosen. */
  readonly all: readonly Column[];
  /** Rows of a part: as text they are in our memory at once, twenty times larger than in columns. */
  readonly partRows: number;
  /** SQL of a column's value. @param raw the column as it is stored */
  readonly value: (column: Column, raw: string) => string;
}

export const SPECS: Readonly<Record<Format, FormatSpec>> = {
  csv: {
    clickhouse: "CSV",
    contentType: "text/csv; charset=utf-8",
    // RFC 4180. An empty text is "", nothing at all is no value.
    settings: { output_format_csv_crlf_end_of_line: 1, format_csv_null_representation: "" },
    all: FLOW_COLUMNS,
    partRows: 10_000,
    value: (column, raw) => {
      if (column.type === "address") return addressText(raw);
      return column.type === "text" ? harmless(raw) : raw;
    },
  },
  ndjson: {
    clickhouse: "JSONEachRow",
    contentType: NDJSON_CONTENT_TYPE,
    settings: {
      output_format_json_quote_64bit_integers: 0,
      output_format_json_escape_forward_slashes: 0,
      // A value of either type (jsonNumber).
      use_variant_as_common_type: 1,
    },
    all: [...FLOW_COLUMNS, ...ALWAYS_EMPTY],
    partRows: 10_000,
    value: (column, raw) => {
      if (column.type === "address") return addressText(raw);
      if (column.name === "flow_id") return `toString(${raw})`;
      return column.type === "u64" ? jsonNumber(raw) : raw;
    },
  },
  parquet: {
    clickhouse: "Parquet",
    contentType: "application/vnd.apache.parquet",
    settings: {
      output_format_parquet_compression_method: "zstd",
      output_format_parquet_row_group_size: "1000000",
      // Both stand outside of the row groups (parquet-join.ts).
      output_format_parquet_write_bloom_filter: 0,
      output_format_parquet_write_page_index: 0,
    },
    all: FLOW_COLUMNS,
    partRows: 50_000,
    value: (column, raw) => {
      if (column.type === "address") return addressText(raw);
      return column.type === "enum" ? `toString(${raw})` : raw;
    },
  },
};

/** As `formatAddress` of the model tells it: IPv4 as such, and RFC 5952 where ClickHouse knows an older form (::1.2.3.4). */
function addressText(raw: string): string {
  const text = `toString(${raw})`;
  const low = `IPv4StringToNumOrDefault(substring(${text}, 3))`;
  const word = (value: string) => `replaceRegexpOne(lower(hex(toUInt16(${value}))), '^0+(.)', '\\\\1')`;
  const old = `concat('::', ${word(`bitShiftRight(${low}, 16)`)}, ':', ${word(`bitAnd(${low}, 65535)`)})`;
  return `multiIf(position(${text}, '.') = 0, ${text}, startsWith(${text}, '::ffff:'), substring(${text}, 8), ${old})`;
}

/** A string where a double could not hold it, as in every answer. */
function jsonNumber(raw: string): string {
  const known = `assumeNotNull(${raw})`;
  return `multiIf(${raw} IS NULL, NULL, ${known} > ${Number.MAX_SAFE_INTEGER}, toString(${known}), ${known})`;
}

/** A spreadsheet takes such a text for a formula and computes it: names and domains are chosen by strangers. */
function harmless(raw: string): string {
  return `if(match(${raw}, '^[=+@\\\\t\\\\r-]'), concat('\\'', ${raw}), ${raw})`;
}
