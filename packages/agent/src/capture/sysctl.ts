/**
 * The conntrack switches of this network namespace: set while agents run, put back when the last one stops.
 *
 * What we found is kept in a file, because an agent that was killed can't put anything back: the next one on the same file does. Several
 * agents in one namespace should share the file (and its lock), such as `/run/flowtrail/sysctl-<networkNamespace()>.json`.
 */
import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CaptureError } from "./errors.ts";
import { withFileLock } from "./netlink/file-lock.ts";

const DIRECTORY = "/proc/sys/net/netfilter";

/** What we need, and why. */
const WANTED = {
  /** Counters per connection. Holds for connections made after it was set. */
  nf_conntrack_acct: 1,
  /** Start and stop stamps, and (Linux ≥ 6.14) a stamp on each event. */
  nf_conntrack_timestamp: 1,
  /** 2 (the default) gives connections that began while nobody listened no event extension: their DESTROY would never come. */
  nf_conntrack_events: 1,
} as const;

type Name = keyof typeof WANTED;
const NAMES = Object.keys(WANTED) as Name[];

export interface SysctlFinding {
  name: Name;
  /** Before any agent changed it; null if it can't be read. */
  found: number | null;
  wanted: number;
  /** Now. */
  value: number | null;
  /** Why it could not be set (a read-only /proc/sys in a container, for example). Capture works, with less. */
  problem: string | null;
}

interface State {
  /** Boot and namespace that `found` belongs to: the values of another one say nothing here. */
  boot: string;
  namespace: string;
  found: Partial<Record<Name, number>>;
}

/** Identity of the calling thread's network namespace, such as `4026531833`. */
export function networkNamespace(): string {
  return readlinkSync("/proc/thread-self/ns/net").replace(/\D/g, "");
}

export class ConntrackSysctls {
  readonly #path: string;
  #findings: SysctlFinding[] = [];

  /** @param statePath file of ours; `<statePath>.lock` is kept beside it */
  constructor(statePath: string) {
    this.#path = statePath;
  }

  /** What was found and what holds now, for people to see. Empty before `set`. */
  get findings(): readonly SysctlFinding[] {
    return this.#findings;
  }

  /**
   * Runs `work` while no other agent with the same file sets or restores.
   * @throws CaptureError CAPTURE_STATE_FILE
   */
  locked<T>(work: () => T): T {
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
    } catch (cause) {
      throw this.#fileError("make the directory of", cause);
    }
    return withFileLock(`${this.#path}.lock`, work);
  }

  /** True if the kernel has these switches: its conntrack is there. */
  available(): boolean {
    return read("nf_conntrack_events").value !== null;
  }

  /** Sets what is not as wanted, after having noted what was there. Call within `locked`. @throws CaptureError CAPTURE_STATE_FILE */
  set(): void {
    const state = this.#load();
    const before = NAMES.map((name) => ({ name, ...read(name) }));
    for (const { name, value } of before) {
      // Noted already: an agent before us changed it.
      if (value !== null && value !== WANTED[name]) state.found[name] ??= value;
    }
    // First the note, then the change: killed in between, the next agent finds too much noted, never too little.
    if (Object.keys(state.found).length > 0) this.#save(state);
    this.#findings = before.map(({ name, value, problem }) => {
      const wanted = WANTED[name];
      const found = state.found[name] ?? value;
      const refused = value === null || value === wanted ? problem : write(name, wanted);
      return { name, found, wanted, value: read(name).value, problem: refused };
    });
  }

  /**
   * Puts back what agents changed and nobody else has changed since. Call within `locked`, and only when no other agent lives here.
   * Returns the names that could not be put back.
   * @throws CaptureError CAPTURE_STATE_FILE
   */
  restore(): { name: Name; problem: string }[] {
    const { found } = this.#load();
    const failed: { name: Name; problem: string }[] = [];
    for (const name of NAMES) {
      const value = found[name];
      if (value === undefined || read(name).value !== WANTED[name]) continue;
      const problem = write(name, value);
      if (problem !== null) failed.push({ name, problem });
    }
    if (failed.length === 0) rmSync(this.#path, { force: true });
    return failed;
  }

  #load(): State {
    const fresh: State = { boot: bootId(), namespace: networkNamespace(), found: {} };
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return fresh;
      throw this.#fileError("read", error);
    }
    const kept = decodeState(text);
    return kept && kept.boot === fresh.boot && kept.namespace === fresh.namespace ? kept : fresh;
  }

  #save(state: State): void {
    const temporary = `${this.#path}.new`;
    try {
      writeFileSync(temporary, `${JSON.stringify(state)}\n`, { flush: true });
      renameSync(temporary, this.#path);
    } catch (cause) {
      throw this.#fileError("write", cause);
    }
  }

  #fileError(verb: string, cause: unknown): CaptureError {
    return new CaptureError(
      { code: "CAPTURE_STATE_FILE", path: this.#path },
      `can't ${verb} ${this.#path}, which remembers the kernel's settings from before us: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** Undefined for anything that we did not write: a torn file holds nothing that could be trusted. */
function decodeState(text: string): State | undefined {
  try {
    const { boot, namespace, found } = JSON.parse(text) as Partial<State>;
    if (typeof boot !== "string" || typeof namespace !== "string" || typeof found !== "object" || found === null)
      return undefined;
    const numbers = NAMES.flatMap((name) => (Number.isInteger(found[name]) ? [[name, found[name]]] : []));
    return { boot, namespace, found: Object.fromEntries(numbers) };
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

// Synchronous on purpose: /proc/sys/net shows the calling thread's namespace, and libuv's threads may live in another one.

function read(name: Name): { value: number | null; problem: string | null } {
  try {
    return { value: Number(readFileSync(`${DIRECTORY}/${name}`, "utf8")), problem: null };
  } catch (error) {
    return { value: null, problem: (error as Error).message };
  }
}

function write(name: Name, value: number): string | null {
  try {
    writeFileSync(`${DIRECTORY}/${name}`, `${value}`);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
