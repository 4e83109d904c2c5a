/** A page that asks the same every ten seconds is one line of the log, with a count. */
import type { AuditEntry } from "./entry.ts";

export interface RepeatsConfig {
  /** From the first time on, what is the same is counted for so long. */
  readonly windowMs: number;
  /** Different ones that are counted at the same time. */
  readonly max: number;
}

interface Counted {
  readonly first: AuditEntry;
  count: number;
  lastMs: number;
}

export class Repeats {
  readonly #config: RepeatsConfig;
  readonly #note: (entry: AuditEntry) => void;
  readonly #now: () => number;
  readonly #counted = new Map<string, Counted>();
  #timer: NodeJS.Timeout | undefined;

  /** @param deps `note` is given an entry when it is met first, and again with its count when its time is over */
  constructor(config: RepeatsConfig, deps: { note: (entry: AuditEntry) => void; now: () => number }) {
    this.#config = config;
    this.#note = deps.note;
    this.#now = deps.now;
  }

  start(): void {
    this.#timer = setInterval(() => this.sweep(), Math.ceil(this.#config.windowMs / 10));
    this.#timer.unref();
  }

  /** Notes what is still being counted. */
  stop(): void {
    clearInterval(this.#timer);
    for (const key of [...this.#counted.keys()]) this.#end(key);
  }

  /**
   * @param key the same for what is the same
   * @param make called for the first of them
   * @param spareKey what comes when too many different ones are counted: then all of these are one. Left out: the oldest is told
   */
  see(key: string, make: () => AuditEntry, spareKey?: string): void {
    const nowMs = this.#now();
    const isNew = !this.#isCounted(key, nowMs);
    if (isNew && this.#counted.size >= this.#config.max) {
      this.sweep();
      if (this.#counted.size >= this.#config.max && spareKey !== undefined && spareKey !== key) {
        this.see(spareKey, make);
        return;
      }
      const [oldest] = this.#counted.keys();
      if (this.#counted.size >= this.#config.max && oldest !== undefined) this.#end(oldest);
    }
    const known = this.#counted.get(key);
    if (known !== undefined && !isNew) {
      known.count++;
      known.lastMs = nowMs;
      return;
    }
    this.#end(key);
    const first = make();
    this.#counted.set(key, { first, count: 1, lastMs: first.lastMs });
    this.#note(first);
  }

  /** Tells those whose time is over. */
  sweep(): void {
    const nowMs = this.#now();
    for (const key of [...this.#counted.keys()]) if (!this.#isCounted(key, nowMs)) this.#end(key);
  }

  #isCounted(key: string, nowMs: number): boolean {
    const known = this.#counted.get(key);
    return known !== undefined && Math.abs(nowMs - known.first.timeMs) < this.#config.windowMs;
  }

  #end(key: string): void {
    const known = this.#counted.get(key);
    if (known === undefined) return;
    this.#counted.delete(key);
    const { first, count, lastMs } = known;
    if (count > 1) this.#note({ ...first, version: first.version + 1, count, lastMs });
  }
}
