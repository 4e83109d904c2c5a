/**
 * `npm run bench:netmaker -- --help`: events of Netmaker's agents a second, from the wire to the disk, through a real server, and what they cost;
 * beside our own agents' uploads in the same run. Agents are a process of their own, on the same machine.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../packages/server/src/config/load.ts";
import { makeLogger } from "../../packages/server/src/logger.ts";
import { Server } from "../../packages/server/src/server.ts";
import { childrenUsage } from "./ingest/processes.ts";
import type { SenderMessage, SenderOrder, SenderResult } from "./ingest/senders.ts";
import type { NetmakerMessage, NetmakerOrder, NetmakerResult } from "./netmaker/senders.ts";
import { benchOptions, countOption } from "./options.ts";
import { percentile } from "./query/ask.ts";
import { machine } from "./query/report.ts";

const USAGE = `Usage: npm run bench:netmaker -- [options]

Events of Netmaker's agents a second, from the wire to the disk, and CPU an event; beside our own agents' door in the same run.

  --streams <n,…>     how many agents send at once (default: 1,50,500)
  --events <n>        sent in each case, such as 200k; of one stream a tenth (default: 200k)
  --agents <n>        our own agents beside them (default: 10)
  --set <key=value>   an option of the server, such as ingest.commit_rows=50000; may come more than once
  --json <file>       the report as JSON
  --md <file>         the report as Markdown
  -h, --help          this text
`;
const values = benchOptions(USAGE, {
  streams: { type: "string", default: "1,50,500" },
  events: { type: "string", default: "200k" },
  agents: { type: "string", default: "10" },
  set: { type: "string", multiple: true, default: [] },
  json: { type: "string" },
  md: { type: "string" },
});
const EVENTS = countOption("events", values.events);
const AGENTS = countOption("agents", values.agents);
const SET = Object.fromEntries(values.set.map((text) => text.split("=") as [string, string]));
const SAMPLE_MS = 500;

interface CaseResult {
  readonly door: "netmaker" | "arrow";
  readonly senders: number;
  readonly rows: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** CPU, µs a row. */
  readonly serverUs: number;
  readonly engineUs: number;
  readonly bytesPerRow: number;
  readonly failed: number;
  /** From a message to its answer, ms. */
  readonly answer: { readonly p50: number; readonly p99: number };
  readonly serverMiB: { readonly before: number; readonly most: number };
}

type Result = Pick<NetmakerResult, "seconds" | "wireBytes" | "latencies" | "failed"> & { readonly rows: number };

const cases: CaseResult[] = [];
const rates = { "netmaker.host_rate": "1000000", "netmaker.max_streams": "2000" };
await withServer(async ({ ask }) => {
  const { listeners } = await ask<{ listeners: { netmaker: string } }>("GET", "/api/health");
  for (const [run, streams] of values.streams.split(",").map(Number).entries()) {
    const order: NetmakerOrder = { address: listeners.netmaker, streams, events: streams === 1 ? EVENTS / 10 : EVENTS, run };
    cases.push(await measure("netmaker", streams, () => netmaker(order)));
  }
});
// A server of its own: elections that hundreds of new reporters bring about are not what is measured.
await withServer(async ({ url, adminToken, ask }) => {
  const nodes = Array.from({ length: AGENTS }, (_, n) => ({ kind: "agent", node: `gw-${n}` }));
  const tokens = await Promise.all(nodes.map(async (node) => (await ask<{ token: string }>("POST", "/api/tokens", node)).token));
  const about = { url, tokens, adminToken, seconds: 0, readers: 0, reports: EVENTS };
  for (const rowsPerBatch of [200, 5000]) {
    const order: SenderOrder = { ...about, rowsPerBatch, epoch: `b${rowsPerBatch}` };
    cases.push(await measure("arrow", AGENTS, () => arrow(order)));
  }
});
const report = { when: new Date().toISOString(), machine: machine(), cases };
const text = markdown();
if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
if (values.md) await writeFile(values.md, text);
process.stdout.write(text);

interface Running {
  readonly url: string;
  readonly adminToken: string;
  ask<T>(method: string, path: string, body?: object): Promise<T>;
}

async function withServer(work: (running: Running) => Promise<void>): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), "flowtrail-bench-"));
  const flags = { listen: "127.0.0.1:0", "netmaker.listen": "127.0.0.1:0", data, ...rates, ...SET };
  const server = new Server(parseConfig({ flags }), { logger: makeLogger("fatal", false) });
  await server.start();
  try {
    const url = server.url ?? "";
    const adminToken = (await readFile(join(data, "admin.token"), "utf8")).trim();
    const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
      const headers = { authorization: `Bearer ${adminToken}`, ...(body && { "content-type": "application/json" }) };
      const response = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      return (await response.json()) as T;
    };
    await work({ url, adminToken, ask });
  } finally {
    await server.stop();
    await rm(data, { recursive: true, force: true });
  }
}

/** A process that was told what to send and has made it: `go` sends it. */
interface Sender {
  readonly child: ChildProcess;
  go(): Promise<Result>;
}

async function measure(door: CaseResult["door"], senders: number, begin: () => Promise<Sender>): Promise<CaseResult> {
  process.stderr.write(`${door}, ${senders}\n`);
  const { child, go } = await begin();
  const mib = () => Math.round(process.memoryUsage.rss() / 2 ** 20);
  const engine = () => childrenUsage([child.pid ?? 0]).cpuMs;
  const [cpu, engineMs, before] = [process.cpuUsage(), engine(), mib()];
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, mib());
  }, SAMPLE_MS);
  try {
    const { rows, seconds, wireBytes, latencies, failed } = await go();
    const used = process.cpuUsage(cpu);
    const us = (ms: number) => (ms * 1000) / Math.max(1, rows);
    return {
      door,
      senders,
      rows,
      seconds,
      rowsPerSecond: rows / seconds,
      serverUs: us((used.user + used.system) / 1000),
      engineUs: us(engine() - engineMs),
      bytesPerRow: wireBytes / Math.max(1, rows),
      failed,
      answer: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
      serverMiB: { before, most },
    };
  } finally {
    clearInterval(timer);
    child.removeAllListeners("exit");
    child.kill();
  }
}

async function netmaker(order: NetmakerOrder): Promise<Sender> {
  const child = fork(new URL("./netmaker/senders.ts", import.meta.url));
  const next = () => message<NetmakerMessage>(child);
  child.send(order);
  await next();
  return {
    child,
    go: async () => {
      child.send("go");
      const told = await next();
      if (told.kind !== "done") throw new TypeError("the senders are not done");
      return { ...told.result, rows: told.result.events };
    },
  };
}

async function arrow(order: SenderOrder): Promise<Sender> {
  const child = fork(new URL("./ingest/senders.ts", import.meta.url));
  child.send(order);
  await message<SenderMessage>(child);
  return {
    child,
    go: async () => {
      child.send("go");
      for (;;) {
        const told = await message<SenderMessage>(child);
        if (told.kind !== "done") continue;
        const result: SenderResult = told.result;
        return { ...result, rows: result.reports, failed: result.rejected };
      }
    },
  };
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the senders ended with ${code}`));
    child.once("exit", onExit);
    child.once("message", (told) => {
      child.off("exit", onExit);
      resolve(told as T);
    });
  });
}

function markdown(): string {
  const n = (value: number, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits });
  return [
    "## Netmaker's agents: events from the wire to the disk",
    "",
    `${report.when} · ${report.machine}. Agents send 200 events, half of them START and half DESTROY, and wait for the answer. Senders, server and engine share the machine.`,
    "",
    "| door | senders | rows | rows/s | server µs | engine µs | bytes | answer p50 | p99 ms | server MiB before | most | failed |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ...cases.map((one) =>
      [
        `| ${one.door}`,
        one.senders,
        n(one.rows),
        `**${n(one.rowsPerSecond)}**`,
        n(one.serverUs, 1),
        n(one.engineUs, 1),
        n(one.bytesPerRow),
        n(one.answer.p50),
        n(one.answer.p99),
        one.serverMiB.before,
        one.serverMiB.most,
        `${n(one.failed)} |`,
      ].join(" | "),
    ),
    "",
  ].join("\n");
}
