/** Finds and ends the processes of a lab, by what the kernel says of them and not by what somebody wrote down. */
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { markerVariable, namespacesOf } from "./names.ts";

/** A process that can't be mistaken for a later one with the same pid. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks since boot (proc(5), /proc/PID/stat field 22). */
  readonly startTicks: number;
}

interface Stat {
  state: string;
  parent: number;
  startTicks: number;
}

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The command's name (field 2) is in parentheses and may hold anything; fields are counted from the last one.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, parent: Number(fields[1]), startTicks: Number(fields[19]) };
  } catch {
    return null; // it has ended
  }
}

/** null if there is no such process (any more). */
export function processId(pid: number): ProcessId | null {
  const stat = readStat(pid);
  return stat && { pid, startTicks: stat.startTicks };
}

/** A zombie is dead: nobody may ever reap it. */
export function isAlive(id: ProcessId): boolean {
  const stat = readStat(id.pid);
  return stat !== null && stat.startTicks === id.startTicks && stat.state !== "Z" && stat.state !== "X";
}

/** False if it is gone already. */
export function sendSignal(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    return process.kill(id.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Waits until they have ended. Returns those that have not after `timeoutMs`. */
export async function waitForEnd(ids: readonly ProcessId[], timeoutMs: number): Promise<ProcessId[]> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const left = ids.filter(isAlive);
    if (left.length === 0 || performance.now() >= deadline) return left;
    await sleep(10);
  }
}

/** All processes of the lab: those that carry its marker, and all that are in its namespaces, whoever started them. Never this process or an ancestor of it. */
export function findLabProcesses(lab: string): ProcessId[] {
  const inodes = new Set(namespacesOf(lab).flatMap(namespaceInode));
  const spared = ancestors();
  const marker = `\0${markerVariable}=${lab}\0`;
  const found: ProcessId[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!(pid > 0) || spared.has(pid) || !(isInNamespace(pid, inodes) || hasMarker(pid, marker))) continue;
    const id = processId(pid);
    if (id && isAlive(id)) found.push(id);
  }
  return found;
}

/** Processes that have a file or a folder open in `dir`, or below it. */
export function findUsersOf(dir: string): ProcessId[] {
  const isBelow = (path: string): boolean => path === dir || path.startsWith(`${dir}/`);
  const found: ProcessId[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!(pid > 0) || !openPaths(pid).some(isBelow)) continue;
    const id = processId(pid);
    if (id && isAlive(id)) found.push(id);
  }
  return found;
}

function openPaths(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkIfThere(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // it has ended
  }
}

function readlinkIfThere(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // it was closed a moment ago
  }
}

function namespaceInode(namespace: string): number[] {
  const stat = statSync(`/run/netns/${namespace}`, { throwIfNoEntry: false });
  return stat ? [stat.ino] : [];
}

function isInNamespace(pid: number, inodes: ReadonlySet<number>): boolean {
  try {
    const link = readlinkSync(`/proc/${pid}/ns/net`); // net:[4026532456]
    return inodes.has(Number(link.slice(5, -1)));
  } catch {
    return false; // it has ended, or is a zombie
  }
}

function hasMarker(pid: number, marker: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`.includes(marker);
  } catch {
    return false;
  }
}

function ancestors(): Set<number> {
  const pids = new Set<number>();
  for (let pid = process.pid; pid > 0 && !pids.has(pid); pid = readStat(pid)?.parent ?? 0) pids.add(pid);
  return pids;
}
