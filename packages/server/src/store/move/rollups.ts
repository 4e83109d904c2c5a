/**
 * Rollups on their way into a cluster. There each node computes its own from its own rows, so what can be computed from rows that are
 * moved, too, is; older buckets, of which rollups are all that is left, are kept by the first shard as they are.
 */
import type { ClickHouse } from "../clickhouse.ts";
import { insertObjects } from "../deliveries.ts";
import type { StoreNodes } from "../nodes.ts";
import { FLOW_DELTAS } from "../schema/flow-tables.ts";
import { ROLLUP_PROGRESS, ROLLUP_TABLES } from "../schema/rollup-tables.ts";

const DAY_MS = 86_400_000;

/** Beginning of the first day of which deltas are there, ms since 1970; null: there are none. @throws StoreError */
export async function computableFromMs(source: ClickHouse): Promise<number | null> {
  const [row] = await source.rows<{ first: string; n: string }>(
    `SELECT toUnixTimestamp64Milli(min(last_seen)) AS first, count() AS n FROM ${FLOW_DELTAS.name}`,
  );
  return row === undefined || row.n === "0" ? null : Math.floor(Number(row.first) / DAY_MS) * DAY_MS;
}

/**
 * Lets each node compute what begins then or later, and nothing before. A node that has begun already is left alone.
 * @throws StoreError
 */
export async function beginRollupsAt(nodes: StoreNodes, fromMs: number): Promise<void> {
  for (const node of nodes.all) {
    const progress = nodes.local(ROLLUP_PROGRESS.name);
    const [row] = await node.rows<{ n: string; now: string }>(
      `SELECT count() AS n, toUnixTimestamp64Milli(now64(3)) AS now FROM ${progress}`,
    );
    if (row === undefined || row.n !== "0") continue;
    const checked = iso(Number(row.now));
    const names = ROLLUP_TABLES.filter(({ name }) => name !== ROLLUP_PROGRESS.name).map(({ name }) => name);
    const extents = names.map((rollup) => ({ rollup, through: iso(fromMs), since: iso(0), checked, server: "" }));
    await insertObjects(node, progress, [...extents, { rollup: "", through: iso(0), since: iso(fromMs), checked, server: "" }]);
  }
}

const iso = (ms: number) => new Date(ms).toISOString();
