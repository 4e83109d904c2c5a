/** Whether the time that rows are deleted by can be right. A clock that is years ahead would delete everything. */
import type { ClickHouse } from "../clickhouse.ts";
import { DAY_MS } from "./plan.ts";

export interface OwnClock {
  readonly nowMs: number;
  /** How long this server has been running, by a clock that nobody sets. */
  readonly upMs: number;
}

/**
 * What is wrong with the clock, for people; null: nothing that shows. Nodes that are away say nothing.
 * @param flows a node's own table of flows
 */
export async function clockProblem(
  nodes: readonly ClickHouse[],
  flows: string,
  { nowMs, upMs }: OwnClock,
): Promise<string | null> {
  const asked = await Promise.allSettled(
    nodes.map((node) =>
      node.rows<{ now: string; newest: string }>(
        `SELECT toUnixTimestamp64Milli(now64(3)) AS now, toUnixTimestamp64Milli((SELECT max(stored) FROM ${flows})) AS newest`,
      ),
    ),
  );
  const told = asked.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const ours = iso(nowMs);
  const other = told.find(({ now }) => Math.abs(Number(now) - nowMs) > DAY_MS);
  if (other !== undefined) return `nothing is deleted: this server's clock says ${ours}, the store's ${iso(Number(other.now))}`;
  const newestMs = Math.max(0, ...told.map(({ newest }) => Number(newest)));
  if (newestMs - nowMs > DAY_MS) return `nothing is deleted: the clock says ${ours}, but rows were stored at ${iso(newestMs)}`;
  // Or nobody has sent anything for days: it is told, and a day later it is believed.
  if (newestMs > 0 && nowMs - newestMs > DAY_MS && upMs < DAY_MS)
    return `nothing is deleted before this server has been up for a day: the clock says ${ours}, the newest row was stored at ${iso(newestMs)}`;
  return null;
}

const iso = (ms: number) => new Date(ms).toISOString();
