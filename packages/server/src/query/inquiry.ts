/** One request's questions to the store: whose they are, what they may cost, and what they did. */
import type { Filter } from "@flowtrail/model";
import { type Answer, type Bindings, bindingsJson, type QueryOptions } from "../store/clickhouse.ts";
import { NOT_NARROWED } from "./narrowed.ts";

/** Told with every answer. */
export interface AnswerMeta {
  /** Tables that the answer was made from, the main one first. */
  readonly table: string;
  /** Null: it would count what whoever asks may not see. */
  readonly rows_read: number | null;
  readonly elapsed_ms: number;
  /** Not all that was asked for was looked at: the answer says less than there is. */
  readonly partial: boolean;
  /** The statements, for those who may ask for them. */
  readonly sql?: readonly Statement[];
}

/** As it was sent: what a person said stands in `parameters`, never in the text. */
export interface Statement {
  readonly statement: string;
  readonly parameters: Bindings;
}

/** @param table what the statement mainly reads, told in `meta` */
export interface Question {
  readonly table: string;
  readonly sql: string;
  readonly bindings: Bindings;
  readonly options?: Pick<QueryOptions, "limits" | "settings">;
}

export interface QuestionOptions extends QueryOptions {
  readonly table: string;
}

export interface Answered<T> extends Answer<T> {
  /** At a limit, where the question may be: there may be more. */
  readonly stopped?: boolean;
}

/** Who answers: the store itself, or the desk where all questions of a server meet. */
export interface Answering {
  answer<T>(sql: string, bindings: Bindings, options: QuestionOptions): Promise<Answered<T>>;
}

export interface InquiryOptions {
  readonly signal: AbortSignal;
  readonly explain?: boolean;
  /** What whoever asks may see. Left out: everything. */
  readonly within?: Filter;
}

export class Inquiry {
  readonly #store: Answering;
  readonly #options: InquiryOptions;
  readonly #began = performance.now();
  readonly #tables = new Set<string>();
  readonly #sql: Statement[] = [];
  #rowsRead = 0;
  #partial = false;

  constructor(store: Answering, options: InquiryOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Whoever asked has left. */
  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** What whoever asks may see: for what is found out besides the rows that pass a filter. */
  get within(): Filter {
    return this.#options.within ?? NOT_NARROWED;
  }

  get isNarrowed(): boolean {
    return this.within.kind !== "all";
  }

  /** @throws QuestionError, StoreError */
  async rows<T>({ table, sql, bindings, options }: Question): Promise<T[]> {
    for (const name of table.split(", ")) this.#tables.add(name);
    if (this.#options.explain) this.#sql.push({ statement: sql, parameters: JSON.parse(bindingsJson(bindings)) as Bindings });
    const asked = { ...options, table, signal: this.#options.signal };
    const { rows, rowsRead, stopped = false } = await this.#store.answer<T>(sql, bindings, asked);
    this.#rowsRead += rowsRead;
    this.#partial ||= stopped;
    return rows;
  }

  /** Whoever leaves something out says so. */
  markPartial(): void {
    this.#partial = true;
  }

  get meta(): AnswerMeta {
    return {
      table: [...this.#tables].join(", "),
      rows_read: this.isNarrowed ? null : this.#rowsRead,
      elapsed_ms: Math.round(performance.now() - this.#began),
      partial: this.#partial,
      ...(this.#options.explain ? { sql: this.#sql } : {}),
    };
  }
}
