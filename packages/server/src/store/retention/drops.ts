/** What retention deleted, as the store remembers it: people ask, and questions must know how far back there is anything. */
import type { ClickHouse } from "../clickhouse.ts";
import { insertObjects } from "../deliveries.ts";
import { StoreError } from "../errors.ts";
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
  #announced: readonly Drop[] = [];
  readonly #now: () => number;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">, deps: { logger: Logger; now: () => number }) {
    this.#clickhouse = clickhouse;
    this.#now = deps.now;
    this.#logger = deps.logger;
  }

  /** Reads what was deleted, by other servers, too. @throws StoreError */
  async refresh(): Promise<void> {
    const rows = await this.#clickhouse.rows<{ of_table: string; newest: string }>(
      `SELECT of_table, toUnixTimestamp64Milli(max(until)) AS newest FROM ${RETENTION_DROPS.name}
       WHERE until <= fromUnixTimestamp64Milli({now:Int64}, 'UTC') GROUP BY of_table`,
      // What a server wrote whose clock was ahead says nothing.
      { now: this.#now() },
    );
    this.#until = new Map(rows.map((row) => [row.of_table, Number(row.newest)]));
    this.#raise([...this.#unwritten, ...this.#announced]);
  }

  /** Of this table, nothing older is sure to be there. -Infinity: nothing was ever deleted. */
  untilMs(table: string): number {
    return this.#until.get(table) ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Notes what is about to be deleted. It counts as gone before it is: whoever computes something of these rows, here or on another
   * server, must not believe that there were none. Done or not, it stays so. Again is the same.
   * @throws StoreError: then it must not be deleted. On a full disk it may be: nothing else makes room
   */
  async announce(drops: readonly Drop[]): Promise<void> {
    this.#announced = drops;
    this.#raise(drops);
    try {
      await this.#append(drops);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "STORE_DISK_FULL") throw error;
      this.#unwritten = [...this.#unwritten, ...drops].slice(-UNWRITTEN);
      this.#logger.error({ err: error, drops: drops.length }, "what retention deletes could not be noted: later");
    }
  }

  /** These were announced, and will not be deleted now. @throws StoreError */
  async callOff(drops: readonly Drop[]): Promise<void> {
    await this.#append(drops.map((drop) => ({ ...drop, droppedMs: drop.droppedMs + 1, rows: 0, bytes: 0 })));
  }

  /** Never throws: what could not be noted must not keep the next deletion from being done. */
  async write(): Promise<void> {
    if (this.#unwritten.length === 0) return;
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
