/** What is stored where, by partition, and how much room there is. */
import type { ClickHouse } from "../clickhouse.ts";
import type { StoreNodes } from "../nodes.ts";
import { TABLES } from "../schema/migrate.ts";
import { KEPT_TABLES, type KeptTable } from "./kept-tables.ts";

/** A day (or a month) of a table, on all nodes together. */
export interface Partition {
  readonly table: KeptTable;
  /** As ClickHouse names it: 20261122 or 202611. */
  readonly id: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: number;
  readonly bytes: number;
  readonly parts: readonly { readonly node: number; readonly rows: number; readonly bytes: number }[];
}

export interface NodeSpace {
  readonly bytes: number;
  /** Merged away or dropped a moment ago: free soon. */
  readonly leavingBytes: number;
  /** Of the disks that the tables are on; null: it does not tell. */
  readonly freeBytes: number | null;
  readonly diskBytes: number | null;
  /** It does not answer: what it has is not counted. */
  readonly isAway?: boolean;
}

export interface TableSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface Survey {
  /** Oldest first; within a day in the order of the list of kept tables. */
  readonly partitions: readonly Partition[];
  readonly nodes: readonly NodeSpace[];
  /** All tables, the ones that are always kept, too. */
  readonly tables: ReadonlyMap<string, TableSize>;
  /** What the nodes that are away failed with. */
  readonly failures: readonly unknown[];
}

const DAY_MS = 86_400_000;

const AWAY = { bytes: 0, leavingBytes: 0, freeBytes: null, diskBytes: null, isAway: true } as const;

/** Of the nodes that answer. @throws StoreError when none does */
export async function surveyStore(nodes: StoreNodes): Promise<Survey> {
  const names = new Map(TABLES.map(({ name }) => [nodes.local(name), name]));
  const keptTables = new Map(KEPT_TABLES.map((table) => [table.name, table]));
  const answers = await Promise.allSettled(nodes.all.map((node) => surveyNode(node)));
  const failures = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as unknown] : []));
  if (failures.length === answers.length) throw failures[0];
  const found = answers.map((answer) => (answer.status === "fulfilled" ? answer.value : { parts: [], space: AWAY }));
  const partitions = new Map<string, Partition>();
  const tables = new Map<string, TableSize>();
  for (const [node, { parts }] of found.entries()) {
    for (const { table: local, partition: id, rows, bytes } of parts) {
      const name = names.get(local) ?? local;
      const table = keptTables.get(name);
      const sum = tables.get(name) ?? { rows: 0, bytes: 0 };
      tables.set(name, { rows: sum.rows + rows, bytes: sum.bytes + bytes });
      const span = table === undefined ? null : spanOf(id, table.unit);
      if (table === undefined || span === null || rows + bytes === 0) continue;
      const before = partitions.get(`${name} ${id}`) ?? { table, id, ...span, rows: 0, bytes: 0, parts: [] };
      partitions.set(`${name} ${id}`, {
        ...before,
        rows: before.rows + rows,
        bytes: before.bytes + bytes,
        parts: [...before.parts, { node, rows, bytes }],
      });
    }
  }
  const place = (partition: Partition) => KEPT_TABLES.indexOf(partition.table);
  return {
    partitions: [...partitions.values()].sort((a, b) => a.fromMs - b.fromMs || place(a) - place(b)),
    nodes: found.map(({ space }) => space),
    tables,
    failures,
  };
}

/** The time of a partition's key; null: it is none of ours. */
function spanOf(id: string, unit: KeptTable["unit"]): { fromMs: number; toMs: number } | null {
  const [, year = "", month = "", day] = /^(\d{4})(\d\d)(\d\d)?$/.exec(id) ?? [];
  if (year === "" || (day === undefined) !== (unit === "month")) return null;
  const fromMs = Date.UTC(Number(year), Number(month) - 1, Number(day ?? 1));
  return { fromMs, toMs: unit === "day" ? fromMs + DAY_MS : Date.UTC(Number(year), Number(month)) };
}

interface FoundPart {
  readonly table: string;
  readonly partition: string;
  readonly rows: number;
  readonly bytes: number;
}

async function surveyNode(node: ClickHouse): Promise<{ parts: FoundPart[]; space: NodeSpace }> {
  const bindings = { database: node.database };
  const rows = await node.rows<{ table: string; partition: string; rows: string; bytes: string; leaving: string }>(
    `SELECT table, partition_id AS partition, sumIf(p.rows, active) AS rows, sumIf(bytes_on_disk, active) AS bytes,
       sumIf(bytes_on_disk, NOT active) AS leaving
     FROM system.parts AS p WHERE database = {database:String} GROUP BY table, partition`,
    bindings,
  );
  const [disk] = await node.rows<{ free: string; total: string; n: string }>(
    `SELECT sum(free_space) AS free, sum(total_space) AS total, count() AS n FROM system.disks
     WHERE name IN (SELECT DISTINCT disk_name FROM system.parts WHERE database = {database:String})`,
    bindings,
  );
  const parts = rows.map(({ table, partition, rows, bytes }) => ({ table, partition, rows: Number(rows), bytes: Number(bytes) }));
  const tellsDisk = disk !== undefined && disk.n !== "0" && disk.total !== "0";
  return {
    parts,
    space: {
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
      leavingBytes: rows.reduce((sum, { leaving }) => sum + Number(leaving), 0),
      freeBytes: tellsDisk ? Number(disk.free) : null,
      diskBytes: tellsDisk ? Number(disk.total) : null,
    },
  };
}
