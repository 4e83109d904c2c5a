/**
 * What a question costs the engine, whoever else uses the machine: CPU time and what is read, of its own counters. The engine does
 * nothing else at the same time but its own upkeep: the median tells.
 */
import type { ClickHouse } from "../../../packages/server/src/store/clickhouse.ts";
import { percentile } from "./ask.ts";

export interface Cost {
  readonly cpuMs: number;
  readonly rows: number;
  readonly mib: number;
}

const RUNS = 5;

/** @param once asks the question; each run another one of the same kind */
export async function costOf(engine: ClickHouse, once: (run: number) => Promise<unknown>): Promise<Cost> {
  const [own] = await measured(engine, [async () => undefined]);
  const costs = await measured(
    engine,
    Array.from({ length: RUNS }, (_, run) => () => once(run)),
  );
  const median = (of: (cost: Cost) => number) => Math.max(0, percentile(costs.map(of), 0.5) - (own === undefined ? 0 : of(own)));
  return { cpuMs: median(({ cpuMs }) => cpuMs), rows: median(({ rows }) => rows), mib: median(({ mib }) => mib) };
}

async function measured(engine: ClickHouse, asks: readonly (() => Promise<unknown>)[]): Promise<Cost[]> {
  const costs: Cost[] = [];
  let before = await counters(engine);
  for (const ask of asks) {
    await ask();
    const after = await counters(engine);
    costs.push({ cpuMs: after.cpuMs - before.cpuMs, rows: after.rows - before.rows, mib: after.mib - before.mib });
    before = after;
  }
  return costs;
}

export async function counters(engine: ClickHouse): Promise<Cost> {
  const sum = (event: string) => `toFloat64(sumIf(value, event = '${event}'))`;
  const [row] = await engine.rows<{ cpu: number; rows: number; bytes: number }>(
    `SELECT ${sum("OSCPUVirtualTimeMicroseconds")} AS cpu, ${sum("SelectedRows")} AS rows, ${sum("SelectedBytes")} AS bytes FROM system.events`,
  );
  return { cpuMs: (row?.cpu ?? 0) / 1000, rows: row?.rows ?? 0, mib: (row?.bytes ?? 0) / 2 ** 20 };
}
