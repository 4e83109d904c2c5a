/** What the tables need from time to time. Every job is idempotent: several servers may do it at once, and one may die in it. */
import type { ClickHouse } from "./clickhouse.ts";
import type { Logger } from "./logger.ts";
import type { StoreNodes } from "./nodes.ts";
import { isDeleting } from "./retention/delete.ts";
import { FLOW_COLUMNS, FLOW_KEY, FLOWS, FLOWS_OPEN } from "./schema/flow-tables.ts";

export interface UpkeepConfig {
  /** An open flow that nothing was heard of for so long is stored as lost. */
  readonly lostAfterMs: number;
  /** The same for flows of Netmaker's agents, which say nothing between start and end. Default: the same. */
  readonly netmakerLostAfterMs?: number;
  /** How long a tombstone stays: longer than a batch can be on its way twice. */
  readonly tombstoneMs: number;
}

const time = (ms: number) => new Date(ms).toISOString().replace("Z", "");

export class Upkeep {
  readonly #config: UpkeepConfig;
  readonly #nodes: StoreNodes;
  readonly #logger: Logger;

  constructor(config: UpkeepConfig, deps: { nodes: StoreNodes; logger: Logger }) {
    this.#config = config;
    this.#nodes = deps.nodes;
    this.#logger = deps.logger;
  }

  /**
   * Stores open flows that nobody speaks of any more as lost.
   * @throws StoreError
   */
  async settleLost(nowMs: number): Promise<void> {
    await this.#onEach((node) => this.#settleLost(node, nowMs));
  }

  /**
   * Removes tombstones that have done their work, with everything below them.
   * @throws StoreError
   */
  async removeTombstones(nowMs: number): Promise<void> {
    await this.#onEach((node) => this.#removeTombstones(node, nowMs));
  }

  /** A node that is away keeps no other from being looked after. */
  async #onEach(job: (node: ClickHouse) => Promise<void>): Promise<void> {
    for (const result of await Promise.allSettled(this.#nodes.all.map(job)))
      if (result.status === "rejected") throw result.reason;
  }

  async #settleLost(node: ClickHouse, nowMs: number): Promise<void> {
    const { local } = this.#nodes;
    const columns = FLOW_COLUMNS.map(({ name }) => name);
    const silent = `FROM ${local(FLOWS_OPEN.name)} FINAL WHERE received < if(reporter_type = 'netmaker', {netmaker:DateTime64(3, 'UTC')}, {before:DateTime64(3, 'UTC')})`;
    const { lostAfterMs, netmakerLostAfterMs = lostAfterMs } = this.#config;
    const bindings = { before: time(nowMs - lostAfterMs), netmaker: time(nowMs - netmakerLostAfterMs) };
    const [count] = await node.rows<{ n: string }>(`SELECT count() AS n ${silent}`, bindings);
    if (count === undefined || count.n === "0") return;
    // First where it is kept, then its tombstone. Heard of again, it has a higher revision than both.
    // A tombstone's age counts from now. By position and without aliases: WHERE would take an alias for the column.
    const now = `toDateTime64('${time(nowMs)}', 3, 'UTC')`;
    for (const [table, received] of [
      [FLOWS.name, "received"],
      [FLOWS_OPEN.name, now],
    ] as const) {
      const selected = columns.map((name) => (name === "state" ? "'lost'" : name === "received" ? received : name));
      await node.command(`INSERT INTO ${local(table)} (${columns.join(", ")}) SELECT ${selected.join(", ")} ${silent}`, bindings);
    }
    this.#logger.info({ flows: count.n }, "open flows that nothing was heard of were stored as lost");
  }

  async #removeTombstones(node: ClickHouse, nowMs: number): Promise<void> {
    const open = this.#nodes.local(FLOWS_OPEN.name);
    const key = FLOW_KEY.join(", ");
    const before = `toDateTime64('${time(nowMs - this.#config.tombstoneMs)}', 3, 'UTC')`;
    const dead = `SELECT ${key} FROM ${open} GROUP BY ${key} HAVING argMax(is_deleted, version) = 1 AND max(received) < ${before}`;
    const [count] = await node.rows<{ n: string }>(`SELECT count() AS n FROM (${dead})`);
    if (count === undefined || count.n === "0" || (await isDeleting(node, open))) return;
    await node.command(
      `DELETE FROM ${open} WHERE (${key}) IN (${dead})`,
      {},
      // What the inner question finds is the same at any later time, or newer rows that this statement does not touch.
      { settings: { allow_nondeterministic_mutations: 1 } },
    );
  }
}
