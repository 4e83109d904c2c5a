/** A table as we want it, and the statement that makes it. */

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly codec?: string;
  readonly default?: string;
  /** What rows get that are older than the column, where that is not the default. */
  readonly older?: string;
  /** Rows that are older than the column have their default written in the background; until then it is made at each reading. */
  readonly filledLater?: boolean;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly engine: string;
  readonly orderBy: readonly string[];
  /** What the index knows, where that is less than the order: a beginning of it. */
  readonly primaryKey?: readonly string[];
  readonly partitionBy?: string;
  readonly ttl?: string;
  readonly indexes?: readonly string[];
  readonly settings?: Readonly<Record<string, number>>;
}

/** An answer to an agent means "durable": what an INSERT wrote is on the disk and not only in the page cache. */
export const durable = { fsync_after_insert: 1, fsync_part_directory: 1 } as const;

export function columnDefinition({ name, type, codec, default: value }: TableColumn): string {
  return `${name} ${type}${value === undefined ? "" : ` DEFAULT ${value}`}${codec === undefined ? "" : ` CODEC(${codec})`}`;
}

export function createTable(table: Table): string {
  const lines = [...table.columns.map(columnDefinition), ...(table.indexes ?? []).map((index) => `INDEX ${index}`)];
  const settings = Object.entries({ ...durable, ...table.settings }).map(([name, value]) => `${name} = ${value}`);
  return [
    `CREATE TABLE IF NOT EXISTS ${table.name} (\n  ${lines.join(",\n  ")}\n)`,
    `ENGINE = ${table.engine}`,
    ...(table.partitionBy === undefined ? [] : [`PARTITION BY ${table.partitionBy}`]),
    ...(table.primaryKey === undefined ? [] : [`PRIMARY KEY (${table.primaryKey.join(", ")})`]),
    `ORDER BY (${table.orderBy.join(", ")})`,
    ...(table.ttl === undefined ? [] : [`TTL ${table.ttl}`]),
    `SETTINGS ${settings.join(", ")}`,
  ].join("\n");
}
