/** Counting and deleting rows on the nodes of the store. */
import { setTimeout as delay } from "node:timers/promises";
import type { ClickHouse } from "../store/clickhouse.ts";
import type { StoreNodes } from "../store/nodes.ts";
import { isDeleting } from "../store/retention/delete.ts";
import type { Place } from "./places.ts";
import type { TableCount } from "./report.ts";
import type { Condition } from "./subject.ts";

const LOOK_MS = 200;

export class NodeRows {
  readonly #nodes: StoreNodes;

  constructor(nodes: StoreNodes) {
    this.#nodes = nodes;
  }

  /** How a node calls a table: what deletes rows in the background is in no database. */
  tableOf(table: string): string {
    return `${this.#nodes.all[0]?.database}.${this.#nodes.local(table)}`;
  }

  /** @throws StoreError */
  async count({ table, time, match, held }: Place): Promise<TableCount> {
    const answers = await Promise.all(
      this.#nodes.all.map((node) =>
        node.rows<{ day: string; gone: string; held: string }>(
          `SELECT toString(toDate(${time}, 'UTC')) AS day, countIf(NOT (${held.sql})) AS gone, countIf(${held.sql}) AS held
           FROM ${this.#nodes.local(table)} WHERE ${match.sql} GROUP BY day`,
          { ...match.bindings, ...held.bindings },
        ),
      ),
    );
    const rows = answers.flat();
    const days = [...new Set(rows.flatMap(({ day, gone }) => (gone === "0" ? [] : [day])))].sort();
    const sum = (name: "gone" | "held") => rows.reduce((total, row) => total + Number(row[name]), 0);
    return { table, rows: sum("gone"), held: sum("held"), from: days[0] ?? null, until: days.at(-1) ?? null, days: days.length };
  }

  /** On all nodes, for good: parts that hold such rows are written anew. @throws StoreError */
  async delete({ table, match, held, hasRevisions }: Place, signal: AbortSignal): Promise<void> {
    const condition = { sql: `(${match.sql}) AND NOT (${held.sql})`, bindings: { ...match.bindings, ...held.bindings } };
    await Promise.all(
      this.#nodes.all.map(async (node) => {
        if (hasRevisions) await this.#collapse(node, table, match);
        await this.#remove(node, table, condition, signal);
      }),
    );
  }

  /** Only the newest revision of each row is left, in the parts that have to be written anew anyway. */
  async #collapse(node: ClickHouse, table: string, match: Condition): Promise<void> {
    const local = this.#nodes.local(table);
    const found = await node.rows<{ id: string }>(
      `SELECT DISTINCT _partition_id AS id FROM ${local} WHERE ${match.sql}`,
      match.bindings,
    );
    for (const { id } of found) {
      if (!/^\w+$/.test(id)) continue;
      await node.command(`OPTIMIZE TABLE ${local} PARTITION ID '${id}' FINAL SETTINGS optimize_skip_merged_partitions = 1`);
    }
  }

  async #remove(node: ClickHouse, table: string, { sql, bindings }: Condition, signal: AbortSignal): Promise<void> {
    const local = this.#nodes.local(table);
    const [found] = await node.rows<{ n: string }>(`SELECT count() AS n FROM ${local} WHERE ${sql}`, bindings);
    if (found === undefined || found.n === "0") return;
    await node.command(`ALTER TABLE ${local} DELETE WHERE ${sql}`, bindings, { settings: { mutations_sync: "0" } });
    while (await isDeleting(node, local)) await delay(LOOK_MS, undefined, { signal });
  }
}
