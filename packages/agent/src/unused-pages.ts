/**
 * Takes the program's code and constants out of this process's memory once the start is over: most of what Node, V8 and their libraries were mapped for
 * (half of the resident set) is never used again. What is, comes back by itself within moments, from the page cache, 64 KiB at a time.
 */
import { readFileSync } from "node:fs";
import { libc } from "./capture/netlink/libc.ts";

/** <asm-generic/mman-common.h> */
const MADV_DONTNEED = 4;

/**
 * Returns the bytes of mappings that were given back; 0 where the kernel does not tell about them. Only mappings of files in which no page was written
 * to: their pages can be read again at any time (madvise(2)); others (relocated data, the heap) are not touched.
 */
export function dropUnusedPages(): number {
  let dropped = 0;
  for (const { start, end } of cleanMappings(readMappings())) {
    if (libc().madvise(start, end - start, MADV_DONTNEED) === 0) dropped += Number(end - start);
  }
  return dropped;
}

export interface Mapping {
  readonly start: bigint;
  readonly end: bigint;
}

/** The read-only mappings of files in a text of /proc/PID/smaps that hold nothing of this process's own. */
export function* cleanMappings(smaps: string): Generator<Mapping> {
  for (const text of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +\//.exec(text);
    const isClean = ["Private_Dirty", "Anonymous", "Locked"].every((name) => new RegExp(`^${name}: +0 kB$`, "m").test(text));
    if (head && isClean) yield { start: BigInt(`0x${head[1]}`), end: BigInt(`0x${head[2]}`) };
  }
}

function readMappings(): string {
  try {
    return readFileSync("/proc/self/smaps", "latin1");
  } catch {
    return ""; // a kernel without CONFIG_PROC_PAGE_MONITOR: then they stay
  }
}
