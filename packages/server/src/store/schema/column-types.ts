/** How a column of the column table is stored in ClickHouse: its type, its codec. */
import type { Column, ColumnType } from "@flowtrail/model";

const SCALARS: Record<Exclude<ColumnType, "enum" | "text">, string> = {
  u8: "UInt8",
  u16: "UInt16",
  u32: "UInt32",
  u64: "UInt64",
  time: "DateTime64(3, 'UTC')",
  address: "IPv6",
  bool: "Bool",
};

/** Measured, see docs/decisions/0006-schema.md: T64 for small numbers that vary little. General compression alone is best for the rest. */
const CODECS: Partial<Record<ColumnType, string>> = { u32: "T64, ZSTD(1)" };

/** The words of an enum column by their place in the column table: the same numbers as in a FlowBatch. */
export function enumType(values: readonly string[]): string {
  return `Enum8(${values.map((word, code) => `'${word}' = ${code}`).join(", ")})`;
}

/** The ClickHouse type of a column, spelled as ClickHouse spells it. */
export function clickHouseType(column: Column): string {
  if (column.clickhouse !== undefined) return column.clickhouse;
  if (column.type === "text") return column.optional ? "LowCardinality(Nullable(String))" : "LowCardinality(String)";
  const type = column.type === "enum" ? enumType(column.values ?? []) : SCALARS[column.type];
  return column.optional ? `Nullable(${type})` : type;
}

export function clickHouseCodec(column: Column): string {
  return column.codec ?? CODECS[column.type] ?? "ZSTD(1)";
}
