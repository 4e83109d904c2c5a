/**
 * What a database of schema 1 lacks, made from what it has: deltas say of their flow what its row says, and none is longer than two
 * minutes; long flows have their copies.
 * In small statements, each of which may be done again: by a server that starts after this one died, or by two at once.
 */
import type { ClickHouse } from "../clickhouse.ts";
import { alignStatement, KEY } from "../delta-sql.ts";
import type { Logger } from "../logger.ts";
import { splitStored } from "../split-stored.ts";
import { FLOW_DELTAS, FLOWS, FLOWS_LONG, FLOWS_LONG_VIEW, FLOWS_OPEN } from "./flow-tables.ts";
import type { Table } from "./table.ts";

/** About as many deltas are filled by one statement. */
const ROWS_AT_ONCE = 200_000;
const DAY_MS = 86_400_000;
const ON_ONE_CORE = { max_threads: 1, max_partitions_per_insert_block: "1000" } as const;

interface Deps {
  readonly logger: Logger;
}

/** @throws StoreError */
export async function toVersion2(node: ClickHouse, onNode: (table: Table) => Table, deps: Deps): Promise<void> {
  const days = await daysOf(node, onNode(FLOW_DELTAS).name);
  for (const [done, day] of days.entries()) {
    await fillDeltas(node, onNode, day);
    deps.logger.info({ day: day.partition, done: done + 1, of: days.length }, "what charts group by was filled in");
  }
  for (const day of await daysOf(node, onNode(FLOWS).name)) await copyLong(node, onNode, day.partition);
}

interface Day {
  readonly partition: string;
  readonly rows: number;
}

async function daysOf(node: ClickHouse, table: string): Promise<Day[]> {
  const rows = await node.rows<{ partition: string; n: string }>(
    `SELECT partition, sum(rows) AS n FROM system.parts WHERE active AND database = {database:String} AND table = {table:String}
     GROUP BY partition ORDER BY partition DESC`,
    { database: node.database, table },
  );
  return rows.map(({ partition, n }) => ({ partition, rows: Number(n) }));
}

/** Stretches of the day, of about as many deltas each. */
async function fillDeltas(node: ClickHouse, onNode: (table: Table) => Table, { partition, rows }: Day): Promise<void> {
  const dayMs = Date.parse(partition.replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3"));
  const deltas = onNode(FLOW_DELTAS).name;
  const statement = alignStatement({
    deltas,
    keys: `SELECT ${KEY} FROM ${deltas} WHERE last_seen >= fromUnixTimestamp64Milli({lo:Int64}, 'UTC') AND last_seen <= fromUnixTimestamp64Milli({hi:Int64}, 'UTC')`,
    rows: [
      { table: onNode(FLOWS).name, where: "true" },
      { table: onNode(FLOWS_OPEN).name, where: "is_deleted = 0" },
    ],
  });
  for (const [lo, hi] of await stretches(node, deltas, dayMs, Math.ceil(rows / ROWS_AT_ONCE))) {
    await node.command(statement, { lo, hi }, { settings: ON_ONE_CORE });
    await splitStored(node, deltas, lo, hi);
  }
}

async function stretches(node: ClickHouse, deltas: string, dayMs: number, count: number): Promise<[number, number][]> {
  if (count <= 1) return [[dayMs, dayMs + DAY_MS - 1]];
  const levels = Array.from({ length: count - 1 }, (_, i) => (i + 1) / count);
  const [row] = await node.rows<{ cuts: string[] }>(
    `SELECT arrayDistinct(quantilesExact(${levels.join(", ")})(toUnixTimestamp64Milli(last_seen))) AS cuts FROM ${deltas}
     WHERE last_seen >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND last_seen < fromUnixTimestamp64Milli({to:Int64}, 'UTC')`,
    { from: dayMs, to: dayMs + DAY_MS },
  );
  const cuts = (row?.cuts ?? []).map(Number);
  return [dayMs - 1, ...cuts].map((cut, i) => [cut + 1, cuts[i] ?? dayMs + DAY_MS - 1]);
}

async function copyLong(node: ClickHouse, onNode: (table: Table) => Table, partition: string): Promise<void> {
  const columns = FLOWS.columns.map(({ name }) => name).join(", ");
  await node.command(
    `INSERT INTO ${onNode(FLOWS_LONG).name} (${columns}) SELECT ${columns} FROM ${onNode(FLOWS).name}
     WHERE _partition_id = {partition:String} AND ${FLOWS_LONG_VIEW.where}`,
    { partition },
    { settings: ON_ONE_CORE },
  );
}
