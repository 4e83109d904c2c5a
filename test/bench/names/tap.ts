/**
 * What the agent's tap costs while 1 Gbit/s of traffic that carries no names goes by: `node test/bench/names/tap.ts [--json] [--quick]`.
 *
 * Two namespaces and a cable; the agent (as it is installed, no server) runs where the traffic arrives. Packets are as on a wire: no offloading, 1500
 * bytes each. Once with names, once without (told as a server would), in turn, several rounds; medians. Three kinds of traffic: bytes to a port that
 * nothing is looked for on, an upload over TLS, whose last packet of each record looks to the filter like the end of a split hello, and one where all do: the worst.
 * CPU of a process is what the kernel's scheduler counted; what filter and copies cost lies in the time of sender and sink, in whose name the
 * kernel moves packets over the cable. Needs root; leaves nothing.
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TwoNamespaces } from "../../integration/harness/two-namespaces.ts";
import { type BenchRow, median, printPart } from "./rows.ts";
import type { Answer, Send, Told } from "./tap-traffic.ts";

const QUICK = process.argv.includes("--quick");
const ROUNDS = QUICK ? 1 : 3;
const SECONDS = QUICK ? 3 : 10;
const GIGABIT = 125_000_000;
const PORTS = { bulk: 5001, tls: 443 };

const TRAFFIC: Readonly<Record<string, Pick<Send, "port" | "writeBytes" | "records">>> = {
  "bulk to port 5001": { port: PORTS.bulk, writeBytes: 65_536, records: false },
  "TLS upload, records of 16 KiB": { port: PORTS.tls, writeBytes: 16_406, records: true },
  "every packet like a hello's end": { port: PORTS.tls, writeBytes: 1400, records: false },
};

/** `ethtool -K DEVICE tso off` (<linux/ethtool.h>, ETHTOOL_STSO by SIOCETHTOOL): the kernel itself cuts what TCP sends into packets of 1500 bytes. */
const NO_OFFLOADING = `
import ctypes, fcntl, socket, struct, sys
value = ctypes.create_string_buffer(struct.pack("II", 0x1f, 0))
request = struct.pack("16sP8x", sys.argv[1].encode(), ctypes.addressof(value))
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8946, request)
`;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const MAIN = here("../../../packages/cli/src/main.ts");

/** A process of ours in a namespace. */
class End {
  readonly #child: ChildProcess;

  constructor(namespace: string) {
    this.#child = fork(here("tap-traffic.ts"), {
      execPath: "ip",
      execArgv: ["netns", "exec", namespace, process.execPath],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  ask(told: Told): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const gone = (code: number | null): void => reject(new Error(`an end of the traffic is gone: ${code}`));
      this.#child.once("exit", gone);
      this.#child.once("message", (answer) => {
        this.#child.off("exit", gone);
        resolve(answer as Answer);
      });
      this.#child.send(told);
    });
  }

  stop(): void {
    this.#child.removeAllListeners();
    this.#child.kill("SIGKILL");
  }
}

interface Sample {
  /** Of one core, in percent. */
  agent: number;
  ends: number;
  gigabits: number;
  /** Packets that were copied to the agent, per second. */
  copied: number;
  /** … that the kernel dropped before that, as the agent did not take them fast enough. */
  dropped: number;
  /** Packets on the cable, per second. */
  packets: number;
}

/** Seconds that all threads of a process were on a CPU: first field of /proc/PID/task/TID/schedstat, in ns. */
function cpuSeconds(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const ns = tasks.map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1").split(" ")[0]));
  return ns.reduce((sum, value) => sum + value, 0) / 1e9;
}

const bed = new TwoNamespaces("bench");
const directory = mkdtempSync(join(tmpdir(), "ft-bench-tap-"));

/** The running agent of one sample. */
async function startAgent(names: "full" | "off"): Promise<{ child: ChildProcess; state: string }> {
  const state = mkdtempSync(join(directory, "agent-"));
  // What a server would have said, kept from before: there is none here.
  writeFileSync(join(state, "server-config.json"), JSON.stringify({ version: names, capture: { names } }));
  const args = [
    "agent",
    "--server",
    "http://127.0.0.1:9",
    "--node",
    "bench",
    "--network",
    "bench=10.91.0.0/24",
    "--state",
    state,
  ];
  const [program, ...rest] = [...bed.in(bed.a), process.execPath, MAIN, ...args];
  const child = spawn(program!, rest, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4000);
      if (said.includes('"msg":"capturing"')) resolve();
    });
    child.once("exit", (code) => reject(new Error(`the agent ended with ${code}: ${said}`)));
  });
  child.removeAllListeners("exit");
  return { child, state };
}

async function stopAgent(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

interface Status {
  readonly names: { readonly names_packets: number };
  readonly drops: { readonly tap_overrun: number };
}
/** What the agent says of its tap. */
function tapOf(state: string): Pick<Sample, "copied" | "dropped"> {
  const { names, drops } = JSON.parse(readFileSync(join(state, "status.json"), "utf8")) as Status;
  return { copied: names.names_packets, dropped: drops.tap_overrun };
}
/** /proc/net/dev, "Receive packets". */
const packetsOf = (pid: number): number =>
  Number(/cable:\s*\d+\s+(\d+)/.exec(readFileSync(`/proc/${pid}/net/dev`, "latin1"))?.[1]);

async function sample(sender: End, sink: End, names: "full" | "off", traffic: (typeof TRAFFIC)[string]): Promise<Sample> {
  const { child, state } = await startAgent(names);
  try {
    const load = { host: bed.addressA, bytesPerSecond: GIGABIT, ...traffic };
    await sender.ask({ send: { ...load, seconds: 1 } }); // warm
    await sleep(1500); // the agent's status is written every second
    const pids = { agent: child.pid!, ends: [sender.pid, sink.pid] };
    const count = async () => ({
      atMs: performance.now(),
      agent: cpuSeconds(pids.agent),
      ends: pids.ends.map(cpuSeconds).reduce((a, b) => a + b),
      received: ((await sink.ask({ count: true })) as { received: number }).received,
      ...tapOf(state),
      packets: packetsOf(sink.pid),
    });
    const before = await count();
    await sender.ask({ send: { ...load, seconds: SECONDS } });
    const after = await count();
    await sleep(1500);
    const end = tapOf(state);
    const seconds = (after.atMs - before.atMs) / 1000;
    return {
      agent: ((after.agent - before.agent) / seconds) * 100,
      ends: ((after.ends - before.ends) / seconds) * 100,
      gigabits: ((after.received - before.received) * 8) / seconds / 1e9,
      copied: (end.copied - before.copied) / seconds,
      dropped: (end.dropped - before.dropped) / seconds,
      packets: (after.packets - before.packets) / seconds,
    };
  } finally {
    await stopAgent(child);
  }
}

function rowsOf(what: string, on: Sample[], off: Sample[]): BenchRow[] {
  const of = (samples: Sample[], key: keyof Sample): number => median(samples.map((one) => one[key]));
  const percent = (key: "agent" | "ends"): Omit<BenchRow, "what"> => ({
    value: of(on, key),
    unit: "% of a core",
    base: { value: of(off, key), what: "names off" },
  });
  return [
    { what: `tap: agent's CPU at ${of(on, "gigabits").toFixed(2)} Gbit/s, ${what}`, ...percent("agent") },
    { what: "… CPU of sender and sink, with the kernel's part", ...percent("ends") },
    { what: `… packets copied to the agent, of ${Math.round(of(on, "packets"))}/s`, value: of(on, "copied"), unit: "/s" },
    { what: "… dropped, as they came too fast", value: of(on, "dropped"), unit: "/s" },
  ];
}

async function run(): Promise<BenchRow[]> {
  bed.up();
  for (const name of [bed.a, bed.b]) bed.exec(name, "python3", "-c", NO_OFFLOADING, "cable");
  mkdirSync(directory, { recursive: true });
  const sink = new End(bed.a);
  const sender = new End(bed.b);
  try {
    await sink.ask({ serve: Object.values(PORTS) });
    const samples = Object.keys(TRAFFIC).map((what) => ({ what, on: [] as Sample[], off: [] as Sample[] }));
    for (let round = 0; round < ROUNDS; round++) {
      for (const { what, on, off } of samples) {
        on.push(await sample(sender, sink, "full", TRAFFIC[what]!));
        off.push(await sample(sender, sink, "off", TRAFFIC[what]!));
      }
    }
    return samples.flatMap(({ what, on, off }) => rowsOf(what, on, off));
  } finally {
    sink.stop();
    sender.stop();
  }
}

if (process.getuid?.() !== 0) {
  console.error("SKIPPED: the tap at 1 Gbit/s: needs root (network namespaces)");
} else {
  try {
    printPart(await run());
  } finally {
    bed.down();
    rmSync(directory, { recursive: true, force: true });
  }
}
