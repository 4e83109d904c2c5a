/** Memory, file descriptors and disk of agent, server and engine after each run: what a soak must not let grow. */
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
}

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #bed: ChaosBed;

  constructor(bed: ChaosBed) {
    this.#bed = bed;
  }

  take(): void {
    const { ledger, agent, server, agentDisk, serverDisk } = this.#bed;
    this.samples.push({
      atMs: Math.round(ledger.now()),
      flows: ledger.numbers.length,
      agent: processSample(agent.pid),
      server: processSample(server.pid),
      engine: processSample(this.#bed.enginePid()),
      spoolDiskBytes: usedOf(agentDisk.path),
      storeDiskBytes: usedOf(serverDisk.path),
    });
  }
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
      ({ atMs, flows, agent, server, engine, spoolDiskBytes, storeDiskBytes }) =>
        `${(atMs / 60_000).toFixed(1)} min, ${flows} flows: agent ${process(agent)}, server ${process(server)}, engine ${process(engine)}; ` +
        `disk ${formatBytes(spoolDiskBytes)} and ${formatBytes(storeDiskBytes)}`,
    )
    .join("\n");
}
