/** What rollups should hold, worked out from the stored rows in another way than the job does: row by row. */

import type { ClickHouse } from "../clickhouse.ts";
import { COUNTED_COLUMNS, HIGHEST_KEPT_PORT, ROLLUPS, VALUE_ROLLUPS } from "../schema/rollup-tables.ts";
import { floorTo } from "./extents.ts";

type Row = Readonly<Record<string, string | number | boolean | null>>;
/** By bucket and dimensions; a group of which there is nothing is not there. */
export type Held = Record<string, Record<string, readonly number[]>>;

const asked = (clickhouse: ClickHouse, sql: string) => clickhouse.rows<Row>(sql);

/** What the rollups hold. */
export async function heldRollups(clickhouse: ClickHouse, throughMs: (rollup: string) => number): Promise<Held> {
  const held: Held = {};
  for (const { table } of [...ROLLUPS, ...VALUE_ROLLUPS]) {
    const rows = await asked(clickhouse, `SELECT * EXCEPT computed FROM ${table.name} FINAL`);
    // Columns that are made of others when they are written.
    const made = table.columns.filter((column) => column.default !== undefined);
    for (const column of made) {
      const others = await asked(clickhouse, `SELECT 1 AS one FROM ${table.name} WHERE ${column.name} != ${column.default}`);
      if (others.length > 0) throw new RangeError(`${table.name}.${column.name} is not what it is made of`);
    }
    const names = table.columns
      .filter((column) => !made.includes(column))
      .map(({ name }) => name)
      .filter((name) => name !== "computed" && name !== "bucket");
    const split = names.findIndex((name) => name === "src_bytes" || name === "connections");
    const groups: Record<string, readonly number[]> = {};
    for (const row of rows) {
      const values = names.slice(split).map((name) => Number(row[name]));
      const bucketMs = Date.parse(String(row.bucket));
      if (bucketMs >= throughMs(table.name)) throw new RangeError(`${table.name} has a bucket that is not computed`);
      if (values.some((value) => value !== 0))
        groups[
          keyOf(
            bucketMs,
            names.slice(0, split).map((name) => row[name]),
          )
        ] = values;
    }
    held[table.name] = groups;
  }
  return held;
}

/** What they should hold of all buckets that are computed. */
export async function expectedRollups(clickhouse: ClickHouse, throughMs: (rollup: string) => number): Promise<Held> {
  const deltas = await asked(clickhouse, "SELECT * FROM flow_deltas FINAL WHERE primary");
  const flows = new Map<string, Row>();
  for (const table of ["flows_open", "flows"]) {
    for (const row of await asked(clickhouse, `SELECT * FROM ${table} FINAL`)) {
      const key = [row.start, row.flow_id, row.reporter_id].join(" ");
      if (Number(row.version) >= Number(flows.get(key)?.version ?? 0)) flows.set(key, row);
    }
  }
  const expected: Held = {};
  for (const { table, stepMs, dimensions } of ROLLUPS) {
    const groups = new Map<string, number[]>();
    const add = (row: Row, time: string, values: readonly number[]) => {
      const bucketMs = floorTo(Date.parse(String(row[time])), stepMs);
      if (bucketMs < throughMs(table.name))
        addTo(
          groups,
          keyOf(
            bucketMs,
            dimensions.map((name) => told(row, name)),
          ),
          values,
        );
    };
    for (const row of deltas) {
      const { src_bytes_delta, dst_bytes_delta, src_packets_delta, dst_packets_delta } = row;
      add(row, "last_seen", [...[src_bytes_delta, dst_bytes_delta, src_packets_delta, dst_packets_delta].map(Number), 0, 0]);
    }
    for (const row of flows.values()) add(row, "start", [0, 0, 0, 0, row.primary === true ? 1 : 0, 1]);
    expected[table.name] = Object.fromEntries([...groups].filter(([, values]) => values.some((value) => value !== 0)));
  }
  for (const { table, stepMs } of VALUE_ROLLUPS) {
    const groups = new Map<string, number[]>();
    for (const row of flows.values()) {
      const bucketMs = floorTo(Date.parse(String(row.start)), stepMs);
      if (bucketMs >= throughMs(table.name)) continue;
      for (const name of COUNTED_COLUMNS) {
        const value = told(row, name);
        const key = keyOf(bucketMs, [name, row.network, value === null || value === undefined ? null : String(value)]);
        addTo(groups, key, [row.primary === true ? 1 : 0, 1]);
      }
    }
    expected[table.name] = Object.fromEntries(groups);
  }
  return expected;
}

function told(row: Row, name: string): Row[string] | undefined {
  return name === "dst_port" && Number(row.dst_port) > HIGHEST_KEPT_PORT ? 0 : row[name];
}

function keyOf(bucketMs: number, dimensions: readonly unknown[]): string {
  return `${new Date(bucketMs).toISOString()} ${JSON.stringify(dimensions)}`;
}

function addTo(groups: Map<string, number[]>, key: string, values: readonly number[]): void {
  const has = groups.get(key) ?? values.map(() => 0);
  groups.set(
    key,
    values.map((value, place) => value + (has[place] ?? 0)),
  );
}
