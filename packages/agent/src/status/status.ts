/** What the agent tells people on its own machine: a line in the log every minute, and `status.json` in the state directory. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatBytes } from "@flowtrail/model";
import type { AgentLogger } from "./logger.ts";
import { Throttle } from "./throttle.ts";

/** Everything at one moment. Counters are monotonic since the start. */
export interface AgentStatus {
  readonly version: string;
  readonly pid: number;
  readonly node: string;
  readonly server: string;
  readonly started: string;
  readonly updated: string;
  readonly state: "running" | "paused" | "stopping" | "stopped";
  /** What is wrong at the moment, in words; empty when all is well. */
  readonly problems: readonly string[];
  readonly networks: readonly {
    readonly id: string;
    readonly ranges: readonly string[];
    readonly addresses: readonly string[];
  }[];
  readonly flows: {
    readonly open: number;
    readonly opened: number;
    readonly ended: number;
    readonly lost: number;
    readonly rows: number;
  };
  readonly drops: Readonly<Record<string, number>>;
  readonly capture: Readonly<Record<string, number>>;
  /** Where names are listened for, why some are missing, and counts. */
  readonly names: Readonly<Record<string, number | string | readonly string[]>>;
  /** What firewalls drop. */
  readonly denied: Readonly<Record<string, number | string | boolean>>;
  readonly sysctls: readonly {
    readonly name: string;
    readonly found: number | null;
    readonly value: number | null;
    readonly problem: string | null;
  }[];
  readonly spool: Readonly<Record<string, number>> & { readonly batches: number; readonly bytes: number };
  readonly ship: Readonly<Record<string, number | string>> & { readonly state: string; readonly accepted: number };
  readonly memory: { readonly rss_bytes: number };
}

const FILE_MS = 5000;
const LINE_MS = 60_000;

export class StatusReporter {
  readonly #path: string;
  readonly #read: () => AgentStatus;
  readonly #log: AgentLogger;
  readonly #throttle = new Throttle(LINE_MS, () => performance.now());
  #timers: NodeJS.Timeout[] = [];
  #before: AgentStatus | null = null;

  constructor(dir: string, deps: { read: () => AgentStatus; log: AgentLogger }) {
    this.#path = join(dir, "status.json");
    this.#read = deps.read;
    this.#log = deps.log;
  }

  start(): void {
    this.#before = this.#read();
    this.write();
    this.#timers = [setInterval(() => this.write(), FILE_MS), setInterval(() => this.#line(), LINE_MS)];
  }

  /** Replaces the file. A full disk costs the file only: the reader sees by `updated` that it is old. */
  write(): void {
    try {
      writeFileSync(`${this.#path}.new`, `${JSON.stringify(this.#read(), null, 2)}\n`, { mode: 0o644 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#throttle.once("write", () => this.#log.warn({ why: String(error) }, "status.json can't be written"));
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.write();
  }

  #line(): void {
    const now = this.#read();
    const before = this.#before ?? now;
    this.#before = now;
    this.#log.info(
      {
        state: now.state,
        open: now.flows.open,
        opened: now.flows.opened - before.flows.opened,
        ended: now.flows.ended - before.flows.ended,
        rows: now.flows.rows - before.flows.rows,
        accepted: now.ship.accepted - before.ship.accepted,
        dropped: difference(now.drops, before.drops),
        spool: `${now.spool.batches} batches, ${formatBytes(now.spool.bytes)}`,
        rss: formatBytes(now.memory.rss_bytes),
        ...(now.problems.length > 0 ? { problems: now.problems } : {}),
      },
      "the last minute",
    );
  }
}

function difference(now: Readonly<Record<string, number>>, before: Readonly<Record<string, number>>): Record<string, number> {
  const added = Object.entries(now).map(([reason, count]) => [reason, count - (before[reason] ?? 0)] as const);
  return Object.fromEntries(added.filter(([, count]) => count > 0));
}
