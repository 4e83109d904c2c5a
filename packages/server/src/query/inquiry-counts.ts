/** What was asked and what became of it, for /metrics. */

export interface TableCounts {
  readonly questions: number;
  readonly rowsRead: number;
  /** That the store worked on them. */
  readonly seconds: number;
}

export class QuestionCounts {
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

  asked(table: string, ms: number, rowsRead: number): void {
    const { questions, seconds, rowsRead: before } = this.#tables.get(table) ?? { questions: 0, rowsRead: 0, seconds: 0 };
    this.#tables.set(table, { questions: questions + 1, rowsRead: before + rowsRead, seconds: seconds + ms / 1000 });
  }

  failed(code: string): void {
    if (code === "STORE_ABORTED") this.#cancelled++;
    else this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }
}
