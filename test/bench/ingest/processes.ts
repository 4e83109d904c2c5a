/** CPU time and memory of this process's children, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

const TICKS_PER_S = 100;

export interface Usage {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Of all children but those named. @param except pids */
export function childrenUsage(except: readonly number[]): Usage {
  let [cpuMs, rssBytes] = [0, 0];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || except.includes(Number(name))) continue;
    const stat = readStat(name);
    if (stat === null || stat[1] !== process.pid) continue;
    cpuMs += (((stat[11] ?? 0) + (stat[12] ?? 0)) / TICKS_PER_S) * 1000;
    rssBytes += (stat[21] ?? 0) * 4096;
  }
  return { cpuMs, rssBytes };
}

/** Fields of proc(5) stat from the third on (state, ppid, …); null when the process is gone. */
function readStat(pid: string): number[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
  } catch {
    return null;
  }
}
