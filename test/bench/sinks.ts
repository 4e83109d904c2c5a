/**
 * What it costs to hand records over: records a second and CPU by kind of sink, against local receivers; and what it costs to find what is new
 * among all that is stored.
 *
 *   flowtrail lab seed --data DIR --rows 3M --days 10
 *   node test/bench/sinks.ts --data DIR [--records 50k]
 *
 * Compare CPU and rows read, not seconds, on a machine that others use.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatOf } from "../../packages/server/src/sinks/formats/registry.ts";
import { type SinkConfig, sinkSchema } from "../../packages/server/src/sinks/sink-config.ts";
import { NodeStream } from "../../packages/server/src/sinks/stream/node-stream.ts";
import type { NodePlace } from "../../packages/server/src/sinks/stream/place.ts";
import { sourcesOf } from "../../packages/server/src/sinks/stream/source.ts";
import { transportKind } from "../../packages/server/src/sinks/transports/registry.ts";
import { FLOWS } from "../../packages/server/src/store/schema/flow-tables.ts";
import { createTable } from "../../packages/server/src/store/schema/table.ts";
import { memoryLogger, startTestEngine, type TestEngine } from "../../packages/server/src/store/testing.ts";

const { values } = parseArgs({ options: { data: { type: "string" }, records: { type: "string", default: "50k" } } });
if (values.data === undefined) throw new TypeError("--data DIR: a seeded directory");
const records = Number(values.records.replace(/k$/, "000"));
const TABLE = "bench_stream";

const { child, ports } = await receiver();
const bench = await startTestEngine({ dataDir: join(values.data, "store"), engine: { memoryBytes: 2_000_000_000 } });
try {
  await prepare(bench);
  await finding(bench);
  const url = `http://127.0.0.1:${ports.http}`;
  const kinds: Record<string, object> = {
    "(reading only)": {},
    http: { transport: { kind: "http", url } },
    "http, no gzip": { transport: { kind: "http", url, gzip: false } },
    splunk: { transport: { kind: "splunk", url } },
    elastic: { transport: { kind: "elastic", url } },
    datadog: { transport: { kind: "datadog", url } },
    otlp: { transport: { kind: "otlp", url } },
    syslog: { transport: { kind: "syslog", host: "127.0.0.1", port: ports.tcp, tls: false } },
    file: { transport: { kind: "file" } },
  };
  console.log("kind             records/s   server µs   engine µs   (CPU a record)");
  for (const [name, config] of Object.entries(kinds)) await handOver(bench, name, config);
} finally {
  await bench.clickhouse.command(`DROP TABLE IF EXISTS ${TABLE}`);
  await bench.stop({ keep: true });
  child.kill();
}

/** The seeded flows as a server stores them: half a second of them at once, some by agents that come hours late. */
async function prepare({ clickhouse }: TestEngine): Promise<void> {
  const columns = FLOWS.columns.map(({ name }) => name);
  await clickhouse.command(`DROP TABLE IF EXISTS ${TABLE}`);
  await clickhouse.command(createTable({ ...FLOWS, name: TABLE }));
  const late = "if(cityHash64(flow_id) % 50 = 0, 21600000, 0)";
  const stored = `fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(last_seen) + ${late}, 500) * 500 + 500, 'UTC')`;
  const selected = columns.map((name) => (name === "stored" ? `${stored} AS stored` : name));
  await clickhouse.command(
    `INSERT INTO ${TABLE} (${columns.join(", ")}) SELECT ${selected.join(", ")} FROM flows`,
    {},
    { settings: { max_partitions_per_insert_block: "500", max_execution_time: 600 } },
  );
  await clickhouse.command(`OPTIMIZE TABLE ${TABLE} FINAL`, {}, { settings: { max_execution_time: 600 } });
}

function streamOf({ clickhouse }: TestEngine): NodeStream {
  const [ended] = sourcesOf({ q: "", reports: "all", events: ["ended"] });
  if (ended === undefined) throw new TypeError("no source");
  return new NodeStream(clickhouse, { ...ended, table: TABLE }, (table) => table);
}

async function finding({ clickhouse }: TestEngine): Promise<void> {
  const [all] = await clickhouse.rows<{ rows: string; newest: string }>(
    `SELECT count() AS rows, toUnixTimestamp64Milli(max(last_seen)) AS newest FROM ${TABLE}`,
  );
  const newestMs = Number(all?.newest ?? 0);
  for (const [what, agoMs] of [
    ["2 s", 2000],
    ["a minute", 60_000],
    ["an hour", 3_600_000],
    ["a day", 86_400_000],
  ] as const)
    for (const indexed of [1, 0] as const) {
      const { rowsRead, tookMs, rows } = await clickhouse.answer<{ n: string }>(
        `SELECT stored, count() AS n FROM ${TABLE} WHERE stored > fromUnixTimestamp64Milli({from:Int64}, 'UTC')
         AND stored <= fromUnixTimestamp64Milli({to:Int64}, 'UTC') AND (counters_final OR state = 'lost') GROUP BY stored ORDER BY stored`,
        { from: newestMs - agoMs, to: newestMs },
        { settings: { max_threads: 1, use_skip_indexes: indexed } },
      );
      const found = rows.reduce((sum, { n }) => sum + Number(n), 0);
      console.log(
        `what ${what} brought, of ${all?.rows} rows${indexed ? "" : ", without the index"}: ${found} found, ${rowsRead} read, ${tookMs.toFixed(1)} ms`,
      );
    }
}

async function handOver(test: TestEngine, name: string, config: object): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), "flowtrail-bench-sinks-"));
  const sink: SinkConfig | null = "transport" in config ? sinkSchema.parse({ name, ...config }) : null;
  const kind = sink === null ? null : transportKind(sink.transport.kind);
  const format = formatOf(kind?.formats[0] ?? "flowtrail");
  if (format === null) throw new TypeError(name);
  const deps = { sink: "bench", dataDir: data, allowLinkLocal: false, version: "bench", now: Date.now, logger: memoryLogger() };
  const transport = sink === null ? null : (kind?.make(sink.transport, { ...deps, format, secrets: {} }) ?? null);
  const { signal } = new AbortController();
  const stream = streamOf(test);
  await transport?.open(signal);
  const pid = test.engine.status.pid ?? 0;
  const [beganMs, ownUs, engineMs] = [performance.now(), process.cpuUsage(), cpuMs(pid)];
  let place: NodePlace = { ms: 0, key: null, clockMs: 0 };
  let sent = 0;
  while (sent < records) {
    const read = await stream.read(
      place,
      Math.min(transport?.batch.maxEvents ?? 1000, 10_000),
      { least: 1, lingerMs: 0 },
      signal,
    );
    const result = await (transport?.send(read.events, signal) ?? { kind: "taken" as const });
    if (read.events.length > 0 && result.kind !== "taken") throw new TypeError(`${name}: ${JSON.stringify(result)}`);
    sent += read.events.length;
    place = read.place;
    if (!read.more) break;
  }
  const seconds = (performance.now() - beganMs) / 1000;
  const own = process.cpuUsage(ownUs);
  const engine = ((cpuMs(pid) - engineMs) * 1000) / sent;
  const cells = [Math.round(sent / seconds), Math.round((own.user + own.system) / sent), Math.round(engine)];
  console.log(`${name.padEnd(16)}${cells.map((cell) => String(cell).padStart(10)).join("  ")}`);
  await transport?.close();
  await rm(data, { recursive: true, force: true });
}

async function receiver(): Promise<{ child: ChildProcess; ports: { http: number; tcp: number } }> {
  const child = fork(join(import.meta.dirname, "sinks/receiver.ts"));
  const [ports] = (await once(child, "message")) as [{ http: number; tcp: number }];
  return { child, ports };
}

/** Of a process so far. proc(5): utime and stime are fields 14 and 15, in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
