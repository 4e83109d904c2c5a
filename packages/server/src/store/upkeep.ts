/** What the tables need from time to time. Every job is idempotent: several servers may do it at once, and one may die in it. */
import type { ClickHouse } from "./clickhouse.ts";
import type { Logger } from "./logger.ts";
import { FLOW_COLUMNS, FLOW_DELTAS, FLOW_KEY, FLOWS, FLOWS_OPEN } from "./schema/flow-tables.ts";

export interface UpkeepConfig {
  readonly retentionDays: number;
  /** An open flow that nothing was heard of for so long is stored as lost. */
  readonly lostAfterMs: number;
  /** How long a tombstone stays: longer than a batch can be on its way twice. */
  readonly tombstoneMs: number;
}

const dayMs = 86_400_000;
const time = (ms: number) => new Date(ms).toISOString().replace("Z", "");

export class Upkeep {
  readonly #config: UpkeepConfig;
  readonly #clickhouse: ClickHouse;
  readonly #logger: Logger;

  constructor(config: UpkeepConfig, deps: { clickhouse: ClickHouse; logger: Logger }) {
    this.#config = config;
    this.#clickhouse = deps.clickhouse;
    this.#logger = deps.logger;
  }

  /** Flows that ended before this (ms since 1970) are deleted. */
  cutoffMs(nowMs: number): number {
    return nowMs - this.#config.retentionDays * dayMs;
  }

  /**
   * Deletes what ended before the retention: whole days where it can, the rows where a long flow keeps its day.
   * @throws StoreError
   */
  async deleteOld(nowMs: number): Promise<void> {
    const cutoffMs = this.cutoffMs(nowMs);
    for (const { table, partition, day } of await this.#partitions()) {
      if (day + dayMs > cutoffMs) continue;
      const keeps = table === FLOWS.name ? await this.#keepsAnything(partition, cutoffMs) : "nothing";
      if (keeps === "nothing") {
        await this.#clickhouse.command(`ALTER TABLE ${table} DROP PARTITION ${partition}`);
        this.#logger.info({ table, partition }, "a day older than the retention was dropped");
      } else if (keeps === "some" && !(await this.#isDeleting(table))) {
        const old = `coalesce(end, last_seen) < toDateTime64('${time(cutoffMs)}', 3, 'UTC')`;
        await this.#clickhouse.command(
          `ALTER TABLE ${table} DELETE IN PARTITION ${partition} WHERE ${old}`,
          {},
          { settings: { mutations_sync: "1" } },
        );
      }
    }
  }

  /**
   * Stores open flows that nobody speaks of any more as lost.
   * @throws StoreError
   */
  async settleLost(nowMs: number): Promise<void> {
    const columns = FLOW_COLUMNS.map(({ name }) => name);
    const silent = `FROM ${FLOWS_OPEN.name} FINAL WHERE received < {before:DateTime64(3, 'UTC')}`;
    const before = time(nowMs - this.#config.lostAfterMs);
    const [count] = await this.#clickhouse.rows<{ n: string }>(`SELECT count() AS n ${silent}`, { before });
    if (count === undefined || count.n === "0") return;
    // First where it is kept, then its tombstone. Heard of again, it has a higher revision than both.
    // A tombstone's age counts from now. By position and without aliases: WHERE would take an alias for the column.
    const now = `toDateTime64('${time(nowMs)}', 3, 'UTC')`;
    for (const [table, received] of [
      [FLOWS.name, "received"],
      [FLOWS_OPEN.name, now],
    ]) {
      const selected = columns.map((name) => (name === "state" ? "'lost'" : name === "received" ? received : name));
      await this.#clickhouse.command(`INSERT INTO ${table} (${columns.join(", ")}) SELECT ${selected.join(", ")} ${silent}`, {
        before,
      });
    }
    this.#logger.info({ flows: count.n }, "open flows that nothing was heard of were stored as lost");
  }

  /**
   * Removes tombstones that have done their work, with everything below them.
   * @throws StoreError
   */
  async removeTombstones(nowMs: number): Promise<void> {
    const key = FLOW_KEY.join(", ");
    const before = `toDateTime64('${time(nowMs - this.#config.tombstoneMs)}', 3, 'UTC')`;
    const dead = `SELECT ${key} FROM ${FLOWS_OPEN.name} GROUP BY ${key} HAVING argMax(is_deleted, version) = 1 AND max(received) < ${before}`;
    const [count] = await this.#clickhouse.rows<{ n: string }>(`SELECT count() AS n FROM (${dead})`);
    if (count === undefined || count.n === "0" || (await this.#isDeleting(FLOWS_OPEN.name))) return;
    await this.#clickhouse.command(
      `DELETE FROM ${FLOWS_OPEN.name} WHERE (${key}) IN (${dead})`,
      {},
      // What the inner question finds is the same at any later time, or newer rows that this statement does not touch.
      { settings: { allow_nondeterministic_mutations: 1 } },
    );
  }

  /** True while an earlier deletion (of ours or of another server) is under way: a second one would only queue up behind it. */
  async #isDeleting(table: string): Promise<boolean> {
    const [row] = await this.#clickhouse.rows<{ n: string }>(
      "SELECT count() AS n FROM system.mutations WHERE database = {database:String} AND table = {table:String} AND NOT is_done",
      { database: this.#clickhouse.database, table },
    );
    return row !== undefined && row.n !== "0";
  }

  /** The days that hold something, oldest first. */
  async #partitions(): Promise<{ table: string; partition: string; day: number }[]> {
    const rows = await this.#clickhouse.rows<{ table: string; partition: string }>(
      "SELECT DISTINCT table, partition FROM system.parts WHERE active AND database = {database:String} AND table IN {tables:Array(String)} ORDER BY partition",
      { database: this.#clickhouse.database, tables: [FLOWS.name, FLOW_DELTAS.name] },
    );
    return rows.flatMap(({ table, partition }) => {
      const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(partition) ?? [];
      return day === undefined ? [] : [{ table, partition, day: Date.UTC(Number(year), Number(month) - 1, Number(day)) }];
    });
  }

  async #keepsAnything(partition: string, cutoffMs: number): Promise<"nothing" | "some" | "all"> {
    const [row] = await this.#clickhouse.rows<{ kept: string; old: string }>(
      `SELECT countIf(coalesce(end, last_seen) >= {cutoff:DateTime64(3, 'UTC')}) AS kept, count() - kept AS old
       FROM ${FLOWS.name} WHERE _partition_id = {partition:String}`,
      { partition, cutoff: time(cutoffMs) },
    );
    if (row === undefined || row.kept === "0") return "nothing";
    return row.old === "0" ? "all" : "some";
  }
}
