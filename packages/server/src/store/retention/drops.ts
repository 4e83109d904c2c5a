/** What retention deleted, as the store remembers it: people ask, and questions must know how far back there is anything. */
import type { ClickHouse } from "../clickhouse.ts";
import { insertObjects } from "../deliveries.ts";
import type { Logger } from "../logger.ts";
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

/** Deletions that could not be noted in the store yet: the newest are told when it can be written to again. */
const UNWRITTEN = 1000;

export class Drops {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;
  readonly #logger: Logger;
  #until = new Map<string, number>();
  #unwritten: readonly Drop[] = [];
  #underWay: readonly Drop[] = [];

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">, deps: { logger: Logger }) {
    this.#clickhouse = clickhouse;
    this.#logger = deps.logger;
  }

  /** Reads what was deleted, by other servers, too. @throws StoreError */
  async refresh(): Promise<void> {
    const rows = await this.#clickhouse.rows<{ of_table: string; until: string }>(
      `SELECT of_table, toUnixTimestamp64Milli(max(until)) AS until FROM ${RETENTION_DROPS.name} GROUP BY of_table`,
    );
    this.#until = new Map(rows.map((row) => [row.of_table, Number(row.until)]));
    this.#raise([...this.#unwritten, ...this.#underWay]);
  }

  /** Of this table, nothing older is sure to be there. -Infinity: nothing was ever deleted. */
  untilMs(table: string): number {
    return this.#until.get(table) ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Deletes, and notes what was deleted. It counts as gone before it is: whoever computes something of these rows must not believe that
   * there were none.
   * @param each false: it was not deleted
   * @throws what `each` throws
   */
  async during(drops: readonly Drop[], each: (drop: Drop) => Promise<boolean>): Promise<void> {
    this.#underWay = drops;
    this.#raise(drops);
    try {
      for (const drop of drops) if (await each(drop)) this.#unwritten = [...this.#unwritten, drop].slice(-UNWRITTEN);
    } finally {
      this.#underWay = [];
      await this.write();
    }
  }

  /** Never throws: deletions make room, and that they can't be noted (the disk is full) must not keep the next one from being done. */
  async write(): Promise<void> {
    try {
      await this.#append(this.#unwritten);
      this.#unwritten = [];
    } catch (error) {
      this.#logger.warn({ err: error, drops: this.#unwritten.length }, "what retention deleted could not be noted: later");
    }
  }

  #raise(drops: readonly Drop[]): void {
    for (const { table, untilMs } of drops) this.#until.set(table, Math.max(untilMs, this.untilMs(table)));
  }

  async #append(drops: readonly Drop[]): Promise<void> {
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
}
