/**
 * Makes one write of many submissions: a write of one row takes ClickHouse as much work (60 ms of a core, four tables) as one of a
 * thousand. The first one waits a moment for company, the next ones until it is time for the next write.
 */
import { isTransient, StoreError } from "./errors.ts";
import type { Logger } from "./logger.ts";

export interface GroupCommitConfig {
  /** A write is started as soon as so many rows wait, and holds about as many. */
  readonly maxRows: number;
  /** From the start of one write to the start of the next one, unless there are enough rows. */
  readonly intervalMs: number;
  /** Wait for company when there was nothing to do for a while. */
  readonly idleWaitMs: number;
  /** Rows that wait or are being written; more are refused with STORE_OVERLOADED. */
  readonly maxWaitingRows: number;
  readonly maxParallel: number;
}

export interface GroupCommitDeps<T> {
  /** Resolves when all of them are durable. A failure may have stored any part of them. */
  readonly write: (items: readonly T[]) => Promise<void>;
  readonly rowsOf: (item: T) => number;
  readonly logger: Logger;
}

export interface GroupCommitStats {
  readonly waitingRows: number;
  readonly writes: number;
  readonly rows: number;
  readonly failures: number;
  readonly overloaded: number;
  /** Of a write lately: how long it took and how many rows it had; null: there was none. */
  readonly writeMs: number | null;
  readonly writeRows: number | null;
}

/** A second write at the same time has this share of the rows of a full one, */
const WORTH_A_WRITE = 0.25;
/** or something in it has waited for so many intervals: a write may hang. */
const LONGEST_COMPANY = 4;
/** So many full writes' rows are under way at most, except one submission that is larger on its own. */
const MOST_UNDER_WAY = 2;

interface Waiting<T> {
  readonly item: T;
  readonly rows: number;
  readonly sinceMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<T> {
  readonly #config: GroupCommitConfig;
  readonly #deps: GroupCommitDeps<T>;
  #queue: Waiting<T>[] = [];
  #queuedRows = 0;
  #waitingRows = 0;
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #holders = 0;
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #msPerRow = 0.05;
  #lately: { readonly ms: number; readonly rows: number } | null = null;
  #counts = { writes: 0, rows: 0, failures: 0, overloaded: 0 };

  constructor(config: GroupCommitConfig, deps: GroupCommitDeps<T>) {
    this.#config = config;
    this.#deps = deps;
  }

  get stats(): GroupCommitStats {
    const { ms: writeMs = null, rows: writeRows = null } = this.#lately ?? {};
    return { waitingRows: this.#waitingRows, ...this.#counts, writeMs, writeRows };
  }

  /**
   * Resolves when the item is durable.
   * @throws StoreError STORE_OVERLOADED at once when too much waits already; else whatever the write failed with
   */
  submit(item: T): Promise<void> {
    const rows = this.#deps.rowsOf(item);
    if (this.#stopping) {
      return Promise.reject(new StoreError({ code: "STORE_UNAVAILABLE", retryAfterMs: 1_000 }, "The server is stopping"));
    }
    // One that is larger than the limit on its own is taken when nothing else waits: it would never fit otherwise.
    if (this.#waitingRows > 0 && this.#waitingRows + rows > this.#config.maxWaitingRows) {
      this.#counts.overloaded += 1;
      return Promise.reject(this.#overloaded());
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, rows, sinceMs: performance.now(), resolve, reject });
      this.#queuedRows += rows;
      this.#waitingRows += rows;
      this.#schedule();
    });
  }

  /** Begins no write until it is released; what is submitted waits. Resolves when none is under way. */
  async hold(): Promise<() => void> {
    this.#holders += 1;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    return () => {
      this.#holders -= 1;
      this.#schedule();
    };
  }

  /** Writes what waits, takes nothing more. Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#schedule();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const [first] = this.#queue;
    // The next end of a write, or of a hold, comes back here.
    if (first === undefined || this.#underWay.size >= this.#config.maxParallel || (this.#holders > 0 && !this.#stopping)) return;
    const { maxRows, intervalMs, idleWaitMs } = this.#config;
    // Large submissions are written one after the other: several at once take more memory than there is.
    const rowsUnderWay = this.#waitingRows - this.#queuedRows;
    if (this.#underWay.size > 0 && rowsUnderWay + this.#next().rows > maxRows * MOST_UNDER_WAY) return;
    // Under load writes take longer than the interval: what comes meanwhile is the next one, unless it would do for one of its own.
    const isBeside = this.#underWay.size > 0 && this.#queuedRows < maxRows * WORTH_A_WRITE;
    const companyMs = isBeside ? LONGEST_COMPANY * intervalMs : idleWaitMs;
    const leftMs = Math.max(first.sinceMs + companyMs, this.#lastWriteMs + intervalMs) - performance.now();
    if (this.#queuedRows >= maxRows || leftMs <= 0 || this.#stopping) this.#flush();
    else this.#timer = setTimeout(() => this.#schedule(), Math.ceil(leftMs));
  }

  /** What the next write holds: whole submissions, as many as fit, and one at least. */
  #next(): { group: readonly Waiting<T>[]; rows: number } {
    const group: Waiting<T>[] = [];
    let rows = 0;
    for (const waiting of this.#queue) {
      if (group.length > 0 && rows + waiting.rows > this.#config.maxRows) break;
      group.push(waiting);
      rows += waiting.rows;
    }
    return { group, rows };
  }

  #flush(): void {
    const { group, rows } = this.#next();
    this.#lastWriteMs = performance.now();
    this.#queue = this.#queue.slice(group.length);
    this.#queuedRows -= rows;
    const write = this.#write(group, rows).finally(() => {
      this.#underWay.delete(write);
      this.#schedule();
    });
    this.#underWay.add(write);
    this.#schedule();
  }

  async #write(group: readonly Waiting<T>[], rows: number): Promise<void> {
    const began = performance.now();
    try {
      await this.#deps.write(group.map(({ item }) => item));
      this.#counts.writes += 1;
      this.#counts.rows += rows;
      const ms = performance.now() - began;
      this.#msPerRow = lately(this.#msPerRow, ms / Math.max(rows, 1));
      this.#lately = { ms: lately(this.#lately?.ms ?? ms, ms), rows: lately(this.#lately?.rows ?? rows, rows) };
      this.#settle(group, rows, ({ resolve }) => resolve());
    } catch (error) {
      this.#counts.failures += 1;
      if (isTransient(error) || group.length === 1) {
        this.#settle(group, rows, ({ reject }) => reject(error));
        return;
      }
      // It was one of them: the others must not suffer for it.
      this.#deps.logger.warn({ err: error, submissions: group.length }, "a merged write was refused, trying each part alone");
      for (const waiting of group) await this.#write([waiting], waiting.rows);
    }
  }

  /** Makes room first: whoever is told may come with more at once. */
  #settle(group: readonly Waiting<T>[], rows: number, tell: (waiting: Waiting<T>) => void): void {
    this.#waitingRows -= rows;
    for (const waiting of group) tell(waiting);
  }

  #overloaded(): StoreError {
    const waitingRows = this.#waitingRows;
    const retryAfterMs = Math.round(Math.min(30_000, Math.max(500, waitingRows * this.#msPerRow)));
    return new StoreError(
      { code: "STORE_OVERLOADED", retryAfterMs, waitingRows },
      `${waitingRows} rows wait to be written already`,
    );
  }
}

/** An average in which what is new weighs more. */
function lately(before: number, now: number): number {
  return 0.8 * before + 0.2 * now;
}
