/** Brings entries to the store: those that something waits for at once, the others together. */
import { randomUUID } from "node:crypto";
import { isTransient } from "../store/errors.ts";
import type { Logger } from "../store/logger.ts";
import { detailsJson, safeText } from "./details.ts";
import { type AuditEntry, THE_SERVER, type Who } from "./entry.ts";

export interface AuditLogConfig {
  /** What need not be written at once is written so often. */
  readonly flushMs: number;
  /** Entries that wait while the store is away; more are counted and dropped. */
  readonly maxWaiting: number;
  /** Name of this server. */
  readonly server: string;
}

export interface AuditLogDeps {
  readonly store: { append(entries: readonly AuditEntry[]): Promise<void> };
  readonly now: () => number;
  readonly logger: Logger;
}

export interface NewEntry {
  readonly action: string;
  readonly target?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Left out: the server itself. */
  readonly who?: Who;
  readonly address?: string;
  readonly status?: number | null;
  readonly request?: string;
}

export interface AuditStats {
  readonly written: number;
  readonly waiting: number;
  readonly dropped: number;
  readonly failures: number;
  /** Why entries wait; null: none has to. */
  readonly problem: string | null;
}

const MOST_AT_ONCE = 1000;
const MAX_TARGET = 2000;

export class AuditLog {
  readonly #config: AuditLogConfig;
  readonly #deps: AuditLogDeps;
  #waiting: AuditEntry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | null = null;
  #isStopped = false;
  #counts = { written: 0, dropped: 0, failures: 0 };
  /** Dropped, and not yet told in the log itself. */
  #untold = 0;
  #problem: string | null = null;

  constructor(config: AuditLogConfig, deps: AuditLogDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  get stats(): AuditStats {
    return { ...this.#counts, waiting: this.#waiting.length, problem: this.#problem };
  }

  /** An entry of now. */
  entry({
    action,
    target = "",
    details = {},
    who = THE_SERVER,
    address = "",
    status = null,
    request = "",
  }: NewEntry): AuditEntry {
    const timeMs = this.#deps.now();
    return {
      id: randomUUID(),
      version: 1,
      timeMs,
      lastMs: timeMs,
      count: 1,
      who,
      address,
      action,
      target: safeText(target, MAX_TARGET),
      details: detailsJson(details),
      status,
      server: this.#config.server,
      request,
    };
  }

  /** Resolves when it is durable: what must not be done without its entry waits for this. @throws StoreError */
  async write(entry: AuditEntry): Promise<void> {
    await this.#deps.store.append([entry]);
    this.#counts.written++;
  }

  /** Written within `flushMs`, or as soon as the store can. */
  note(entry: AuditEntry): void {
    if (this.#waiting.length >= this.#config.maxWaiting || this.#isStopped) {
      this.#counts.dropped++;
      this.#untold++;
      return;
    }
    this.#waiting.push(entry);
    this.#schedule();
  }

  /** Writes what waits, tries no more than once. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#flushing;
    while (this.#waiting.length > 0) {
      const before = this.#waiting.length;
      await this.#flush();
      if (this.#waiting.length >= before) break;
    }
    if (this.#waiting.length > 0)
      this.#deps.logger.error({ entries: this.#waiting.length }, "entries of the audit log could not be written, they are lost");
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = null;
        if (this.#waiting.length > 0) this.#schedule();
      });
    }, this.#config.flushMs);
    this.#timer.unref();
  }

  async #flush(): Promise<void> {
    const entries = this.#waiting.slice(0, MOST_AT_ONCE);
    const lost = this.#untold;
    const told = lost === 0 ? [] : [this.entry({ action: "audit.lost", details: { entries: lost } })];
    try {
      await this.#deps.store.append([...entries, ...told]);
      this.#waiting = this.#waiting.slice(entries.length);
      this.#untold -= lost;
      this.#counts.written += entries.length;
      this.#problem = null;
    } catch (error) {
      this.#counts.failures++;
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#deps.logger.warn({ err: error, entries: this.#waiting.length }, "the audit log can't be written, entries wait");
      if (isTransient(error)) return;
      // They would never be taken.
      this.#waiting = this.#waiting.slice(entries.length);
      this.#counts.dropped += entries.length;
      this.#untold += entries.length;
    }
  }
}
