/** What retention deleted, as the store remembers it: people ask, and questions must know how far back there is anything. */
import type { ClickHouse } from "../clickhouse.ts";
import { insertObjects } from "../deliveries.ts";
import { RETENTION_DROPS } from "../schema/settings-table.ts";

export interface Drop {
  readonly droppedMs: number;
  readonly table: string;
  readonly partition: string;
  /** Place of the node in the list of the store's nodes. */
  readonly node: number;
  readonly fromMs: number;
  /** What was deleted is older. */
  readonly untilMs: number;
  readonly rows: number;
  readonly bytes: number;
  readonly why: "age" | "size";
  readonly how: "whole" | "rows";
}

interface Row {
  readonly dropped_ms: string;
  readonly of_table: string;
  readonly partition: string;
  readonly node: number;
  readonly from_ms: string;
  readonly until_ms: string;
  readonly rows: string;
  readonly bytes: string;
  readonly why: Drop["why"];
  readonly how: Drop["how"];
}

const ms = (column: string) => `toUnixTimestamp64Milli(${column}) AS ${column}_ms`;
const COLUMNS = `${ms("dropped")}, of_table, partition, node, toUnixTimestamp64Milli(\`from\`) AS from_ms, ${ms("until")}, rows, bytes, why, how`;

export class Drops {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">) {
    this.#clickhouse = clickhouse;
  }

  /** @throws StoreError */
  async append(drops: readonly Drop[]): Promise<void> {
    const iso = (ms: number) => new Date(ms).toISOString();
    const rows = drops.map(({ droppedMs, table, partition, node, fromMs, untilMs, rows, bytes, why, how }) => ({
      dropped: iso(droppedMs),
      of_table: table,
      partition,
      node,
      from: iso(fromMs),
      until: iso(untilMs),
      rows,
      bytes,
      why,
      how,
    }));
    await insertObjects(this.#clickhouse, RETENTION_DROPS.name, rows);
  }

  /** The newest first. @throws StoreError */
  async last(limit: number): Promise<Drop[]> {
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT ${COLUMNS} FROM ${RETENTION_DROPS.name} FINAL ORDER BY dropped DESC, of_table, partition DESC LIMIT {limit:UInt32}`,
      { limit },
    );
    return rows.map((row) => ({
      droppedMs: Number(row.dropped_ms),
      table: row.of_table,
      partition: row.partition,
      node: row.node,
      fromMs: Number(row.from_ms),
      untilMs: Number(row.until_ms),
      rows: Number(row.rows),
      bytes: Number(row.bytes),
      why: row.why,
      how: row.how,
    }));
  }

  /** By table: nothing older than this is sure to be there. @throws StoreError */
  async until(): Promise<Map<string, number>> {
    const rows = await this.#clickhouse.rows<{ of_table: string; until: string }>(
      `SELECT of_table, toUnixTimestamp64Milli(max(until)) AS until FROM ${RETENTION_DROPS.name} GROUP BY of_table`,
    );
    return new Map(rows.map((row) => [row.of_table, Number(row.until)]));
  }
}
