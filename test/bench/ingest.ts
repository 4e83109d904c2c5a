/**
 * `npm run bench:ingest -- --help`: reports a second from the wire to the disk, with settling and rollups, through a real server, while four
 * readers ask; CPU a report of server and engine; beside plain INSERTs of the same rows in Native format. Agents and readers are a process of
 * their own, on the same machine. With --minutes uploads are made as they are sent, for so long, and memory is watched.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../packages/server/src/config/load.ts";
import { makeLogger } from "../../packages/server/src/logger.ts";
import { Server } from "../../packages/server/src/server.ts";
import type { Endpoint } from "../../packages/server/src/store/endpoint.ts";
import { startTestCluster } from "../../packages/server/src/store/testing-cluster.ts";
import { type NativeResult, plainInserts } from "./ingest/native.ts";
import { childrenUsage } from "./ingest/processes.ts";
import type { SenderMessage, SenderOrder, SenderResult } from "./ingest/senders.ts";
import { inventoryOf } from "./ingest/traffic.ts";
import { benchOptions, countOption } from "./options.ts";
import { percentile } from "./query/ask.ts";
import { engineEndpoint } from "./query/engine.ts";
import { machine } from "./query/report.ts";

const USAGE = `Usage: npm run bench:ingest -- [options]

Reports a second from the wire to the disk, through a real server, while readers ask; beside plain INSERTs of the same rows.

  --agents <n,…>      how many send at once (default: 1,10,100)
  --engine <name,…>   embedded, http (default: both)
  --reports <n>       sent in each case, such as 500k (default: 500k)
  --minutes <n>       instead: uploads are made as they are sent, for so long, and memory is watched
  --readers <n>       who ask meanwhile (default: 4)
  --no-native         without the plain INSERTs
  --set <key=value>   an option of the server, such as ingest.commit_rows=50000; may come more than once
  --json <file>       the report as JSON
  --md <file>         the report as Markdown
  -h, --help          this text
`;
const values = benchOptions(USAGE, {
  agents: { type: "string", default: "1,10,100" },
  engine: { type: "string", default: "embedded,http" },
  reports: { type: "string", default: "500k" },
  minutes: { type: "string" },
  readers: { type: "string", default: "4" },
  json: { type: "string" },
  md: { type: "string" },
  "no-native": { type: "boolean", default: false },
  set: { type: "string", multiple: true, default: [] },
});
const REPORTS = countOption("reports", values.reports);
const READERS = countOption("readers", values.readers);
const SET = Object.fromEntries(values.set.map((text) => text.split("=") as [string, string]));
const say = (text: string) => void process.stderr.write(`${text}\n`);

interface Memory {
  readonly second: number;
  readonly serverMiB: number;
  readonly engineMiB: number;
  readonly reports: number;
}

interface CaseResult {
  readonly engine: string;
  readonly agents: number;
  readonly rowsPerBatch: number;
  readonly sent: Omit<SenderResult, "latencies" | "queries">;
  readonly reportsPerSecond: number;
  /** µs a report. */
  readonly serverUs: number;
  readonly engineUs: number;
  readonly agentUs: number;
  readonly upload: { readonly p50: number; readonly p95: number };
  readonly query: { readonly p50: number; readonly p95: number; readonly n: number };
  readonly idleQuery: { readonly p50: number; readonly p95: number };
  readonly memory: readonly Memory[];
}

const cases: CaseResult[] = [];
const natives: (NativeResult & { engine: string })[] = [];
for (const engine of values.engine.split(",")) {
  for (const agents of values.agents.split(",").map(Number)) cases.push(await measure(engine, agents));
}
const report = { when: new Date().toISOString(), machine: machine(), cases, natives };
const text = markdown();
if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
if (values.md) await writeFile(values.md, text);
process.stdout.write(text);

async function measure(engine: string, agents: number): Promise<CaseResult> {
  const data = await mkdtemp(join(tmpdir(), "flowtrail-bench-"));
  const cluster = engine === "http" ? await startTestCluster(1) : null;
  const inventory = join(data, "inventory.yaml");
  await writeFile(inventory, inventoryOf(Math.max(100, agents)));
  const remote: Record<string, string> = cluster
    ? { "store.url": cluster.url, "store.user": cluster.username, "store.password": cluster.password }
    : {};
  const flags = { listen: "127.0.0.1:0", data, "inventory.file": inventory, ...remote, ...SET };
  const server = new Server(parseConfig({ flags }), { logger: makeLogger("fatal", false) });
  await server.start();
  try {
    const adminToken = (await readFile(join(data, "admin.token"), "utf8")).trim();
    const tokens = await Promise.all(
      Array.from({ length: agents }, (_, n) => agentToken(server.url ?? "", adminToken, `gw-${n}`)),
    );
    const rowsPerBatch = Math.max(500, Math.min(50_000, Math.round(50_000 / agents)));
    const seconds = values.minutes === undefined ? 0 : Number(values.minutes) * 60;
    const order = {
      url: server.url ?? "",
      tokens,
      adminToken,
      rowsPerBatch,
      reports: seconds > 0 ? null : REPORTS,
      seconds,
      readers: READERS,
      epoch: "b",
    };
    say(`${engine}, ${agents} agents`);
    const result = await send(order);
    const { latencies, queries, ...sent } = result.sent;
    if (sent.problem) say(`problem: ${sent.problem}`);
    const idle = await send({ ...order, tokens: [], reports: null, seconds: 8 });
    const us = (ms: number) => (ms * 1000) / Math.max(1, sent.reports);
    if (!values["no-native"] && (agents === 10 || values.agents.split(",").length === 1)) {
      const endpoint: Endpoint = cluster
        ? { url: cluster.url, username: cluster.username, password: cluster.password, headers: {} }
        : await engineEndpoint();
      const all = await plainInserts(endpoint, "flowtrail", 500_000, () => childrenUsage([]).cpuMs);
      natives.push(...all.map((one) => ({ ...one, engine })));
    }
    return {
      engine,
      agents,
      rowsPerBatch,
      sent,
      reportsPerSecond: sent.reports / sent.seconds,
      serverUs: us(result.serverMs),
      engineUs: us(result.engineMs),
      agentUs: us(sent.cpuMs),
      upload: { p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95) },
      query: { p50: percentile(queries, 0.5), p95: percentile(queries, 0.95), n: queries.length },
      idleQuery: { p50: percentile(idle.sent.queries, 0.5), p95: percentile(idle.sent.queries, 0.95) },
      memory: result.memory,
    };
  } finally {
    await server.stop();
    await cluster?.stop();
    await rm(data, { recursive: true, force: true });
  }
}

async function agentToken(url: string, adminToken: string, node: string): Promise<string> {
  const response = await fetch(`${url}/api/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ kind: "agent", node }),
  });
  return ((await response.json()) as { token: string }).token;
}

interface Sending {
  readonly sent: SenderResult;
  readonly serverMs: number;
  readonly engineMs: number;
  readonly memory: Memory[];
}

async function send(order: SenderOrder): Promise<Sending> {
  const child: ChildProcess = fork(new URL("./ingest/senders.ts", import.meta.url));
  const memory: Memory[] = [];
  const others = [child.pid ?? 0];
  const engine = () => childrenUsage(others);
  const mib = (bytes: number) => Math.round(bytes / 2 ** 20);
  let [cpu, engineMs, began] = [process.cpuUsage(), 0, 0];
  try {
    return await new Promise<Sending>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`senders ended with ${code}`)));
      child.on("message", (message: SenderMessage) => {
        if (message.kind === "ready") {
          [cpu, engineMs, began] = [process.cpuUsage(), engine().cpuMs, performance.now()];
          child.send("go");
        } else if (message.kind === "progress") {
          const second = Math.round((performance.now() - began) / 1000);
          memory.push({
            second,
            serverMiB: mib(process.memoryUsage.rss()),
            engineMiB: mib(engine().rssBytes),
            reports: message.reports,
          });
        } else {
          const used = process.cpuUsage(cpu);
          resolve({
            sent: message.result,
            serverMs: (used.user + used.system) / 1000,
            engineMs: engine().cpuMs - engineMs,
            memory,
          });
        }
      });
      child.send(order);
    });
  } finally {
    child.removeAllListeners("exit");
    child.kill();
  }
}

function markdown(): string {
  const n = (value: number, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits });
  return [
    "## Reports from the wire to the disk",
    "",
    `${report.when} · ${report.machine}. Agents, ${READERS} readers (a question a second each), server and engine share the machine. CPU: of server and engine, rollups, settling and merges included.`,
    "",
    "| engine | agents | rows an upload | reports/s | server µs | engine µs | agents' µs | upload p50 | p95 ms | question p50 | p95 ms | without load p95 |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ...cases.map((one) =>
      [
        `| ${one.engine}`,
        one.agents,
        n(one.rowsPerBatch),
        `**${n(one.reportsPerSecond)}**`,
        n(one.serverUs, 1),
        n(one.engineUs, 1),
        n(one.agentUs, 1),
        n(one.upload.p50),
        n(one.upload.p95),
        n(one.query.p50),
        n(one.query.p95),
        `${n(one.idleQuery.p95)} |`,
      ].join(" | "),
    ),
    "",
    "Plain INSERT of the same rows, Native, blocks of 50,000, one after the other:",
    "",
    "| engine | table | rows/s | engine µs a row |",
    "|---|---|--:|--:|",
    ...natives.map(
      ({ engine, table, rows, seconds, cpuMs }) =>
        `| ${engine} | ${table} | ${n(rows / seconds)} | ${n((cpuMs * 1000) / Math.max(1, rows), 1)} |`,
    ),
    "",
    ...(values.minutes === undefined ? [] : memoryTable()),
  ].join("\n");
}

function memoryTable(): string[] {
  return cases.flatMap(({ engine, agents, memory }) => [
    `Memory, ${engine}, ${agents} agents:`,
    "",
    "| second | reports | server MiB | engine MiB |",
    "|--:|--:|--:|--:|",
    ...memory
      .filter(({ second }) => second % 30 === 0 || second === 1)
      .map(
        ({ second, reports, serverMiB, engineMiB }) =>
          `| ${second} | ${reports.toLocaleString("en")} | ${serverMiB} | ${engineMiB} |`,
      ),
    "",
  ]);
}
