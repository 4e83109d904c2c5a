/** One request's questions to the store: what they may cost, and what they did. */
import type { Bindings, ClickHouse, QueryOptions } from "../store/clickhouse.ts";

/** Told with every answer. */
export interface AnswerMeta {
  /** Tables that the answer was made from, the main one first. */
  readonly table: string;
  readonly rows_read: number;
  readonly elapsed_ms: number;
  /** Not all that was asked for was looked at: the answer says less than there is. */
  readonly partial: boolean;
  /** The statements, for those who may ask for them. */
  readonly sql?: readonly string[];
}

/** @param table what the statement mainly reads, told in `meta` */
export interface Question {
  readonly table: string;
  readonly sql: string;
  readonly bindings: Bindings;
  readonly options?: Pick<QueryOptions, "limits" | "settings">;
}

export interface InquiryOptions {
  readonly signal: AbortSignal;
  readonly explain?: boolean;
}

export class Inquiry {
  readonly #clickhouse: Pick<ClickHouse, "answer">;
  readonly #options: InquiryOptions;
  readonly #began = performance.now();
  readonly #tables = new Set<string>();
  readonly #sql: string[] = [];
  #rowsRead = 0;
  #partial = false;

  constructor(clickhouse: Pick<ClickHouse, "answer">, options: InquiryOptions) {
    this.#clickhouse = clickhouse;
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** @throws StoreError */
  async rows<T>({ table, sql, bindings, options }: Question): Promise<T[]> {
    this.#tables.add(table);
    this.#sql.push(sql);
    const { rows, rowsRead } = await this.#clickhouse.answer<T>(sql, bindings, { ...options, signal: this.#options.signal });
    this.#rowsRead += rowsRead;
    return rows;
  }

  /** Whoever leaves something out says so. */
  markPartial(): void {
    this.#partial = true;
  }

  get meta(): AnswerMeta {
    return {
      table: [...this.#tables].join(", "),
      rows_read: this.#rowsRead,
      elapsed_ms: Math.round(performance.now() - this.#began),
      partial: this.#partial,
      ...(this.#options.explain ? { sql: this.#sql } : {}),
    };
  }
}
