/** What is stored, partition by partition, and how to tell that two stores hold the same. */
import type { ClickHouse } from "../clickhouse.ts";
import type { Table } from "../schema/table.ts";

/** One partition of a table, or a share of it that can be asked for at once. */
export interface Piece {
  readonly table: Table;
  readonly partition: string;
  readonly share: number;
  readonly shares: number;
  /** As they are stored, older versions among them. */
  readonly rows: number;
}

/** Of the rows that count. */
export interface Fingerprint {
  readonly rows: bigint;
  /** Sum of a hash of each row, modulo 2^64: does not depend on their order. */
  readonly hash: bigint;
  readonly bytes: bigint;
}

/** More rows than that are asked for in shares: no question may take longer than ten minutes. */
const ROWS_AT_ONCE = 20_000_000;
const LIMITS = { maxExecutionMs: 600_000, maxRowsToRead: 1e15, maxMemoryBytes: 700_000_000 } as const;
/** Small blocks of many columns: what replaces each other is found part by part, and memory is what that takes. */
const GENTLE = { do_not_merge_across_partitions_select_final: 1, max_threads: 2, max_block_size: "8192" } as const;

/** What is there, oldest first. @throws StoreError */
export async function piecesOf(clickhouse: ClickHouse, table: Table): Promise<Piece[]> {
  const rows = await clickhouse.rows<{ partition: string; n: string }>(
    `SELECT partition_id AS partition, sum(rows) AS n FROM system.parts
     WHERE active AND database = {database:String} AND table = {table:String} GROUP BY partition ORDER BY partition`,
    { database: clickhouse.database, table: table.name },
  );
  return rows.flatMap(({ partition, n }) => {
    const shares = Math.ceil(Number(n) / ROWS_AT_ONCE);
    return Array.from({ length: shares }, (_, share) => ({ table, partition, share, shares, rows: Number(n) / shares }));
  });
}

/**
 * The rows of a piece that count: of those that replace each other the last one, so that a copy of a copy is the same.
 * @param where more conditions, of the key only
 */
export function selectPiece({ table, partition, share, shares }: Piece, columns: readonly string[], where: string): string {
  const [key] = table.orderBy;
  const conditions = [
    "_partition_id = {partition:String}",
    ...(shares === 1 ? [] : [`cityHash64(${table.orderBy.join(", ")}) % ${shares} = ${share}`]),
    ...(where === "" ? [] : [where]),
  ];
  const replaces = table.engine.startsWith("Replacing");
  if (key === undefined || partition === "") throw new TypeError(`${table.name} has no key`);
  return `SELECT ${replaces ? "" : "DISTINCT "}${columns.join(", ")} FROM ${table.name}${replaces ? " FINAL" : ""} WHERE ${conditions.join(" AND ")}`;
}

/** @throws StoreError */
export async function fingerprint(clickhouse: ClickHouse, piece: Piece, where: string): Promise<Fingerprint> {
  const names = piece.table.columns.map(({ name }) => quoted(name));
  const counters = piece.table.columns.filter(({ name }) => /^(src|dst)_bytes(_delta)?$/.test(name)).map(({ name }) => name);
  const bytes = counters.length === 0 ? "0" : counters.map((name) => `sum(ifNull(${name}, 0))`).join(" + ");
  const [row] = await clickhouse.rows<{ n: string; h: string; b: string }>(
    `SELECT toString(count()) AS n, toString(sum(cityHash64(tuple(${names.join(", ")})))) AS h, toString(${bytes}) AS b
     FROM (${selectPiece(piece, names, where)})`,
    { partition: piece.partition },
    { limits: LIMITS, settings: GENTLE },
  );
  return { rows: BigInt(row?.n ?? 0), hash: BigInt(row?.h ?? 0), bytes: BigInt(row?.b ?? 0) };
}

export function isSame(a: Fingerprint, b: Fingerprint): boolean {
  return a.rows === b.rows && a.hash === b.hash && a.bytes === b.bytes;
}

/**
 * Copies the rows of a piece as they come, so that memory stays as it is. Again does no harm.
 * @param into table of the target
 * @throws StoreError
 */
export async function copyPiece(
  source: ClickHouse,
  target: ClickHouse,
  piece: Piece,
  into: string,
  where: string,
  signal: AbortSignal,
): Promise<void> {
  const names = piece.table.columns.map(({ name }) => quoted(name));
  const sql = `${selectPiece(piece, names, where)} FORMAT Native`;
  const stream = await source.open(sql, { partition: piece.partition }, { signal, limits: LIMITS, settings: GENTLE });
  try {
    await target.insert(into, names, "Native", stream, {
      min_insert_block_size_rows: "200000",
      min_insert_block_size_bytes: "67108864",
      max_partitions_per_insert_block: "0",
    });
  } finally {
    stream.destroy();
  }
}

/** `from`, `to`: some columns are called like words of SQL. */
const quoted = (name: string) => `\`${name}\``;
