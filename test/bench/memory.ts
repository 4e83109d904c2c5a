/**
 * `npm run bench:memory`: what an agent takes of a node's memory: with no flow, with 50,000 open flows that are silent, and with 50,000 that all move,
 * beside a Node that does nothing. Resident set (VmRSS) and its private part (RssAnon), median and largest of samples over 20 s each, as a table or
 * with --json. Needs root; takes about three minutes and leaves nothing.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const FLOWS = 50_000;
const GOAL_MB = 90;
const SAMPLES = 20;
const SAMPLE_MS = 1000;
const SETTLE_MS = 10_000;
/** The agent's own interval of updates: every flow has something to tell each time. */
const MOVE_MS = 10_000;

interface Sample {
  readonly rss: number;
  readonly anon: number;
}
interface Row {
  readonly name: string;
  /** MB (10^6 bytes). */
  readonly rss: number;
  readonly largest: number;
  readonly anon: number;
}

const namespace = `ft-mem-${randomBytes(2).toString("hex")}`;
const directory = mkdtempSync(join(tmpdir(), "ft-mem-"));
const state = join(directory, "state");
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const FLOWTRAIL = here("../../packages/cli/src/main.ts");
const children: ChildProcess[] = [];

function inNamespace(...command: string[]): ChildProcess {
  const child = spawn("ip", ["netns", "exec", namespace, ...command], { stdio: ["pipe", "pipe", "ignore"] });
  children.push(child);
  return child;
}

function up(): void {
  const ip = (...args: string[]) => execFileSync("ip", args);
  ip("netns", "add", namespace);
  ip("-n", namespace, "link", "set", "lo", "up");
  // Swallows every packet; conntrack has seen it by then.
  ip("-n", namespace, "link", "add", "sink", "type", "ifb");
  ip("-n", namespace, "addr", "add", "10.78.0.1/16", "dev", "sink");
  ip("-n", namespace, "link", "set", "sink", "up", "arp", "off");
  ip("netns", "exec", namespace, "sysctl", "-qw", "net.netfilter.nf_conntrack_udp_timeout=900");
}

async function down(): Promise<void> {
  for (const child of children.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  if (existsSync(`/run/netns/${namespace}`)) execFileSync("ip", ["netns", "del", namespace]);
  rmSync(directory, { recursive: true, force: true });
}

function sample({ pid = 0 }: ChildProcess): Sample {
  const text = readFileSync(`/proc/${pid}/status`, "latin1");
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) * 1024;
  return { rss: bytes("VmRSS") / 1e6, anon: bytes("RssAnon") / 1e6 };
}

async function measure(name: string, child: ChildProcess): Promise<Row> {
  process.stderr.write(`${name} …\n`);
  const samples: Sample[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    samples.push(sample(child));
    await sleep(SAMPLE_MS);
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const rss = samples.map((one) => one.rss);
  return { name, rss: median(rss), largest: Math.max(...rss), anon: median(samples.map((one) => one.anon)) };
}

async function until(what: string, happened: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++, await sleep(100)) if (happened()) return;
  throw new Error(`waited 60 s in vain until ${what}`);
}

function openFlows(): number {
  const path = join(state, "status.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { flows: { open: number } }).flows.open : -1;
}

/** Sends one datagram for each of the flows, again and again until `stop` aborts. */
async function move(generator: ChildProcess, answers: AsyncIterator<string>, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const began = performance.now();
    await touch(generator, answers);
    await sleep(Math.max(0, MOVE_MS - (performance.now() - began)), undefined, { signal: stop }).catch(() => undefined); // the end
  }
}

async function touch(generator: ChildProcess, answers: AsyncIterator<string>): Promise<void> {
  generator.stdin?.write(`${FLOWS}\n`);
  await answers.next();
}

async function run(): Promise<{ rows: Row[]; runs: string }> {
  up();
  const bare = inNamespace(process.execPath, "-e", "setInterval(() => {}, 1e6)");
  const address = "127.0.0.1:8080";
  inNamespace(
    process.execPath,
    FLOWTRAIL,
    "server",
    "--listen",
    address,
    "--data",
    join(directory, "data"),
    "--insecure-no-auth",
  );
  await until("the server is up", () => existsSync(join(directory, "data", "server.json")));
  const node = ["--node", "bench", "--network", "bench=10.78.0.0/16", "--state", state];
  const agent = inNamespace(process.execPath, FLOWTRAIL, "agent", "--server", `http://${address}`, ...node);
  await until("the agent runs", () => openFlows() >= 0);
  await sleep(SETTLE_MS);
  const rows = [await measure("bare Node", bare), await measure("agent, no flow", agent)];

  const generator = inNamespace(process.execPath, here("memory-traffic.ts"));
  const answers = createInterface({ input: generator.stdout! })[Symbol.asyncIterator]();
  await touch(generator, answers);
  await until(`${FLOWS} flows are open`, () => openFlows() >= FLOWS);
  // What it had to do at once is done, and told.
  await sleep(SETTLE_MS + MOVE_MS);
  rows.push(await measure(`agent, ${FLOWS} silent`, agent));

  const stop = new AbortController();
  const moving = move(generator, answers, stop.signal);
  await sleep(SETTLE_MS + MOVE_MS);
  rows.push(await measure(`agent, ${FLOWS} moving`, agent));
  stop.abort();
  await moving;
  if (openFlows() < FLOWS) throw new Error(`there are only ${openFlows()} open flows at the end`);
  const runs = readFileSync(`/proc/${agent.pid}/cmdline`, "latin1").split("\0").slice(1, 3).join(" ");
  return { rows, runs };
}

function print({ rows, runs }: { rows: Row[]; runs: string }): void {
  const bare = rows[0]!;
  console.log(`${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}; the agent runs: ${runs}`);
  console.log(
    `medians of ${SAMPLES} samples over ${(SAMPLES * SAMPLE_MS) / 1000} s, in MB; goal: ${GOAL_MB} with ${FLOWS} open flows\n`,
  );
  console.log("                             RSS   largest   private   over bare Node");
  for (const { name, rss, largest, anon } of rows) {
    const cells = [rss, largest, anon, rss - bare.rss].map((value, i) => value.toFixed(1).padStart([9, 10, 10, 17][i]!));
    console.log(`${name.padEnd(23)}${cells.join("")}`);
  }
}

if (process.getuid?.() !== 0) {
  console.error("SKIPPED: bench:memory needs root (network namespaces)");
  process.exit(1);
}
// Also when it is interrupted.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void down().finally(() => process.exit(130)));
try {
  const result = await run();
  if (process.argv.includes("--json")) console.log(JSON.stringify({ flows: FLOWS, goal_mb: GOAL_MB, ...result }));
  else print(result);
} finally {
  await down();
}
