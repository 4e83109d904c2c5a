/** The names of the programs that hold sockets, by the sockets' inodes: from /proc, which has no index of them. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A look through /proc takes 2–6 ms with 80 processes. It ends after so long, newest processes first, … */
const MOST_MS = 25;
/** … and so many times as long goes by before the next one. */
const PAUSE_PER_LOOK = 20;
const LEAST_PAUSE_MS = 250;
const MAX_SOCKETS = 65_536;

export class ProcessNames {
  readonly #now: () => number;
  #names = new Map<string, string>();
  #dueMs = Number.NEGATIVE_INFINITY;

  /** @param monotonicMs a clock that does not go back */
  constructor(monotonicMs: () => number) {
    this.#now = monotonicMs;
  }

  /** Null if it is not known: the program is gone, another user's (without CAP_SYS_PTRACE), or there was no time to look. */
  nameOf(inode: number): string | null {
    const link = `socket:[${inode}]`;
    const known = this.#names.get(link);
    if (known !== undefined || this.#now() < this.#dueMs) return known ?? null;
    this.#look();
    return this.#names.get(link) ?? null;
  }

  #look(): void {
    const startedMs = this.#now();
    this.#names = new Map();
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    for (const pid of pids.sort((a, b) => Number(b) - Number(a))) {
      this.#lookAt(pid);
      if (this.#now() - startedMs > MOST_MS || this.#names.size > MAX_SOCKETS) break;
    }
    this.#dueMs = this.#now() + Math.max(LEAST_PAUSE_MS, (this.#now() - startedMs) * PAUSE_PER_LOOK);
  }

  #lookAt(pid: string): void {
    try {
      let name: string | undefined;
      for (const fd of readdirSync(`/proc/${pid}/fd`)) {
        const link = readlinkSync(`/proc/${pid}/fd/${fd}`);
        if (!link.startsWith("socket:")) continue;
        name ??= readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd();
        this.#names.set(link, name);
      }
    } catch {
      // It ended while we looked, or we may not look: its sockets stay without a name.
    }
  }
}
