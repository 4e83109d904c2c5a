/**
 * What a row costs: bytes on disk by column and index, and the engine's CPU time for inserting it, in tables made as the schema says now.
 *
 *   flowtrail lab seed --data DIR --rows 4M --days 2
 *   node test/bench/schema.ts --data DIR [--rows 500k]
 *
 * Rows are taken from the seeded store, which no server may have open, and stay there. As many days as rows make them as dense as they
 * would be: 4 M rows in 2 days are the density of 60 M in 30.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FLOW_DELTAS, FLOWS } from "../../packages/server/src/store/schema/flow-tables.ts";
import { createTable, type Table } from "../../packages/server/src/store/schema/table.ts";
import { startTestEngine, type TestEngine } from "../../packages/server/src/store/testing.ts";

const { values } = parseArgs({ options: { data: { type: "string" }, rows: { type: "string", default: "500k" } } });
if (values.data === undefined) throw new TypeError("--data DIR: a seeded directory");
const rows = Number(values.rows.replace(/k$/, "000").replace(/M$/, "000000"));
const ROWS_AN_INSERT = 10_000;

const bench = await startTestEngine({ dataDir: join(values.data, "store"), engine: { memoryBytes: 2_000_000_000 } });
try {
  for (const table of [FLOWS, FLOW_DELTAS]) await measure(bench, table);
} finally {
  await bench.stop({ keep: true });
}

async function measure({ clickhouse, engine }: TestEngine, table: Table): Promise<void> {
  const name = `bench_${table.name}`;
  const columns = table.columns.map((column) => column.name).join(", ");
  // No merges meanwhile: what an insert costs by itself.
  const settings = {
    min_bytes_for_wide_part: 0,
    max_bytes_to_merge_at_max_space_in_pool: 1,
    parts_to_throw_insert: 100_000,
    parts_to_delay_insert: 100_000,
  };
  const copy = (to: string, atOnce: number) =>
    clickhouse.command(
      `INSERT INTO ${to} (${columns}) SELECT ${columns} FROM ${table.name} ORDER BY ${table.orderBy.join(", ")} LIMIT ${rows}`,
      {},
      {
        settings: {
          ...{ max_threads: 1, max_insert_threads: "1", optimize_read_in_order: 1, min_insert_block_size_bytes: "0" },
          ...{
            max_block_size: String(atOnce),
            max_insert_block_size: String(atOnce),
            min_insert_block_size_rows: String(atOnce),
          },
        },
      },
    );
  const cpuOf = async (work: Promise<void>) => {
    const before = cpuMs(engine.status.pid ?? 0);
    await work;
    return ((cpuMs(engine.status.pid ?? 0) - before) * 1000) / rows;
  };
  try {
    await clickhouse.command(`CREATE OR REPLACE TABLE ${name}_nowhere AS ${table.name} ENGINE = Null`);
    await clickhouse.command(`DROP TABLE IF EXISTS ${name}`);
    await clickhouse.command(createTable({ ...table, name, settings: { ...table.settings, ...settings } }));
    const reading = await cpuOf(copy(`${name}_nowhere`, ROWS_AN_INSERT));
    const all = await cpuOf(copy(name, ROWS_AN_INSERT));
    // As merges leave it.
    await clickhouse.command(`DROP TABLE ${name}`);
    await clickhouse.command(createTable({ ...table, name, settings: { ...table.settings, min_bytes_for_wide_part: 0 } }));
    await copy(name, rows);
    const of = { table: name };
    const [total] = await clickhouse.rows<{ n: string; disk: number }>(
      "SELECT sum(rows) AS n, sum(bytes_on_disk) / n AS disk FROM system.parts WHERE active AND table = {table:String}",
      of,
    );
    const parts = await clickhouse.rows<{ name: string; bytes: number }>(
      `SELECT name, sum(data_compressed_bytes) / ${total?.n} AS bytes FROM
        (SELECT name, data_compressed_bytes FROM system.columns WHERE table = {table:String} AND database = currentDatabase()
         UNION ALL SELECT name, data_compressed_bytes FROM system.data_skipping_indices WHERE table = {table:String} AND database = currentDatabase())
       GROUP BY name ORDER BY bytes DESC`,
      of,
    );
    console.log(
      `\n${table.name}: ${total?.disk.toFixed(2)} B a row (${total?.n} rows), ${(all - reading).toFixed(2)} µs CPU a row in inserts of ${ROWS_AN_INSERT}`,
    );
    console.log(
      parts
        .filter(({ bytes }) => bytes >= 0.05)
        .map(({ name: part, bytes }) => `${part} ${bytes.toFixed(2)}`)
        .join(", "),
    );
  } finally {
    for (const made of [name, `${name}_nowhere`]) await clickhouse.command(`DROP TABLE IF EXISTS ${made}`);
  }
}

/** User and system time of the engine's process, in ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
