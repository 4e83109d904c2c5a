/** Memory, file descriptors, disk and latency of agent, server and engine after each run: what a soak must not let grow. */
import { readdirSync, readFileSync, statfsSync } from "node:fs";
import { formatBytes } from "@flowtrail/model";
import type { ChaosBed } from "./bed.ts";

interface ProcessSample {
  readonly rssBytes: number;
  readonly fds: number;
}
export interface Sample {
  readonly atMs: number;
  readonly flows: number;
  readonly agent: ProcessSample | null;
  readonly server: ProcessSample | null;
  readonly engine: ProcessSample | null;
  readonly spoolDiskBytes: number;
  readonly storeDiskBytes: number;
  /** From a flow's birth in the kernel until the server had acknowledged its first report; null: no flow was born lately. */
  readonly delayMs: { readonly p50: number; readonly p95: number } | null;
  /** What the newest page of the log took; null: it was not answered. */
  readonly pageMs: number | null;
}

/** Flows that were born so long ago stand for those of now: the rest may still be under way. */
const BORN_MS = [8000, 3000] as const;
const MOST_BORN = 50_000;

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #bed: ChaosBed;

  constructor(bed: ChaosBed) {
    this.#bed = bed;
  }

  async take(): Promise<void> {
    const { ledger, agent, server, agentDisk, serverDisk } = this.#bed;
    const delayMs = delayOf(ledger);
    const pageMs = await newestPageMs(this.#bed);
    this.samples.push({
      atMs: Math.round(ledger.now()),
      flows: ledger.numbers.length,
      agent: processSample(agent.pid),
      server: processSample(server.pid),
      engine: processSample(this.#bed.enginePid()),
      spoolDiskBytes: usedOf(agentDisk.path),
      storeDiskBytes: usedOf(serverDisk.path),
      delayMs,
      pageMs,
    });
  }
}

function delayOf(ledger: ChaosBed["ledger"]): Sample["delayMs"] {
  const nowMs = ledger.now();
  const delays = ledger.numbers
    .slice(-MOST_BORN)
    .map((number) => ({ born: ledger.bornMs.at(number), told: ledger.acknowledgedMs.at(number) || nowMs }))
    .filter(({ born }) => born > nowMs - BORN_MS[0] && born < nowMs - BORN_MS[1])
    .map(({ born, told }) => Math.max(0, told - born))
    .sort((a, b) => a - b);
  const at = (share: number) => Math.round(delays[Math.floor(delays.length * share)] ?? 0);
  return delays.length === 0 ? null : { p50: at(0.5), p95: at(0.95) };
}

/** A connection of before a kill may be broken: the second try has a new one. */
async function newestPageMs(bed: ChaosBed, tries = 2): Promise<number | null> {
  const sinceMs = performance.now();
  const answer = await bed.server.ask("GET", "/api/flows?limit=100&from=now-1h&to=now").catch(() => null); // it is away
  if (answer?.status === 200) return Math.round(performance.now() - sinceMs);
  return tries > 1 ? newestPageMs(bed, tries - 1) : null;
}

export function processSample(pid: number | null): ProcessSample | null {
  if (pid === null) return null;
  const kib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  return { rssBytes: kib * 1024, fds: readdirSync(`/proc/${pid}/fd`).length };
}

function usedOf(path: string): number {
  const { blocks, bfree, bsize } = statfsSync(path);
  return (blocks - bfree) * bsize;
}

const SHOWN = 12;

/** A dozen of them, evenly spread. */
export function sampleTable(samples: readonly Sample[]): string {
  const step = Math.max(1, Math.ceil(samples.length / SHOWN));
  const shown = samples.filter((_, i) => i % step === 0 || i === samples.length - 1);
  const process = (one: ProcessSample | null) => (one === null ? "-" : `${formatBytes(one.rssBytes)} ${one.fds} fds`);
  return shown
    .map(
      ({ atMs, flows, agent, server, engine, spoolDiskBytes, storeDiskBytes, delayMs, pageMs }) =>
        `${(atMs / 60_000).toFixed(1)} min, ${flows} flows: agent ${process(agent)}, server ${process(server)}, engine ${process(engine)}; ` +
        `disk ${formatBytes(spoolDiskBytes)} and ${formatBytes(storeDiskBytes)}; ` +
        `${delayMs === null ? "" : `acknowledged after ${delayMs.p50} ms (p95 ${delayMs.p95}), `}newest page ${pageMs === null ? "not answered" : `${pageMs} ms`}`,
    )
    .join("\n");
}
