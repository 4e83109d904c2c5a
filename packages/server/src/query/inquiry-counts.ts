/** What was asked and what became of it, for /metrics. */

export interface TableCounts {
  readonly questions: number;
  readonly rowsRead: number;
  /** That the store worked on them. */
  readonly seconds: number;
}

export interface SlowQuestion {
  readonly table: string;
  readonly rowsRead: number;
  readonly ms: number;
  /** When it ended, `performance.now()`. */
  readonly atMs: number;
}

/** What people wait for. */
const SLOW_MS = 1000;
const SLOW_KEPT_MS = 3_600_000;
const MOST_SLOW = 10;

export class QuestionCounts {
  #slow: readonly SlowQuestion[] = [];
  readonly #tables = new Map<string, TableCounts>();
  readonly #refused = new Map<string, number>();
  #cancelled = 0;

  /** By the table that was mainly read. */
  get tables(): ReadonlyMap<string, TableCounts> {
    return this.#tables;
  }

  /** Questions without an answer, by the error's code. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refused;
  }

  /** Whoever asked had left. */
  get cancelled(): number {
    return this.#cancelled;
  }

  /** Those of the last hour that took longest, longest first. */
  slowest(nowMs: number): readonly SlowQuestion[] {
    return this.#slow.filter(({ atMs }) => atMs > nowMs - SLOW_KEPT_MS);
  }

  /** @param atMs `performance.now()` */
  asked(table: string, ms: number, rowsRead: number, atMs: number): void {
    if (ms >= SLOW_MS) {
      const all = [...this.slowest(atMs), { table, rowsRead, ms, atMs }];
      this.#slow = all.sort((a, b) => b.ms - a.ms).slice(0, MOST_SLOW);
    }
    const { questions, seconds, rowsRead: before } = this.#tables.get(table) ?? { questions: 0, rowsRead: 0, seconds: 0 };
    this.#tables.set(table, { questions: questions + 1, rowsRead: before + rowsRead, seconds: seconds + ms / 1000 });
  }

  failed(code: string): void {
    if (code === "STORE_ABORTED") this.#cancelled++;
    else this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }
}
