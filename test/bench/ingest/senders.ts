/**
 * A process of its own: agents that upload one batch after the other, as fast as the server takes them, and readers that ask meanwhile.
 * Told what to do by the process that has the server, over IPC.
 */
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { zstdCompress, zstdCompressSync } from "node:zlib";
import { AgentTraffic } from "./traffic.ts";

export interface SenderOrder {
  readonly url: string;
  readonly tokens: readonly string[];
  readonly adminToken: string;
  readonly rowsPerBatch: number;
  /** Made before the clock starts; then the run is over. Null: they are made as they are sent, for so many seconds. */
  readonly reports: number | null;
  readonly seconds: number;
  readonly readers: number;
  readonly epoch: string;
}

export interface SenderResult {
  readonly reports: number;
  readonly seconds: number;
  readonly wireBytes: number;
  readonly rejected: number;
  readonly refused: number;
  /** From the first byte of an upload to its answer, ms. */
  readonly latencies: readonly number[];
  readonly queries: readonly number[];
  readonly failedQueries: number;
  readonly cpuMs: number;
  readonly problem: string | null;
}

export type SenderMessage =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly reports: number }
  | { readonly kind: "done"; readonly result: SenderResult };

const compress = promisify(zstdCompress);
const tell = (message: SenderMessage) => process.send?.(message);
const keepAlive = new Agent({ keepAlive: true, maxSockets: 200 });
const DAY = 86_400_000;
/** Uploads of each agent that are not measured. */
const WARM_UP = 2;

process.on("message", (message: SenderOrder | "go") => {
  if (message === "go") start?.();
  else void run(message);
});
let start: (() => void) | null = null;

async function run(order: SenderOrder): Promise<void> {
  const { tokens, rowsPerBatch, reports, seconds, readers } = order;
  const beganMs = Date.now();
  const batchesEach = reports === null ? 0 : Math.max(1, Math.round(reports / rowsPerBatch / tokens.length));
  const prepared: Buffer[][] = tokens.map(() => []);
  const stats = { reports: 0, wireBytes: 0, rejected: 0, refused: 0, problem: null as string | null };
  const latencies: number[] = [];
  const upload = async (node: number, sequence: number, body: Buffer): Promise<void> => {
    for (;;) {
      const sent = performance.now();
      const { status, text, retryAfter } = await post(order, node, sequence, body);
      if (status === 200) {
        latencies.push(performance.now() - sent);
        const answer = JSON.parse(text) as { accepted: number; rejected: { message: string }[] };
        stats.reports += answer.accepted;
        stats.rejected += answer.rejected.length;
        stats.problem ??= answer.rejected[0]?.message ?? null;
        stats.wireBytes += body.length;
        return;
      }
      stats.refused++;
      stats.problem = `${status} ${text.slice(0, 200)}`;
      if (status !== 429 && status !== 503) return;
      await sleep((retryAfter || 1) * 1000);
    }
  };
  // An agent that is heard of for the first time has others' reports elected again: that is not what is measured.
  const helloMs = Date.now();
  const hello = (_: string, node: number) => upload(node, 0, zstdCompressSync(new AgentTraffic(node, 10, beganMs).next(helloMs)));
  await Promise.all(tokens.map(hello));
  while (await hasElections(order)) await sleep(500);
  const agents = tokens.map((_, node) => new AgentTraffic(node, rowsPerBatch, helloMs));
  // Code that has run is faster.
  for (let sequence = 1; sequence <= WARM_UP; sequence++) {
    const warm = async (agent: AgentTraffic, node: number) => upload(node, sequence, await compress(agent.next(Date.now())));
    await Promise.all(agents.map(warm));
  }
  Object.assign(stats, { reports: 0, wireBytes: 0, rejected: 0, refused: 0, problem: null });
  latencies.length = 0;
  const madeMs = Date.now();
  for (const [node, agent] of agents.entries()) {
    for (let n = 0; n < batchesEach; n++) prepared[node]?.push(zstdCompressSync(agent.next(madeMs + n * 20)));
  }
  const go = new Promise<void>((resolve) => {
    start = resolve;
  });
  tell({ kind: "ready" });
  await go;
  const cpu = process.cpuUsage();
  const began = performance.now();
  const endMs = began + seconds * 1000;
  const queries: number[] = [];
  let failedQueries = 0;
  let running = agents.length;
  let uploadedMs = began;

  const agentLoop = async (agent: AgentTraffic, node: number) => {
    const waiting = prepared[node] ?? [];
    for (let sequence = 0; ; sequence++) {
      if (reports !== null ? sequence >= waiting.length : performance.now() >= endMs) break;
      await upload(node, WARM_UP + 1 + sequence, waiting[sequence] ?? (await compress(agent.next(Date.now()))));
    }
    running--;
    uploadedMs = performance.now();
  };
  const readerLoop = async (reader: number) => {
    while (agents.length > 0 ? running > 0 : performance.now() < endMs) {
      const asked = performance.now();
      const ok = await question(order, reader, queries.length);
      if (ok) queries.push(performance.now() - asked);
      else failedQueries++;
      await sleep(Math.max(0, 1000 - (performance.now() - asked)));
    }
  };
  const ticker = setInterval(() => tell({ kind: "progress", reports: stats.reports }), 1000);
  await Promise.all([...agents.map(agentLoop), ...Array.from({ length: readers }, (_, reader) => readerLoop(reader))]);
  clearInterval(ticker);
  const used = process.cpuUsage(cpu);
  // Readers finish their second: the uploads' time is what counts.
  const result = {
    ...stats,
    seconds: (uploadedMs - began) / 1000,
    latencies,
    queries,
    failedQueries,
    cpuMs: (used.user + used.system) / 1000,
  };
  tell({ kind: "done", result });
}

function post(
  { url, tokens, epoch }: SenderOrder,
  node: number,
  sequence: number,
  body: Buffer,
): Promise<{ status: number; text: string; retryAfter: number }> {
  const headers = {
    "content-type": "application/vnd.apache.arrow.stream",
    "content-encoding": "zstd",
    "content-length": String(body.length),
    "flowtrail-batch": `${epoch}${node}-${sequence}`,
    "flowtrail-clock": String(Date.now()),
    "flowtrail-spool": `1;${body.length}`,
    authorization: `Bearer ${tokens[node]}`,
  };
  return new Promise((resolve, reject) => {
    const asked = request(new URL("/ingest/v1/flows", url), { method: "POST", agent: keepAlive, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, text, retryAfter: Number(answer.headers["retry-after"] ?? 0) }),
      );
      answer.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

async function hasElections({ url, adminToken }: SenderOrder): Promise<boolean> {
  const response = await fetch(`${url}/api/health`, { headers: { authorization: `Bearer ${adminToken}` } });
  const { reelections } = (await response.json()) as { reelections?: { pending: number } };
  return (reelections?.pending ?? 0) > 0;
}

const QUESTIONS = ["", "/histogram?group=proto", "/top?by=src.name", "/count"];

async function question({ url, adminToken }: SenderOrder, reader: number, n: number): Promise<boolean> {
  const path = QUESTIONS[(reader + n) % QUESTIONS.length] ?? "";
  const range = new URLSearchParams({ from: new Date(Date.now() - DAY).toISOString(), to: new Date().toISOString() });
  const response = await fetch(`${url}/api/flows${path}${path.includes("?") ? "&" : "?"}${range}`, {
    headers: { authorization: `Bearer ${adminToken}` },
  });
  await response.arrayBuffer();
  return response.ok;
}
