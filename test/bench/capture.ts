/**
 * `npm run bench:capture`: what a conntrack event costs in our capture, beside a C program on libnetfilter_conntrack and beside `conntrack -E`.
 * Everyone listens in turn to the same generated traffic, several rounds in one run; medians and ratios, as a table or with --json.
 *
 * Two loads per round. Steady: connections at a fixed rate, their ends in bunches as they expire; CPU per event. Backlog: the listener is
 * stopped while events queue up, then let go; events/s is how fast it catches up. Needs root; ends within two minutes and leaves nothing.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { LineProcess } from "../../packages/agent/src/capture/testing/line-process.ts";

const ROUNDS = 3;
const STEADY = { flows: 40_000, perSecond: 20_000 };
const WARM_UP = { flows: 5000, perSecond: 0 };
const BACKLOG = { flows: 40_000, perSecond: 0 };
/** Events that fit into the receive buffer of 64 MiB: 104,857. A backlog is two events per connection. */
const SYSCTLS = ["acct=1", "timestamp=1", "events=1", "udp_timeout=1"];

interface Sample {
  newEvents: number;
  destroyEvents: number;
  overruns: number;
  cpuUs: number;
  lastNs: string;
  rssKiB: number;
}

interface Backlog {
  perSecond: number;
  sample: Sample;
}

type Row = Record<string, string | number>;

interface Contender {
  name: string;
  command: string[];
  /** conntrack -E obeys no commands, and keeps no backlog: its buffer holds 166 events. */
  commands: boolean;
}

const namespace = `ft-cap-bench-${randomBytes(2).toString("hex")}`;
const directory = mkdtempSync(join(tmpdir(), "ft-cap-bench-"));
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const loud = (message: string): void => console.error(`SKIPPED: ${message}`);
const processes: LineProcess[] = [];

function inNamespace(cpu: number, command: string[], stdout: "pipe" | number = "pipe"): ReturnType<typeof spawn> {
  const pin = availableParallelism() > 1 ? ["taskset", "-c", `${cpu}`] : [];
  return spawn("ip", ["netns", "exec", namespace, ...pin, ...command], { stdio: ["pipe", stdout, "pipe"] });
}

function talk(cpu: number, command: string[]): LineProcess {
  const child = inNamespace(cpu, command);
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error("pipes were asked for");
  const process = new LineProcess(
    Object.assign(child, { stdin, stdout, stderr }) as ConstructorParameters<typeof LineProcess>[0],
  );
  processes.push(process);
  return process;
}

function up(): void {
  const ip = (...args: string[]): string => execFileSync("ip", args, { encoding: "utf8" });
  ip("netns", "add", namespace);
  // Swallows every packet; conntrack has seen it by then.
  ip("-n", namespace, "link", "add", "sink", "type", "ifb");
  ip("-n", namespace, "addr", "add", "10.78.0.1/16", "dev", "sink");
  ip("-n", namespace, "link", "set", "sink", "up", "arp", "off");
  ip("netns", "exec", namespace, "sysctl", "-qw", ...SYSCTLS.map((s) => `net.netfilter.nf_conntrack_${s}`));
  execFileSync("ip", ["netns", "exec", namespace, "nft", "-f", "-"], {
    input: "table inet bench {\n chain track {\n ct state new\n }\n}\n",
  });
}

async function down(): Promise<void> {
  await Promise.all(processes.map((process) => process.kill()));
  if (existsSync(`/run/netns/${namespace}`)) execFileSync("ip", ["netns", "del", namespace]);
  rmSync(directory, { recursive: true, force: true });
}

/** Builds the C program, or says why there is none. */
function buildC(): string | undefined {
  const binary = join(directory, "nfct");
  try {
    execFileSync("cc", ["-O2", "-o", binary, here("c/nfct.c"), "-lnetfilter_conntrack", "-lnfnetlink"], {
      stdio: "pipe",
      encoding: "utf8",
    });
    return binary;
  } catch (error) {
    const reason = (error as { stderr?: string }).stderr?.split("\n")[0] || (error as Error).message;
    loud(`the C program (apt-get install gcc libc6-dev libnetfilter-conntrack-dev): ${reason}`);
    return undefined;
  }
}

function contenders(): Contender[] {
  const ours = { name: "flowtrail", command: [process.execPath, here("capture-listener.ts")], commands: true };
  const c = buildC();
  const conntrack = ["/usr/sbin/conntrack", "/usr/bin/conntrack", "/sbin/conntrack"].find((path) => existsSync(path));
  if (!conntrack) loud("conntrack -E (apt-get install conntrack)");
  return [
    ours,
    ...(c ? ["plain", "coalesced"].map((mode) => ({ name: `C, ${mode}`, command: [c, mode], commands: true })) : []),
    ...(conntrack ? [{ name: "conntrack -E", command: [conntrack, "-E", "-o", "id,ktimestamp,extended"], commands: false }] : []),
  ];
}

async function traffic(generator: LineProcess, load: { flows: number; perSecond: number }): Promise<void> {
  await generator.ask(load, (line) => line.type === "sent");
  await generator.ask("reap", (line) => line.type === "reaped");
}

/** Warm: no program compiles, and no buffer is touched for the first time, while it is measured. */
async function start(contender: Contender, generator: LineProcess): Promise<LineProcess> {
  const listener = talk(0, contender.command);
  await listener.find((line) => line.type === "ready");
  await traffic(generator, WARM_UP);
  return listener;
}

async function report(listener: LineProcess): Promise<Sample> {
  return (await listener.ask("report", (line) => line.type === "result")) as unknown as Sample;
}

async function steady(listener: LineProcess, generator: LineProcess): Promise<Sample> {
  await listener.ask("begin", (line) => line.type === "begun");
  await traffic(generator, STEADY);
  await setTimeout(100);
  return report(listener);
}

/** conntrack writes to a file: the cheapest for it; reading its lines would come on top. */
async function conntrackSteady(contender: Contender, generator: LineProcess): Promise<Sample> {
  const path = join(directory, "conntrack.txt");
  const file = openSync(path, "w");
  const child = inNamespace(0, contender.command, file);
  const ended = new Promise((resolve) => child.once("close", resolve));
  await setTimeout(300);
  const before = cpuUs(child.pid!);
  await traffic(generator, STEADY);
  await setTimeout(100);
  const cpu = cpuUs(child.pid!) - before;
  const rss = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
  child.kill("SIGINT");
  await ended;
  closeSync(file);
  const text = readFileSync(path, "utf8");
  const count = (word: string): number => text.split(word).length - 1;
  return {
    newEvents: count("[NEW]"),
    destroyEvents: count("[DESTROY]"),
    overruns: 0,
    cpuUs: cpu,
    lastNs: "0",
    rssKiB: Number(rss),
  };
}

/** utime + stime of /proc/PID/stat, which count hundredths of a second. */
function cpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Returns events per second of wall time, and the sample. */
async function backlog(listener: LineProcess, generator: LineProcess): Promise<Backlog> {
  await listener.ask("begin", (line) => line.type === "begun");
  process.kill(listener.pid, "SIGSTOP");
  await traffic(generator, BACKLOG);
  const from = process.hrtime.bigint();
  process.kill(listener.pid, "SIGCONT");
  await setTimeout(1000);
  const sample = await report(listener);
  const seconds = Number(BigInt(sample.lastNs) - from) / 1e9;
  return { perSecond: events(sample) / seconds, sample };
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const events = (sample: Sample): number => sample.newEvents + sample.destroyEvents;

function summary(name: string, steadySamples: Sample[], backlogs: Backlog[]): Row {
  const expected = 2 * STEADY.flows;
  return {
    name,
    cpuUsPerEvent: median(steadySamples.map((s) => s.cpuUs / events(s))),
    backlogCpuUsPerEvent: median(backlogs.map(({ sample }) => sample.cpuUs / events(sample))),
    backlogEventsPerSecond: median(backlogs.map(({ perSecond }) => perSecond)),
    lostPercent: median(steadySamples.map((s) => (100 * (expected - events(s))) / expected)),
    rssMiB: median(steadySamples.map((s) => s.rssKiB / 1024)),
  };
}

async function run(): Promise<void> {
  up();
  const all = contenders();
  const generator = talk(1, [process.execPath, here("capture-traffic.ts")]);
  await traffic(generator, { flows: 2000, perSecond: 0 });
  const steadySamples = new Map<string, Sample[]>(all.map(({ name }) => [name, []]));
  const backlogs = new Map<string, Backlog[]>(all.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of all) {
      const steadies = steadySamples.get(contender.name)!;
      if (!contender.commands) {
        steadies.push(await conntrackSteady(contender, generator));
        continue;
      }
      const listener = await start(contender, generator);
      steadies.push(await steady(listener, generator));
      backlogs.get(contender.name)!.push(await backlog(listener, generator));
      await listener.kill();
    }
  }
  const rows = all.map(({ name }) => summary(name, steadySamples.get(name)!, backlogs.get(name)!));
  const machine = `${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}`;
  if (process.argv.includes("--json"))
    console.log(
      JSON.stringify({
        machine,
        rounds: ROUNDS,
        steady: STEADY,
        backlog: BACKLOG,
        rows: rows.map((row) => ({ ...row, ...ratios(rows[0]!, row) })),
      }),
    );
  else print(machine, rows);
}

/** Ours divided by theirs: below 1, ours is cheaper. */
function ratios(ours: Row, row: Row): Row {
  return {
    oursToItCpu: Number(ours.cpuUsPerEvent) / Number(row.cpuUsPerEvent),
    oursToItBacklogCpu: Number(ours.backlogCpuUsPerEvent) / Number(row.backlogCpuUsPerEvent),
  };
}

function print(machine: string, rows: Row[]): void {
  const ours = rows[0]!;
  const number = (value: string | number | undefined, digits: number): string =>
    typeof value === "number" && !Number.isNaN(value) ? value.toFixed(digits) : "–";
  console.log(
    `${machine}; medians of ${ROUNDS}; steady: ${STEADY.perSecond} connections/s, ${2 * STEADY.flows} events; backlog: ${2 * BACKLOG.flows} events\n`,
  );
  console.log("               steady                          backlog");
  console.log("               µs CPU/event  ours/it  lost %   µs CPU/event  ours/it  events/s     RSS MiB");
  for (const row of rows) {
    const { oursToItCpu, oursToItBacklogCpu } = ratios(ours, row);
    const cells = [
      number(row.cpuUsPerEvent, 2).padStart(12),
      number(oursToItCpu, 2).padStart(8),
      number(row.lostPercent, 1).padStart(7),
      number(row.backlogCpuUsPerEvent, 2).padStart(14),
      number(oursToItBacklogCpu, 2).padStart(8),
      number(row.backlogEventsPerSecond, 0).padStart(9),
      number(row.rssMiB, 1).padStart(11),
    ];
    console.log(`${String(row.name).padEnd(15)}${cells.join(" ")}`);
  }
}

if (process.getuid?.() !== 0) {
  loud("bench:capture needs root (network namespaces)");
  process.exit(1);
}
// Interrupted: leave nothing behind all the same.
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void down().finally(() => process.exit(1));
  });
}
try {
  await run();
} finally {
  await down();
}
