/** A server for engine.test.ts to kill: starts an engine in argv[2], leaves a long query running and prints the engine's pid. */
import { startTestEngine } from "../testing.ts";

const { engine, clickhouse } = await startTestEngine({ dataDir: process.argv[2] ?? "" });
await clickhouse.command("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a");
await clickhouse.insert("t", ["a"], "JSONEachRow", '{"a":7}\n');
clickhouse.rows("SELECT sleepEachRow(1) FROM numbers(30) SETTINGS max_block_size = 1").catch(() => {});
setTimeout(() => process.stdout.write(`${engine.status.pid}\n`), 200);
