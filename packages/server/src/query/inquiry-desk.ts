/**
 * Where all questions of this server to the store meet. Equal ones that are under way at the same time are asked once. What is not
 * answered in a moment is heavy: it waits for its turn among the heavy ones and runs behind the others, so that it holds up neither
 * the quick ones nor what is written.
 */
import type { ClickHouseSettings } from "@clickhouse/client";
import {
  type Answer,
  type Bindings,
  type Bytes,
  bindingsJson,
  type ClickHouse,
  type QueryLimits,
  type QueryOptions,
} from "../store/clickhouse.ts";
import { StoreError, toStoreError } from "../store/errors.ts";
import type { Answered, Answering, QuestionOptions } from "./inquiry.ts";
import { type Caps, within } from "./inquiry-caps.ts";
import { QuestionCounts, type SlowQuestion } from "./inquiry-counts.ts";
import { explained, QuestionError, tooSlow } from "./inquiry-errors.ts";
import { Gate } from "./inquiry-gate.ts";
import { Shared } from "./inquiry-shared.ts";

export interface DeskConfig {
  /** Most questions at once, and of those that are heavy. */
  readonly quick: number;
  readonly heavy: number;
  /** Exports at once. */
  readonly exports: number;
  /** What takes longer is heavy. */
  readonly quickMs: number;
  /** Of a heavy question; null: as many as ClickHouse likes. */
  readonly heavyThreads: number | null;
  readonly maxWaiting: number;
  readonly maxWaitMs: number;
  /** The time that a request has does not run while it waits for its turn: nobody sits and waits for the answer. */
  readonly canWait?: boolean;
}

export interface DeskDeps {
  readonly clickhouse: Pick<ClickHouse, "answer" | "bytes" | "writes">;
}

/** @param table what the statement mainly reads */
export interface ExportStatement {
  readonly table: string;
  readonly sql: string;
  readonly bindings: Bindings;
  readonly settings?: ClickHouseSettings;
}

export interface Exporting {
  /** @throws QuestionError, StoreError */
  answer<T>(statement: ExportStatement): Promise<Answer<T>>;
  /** @throws QuestionError, StoreError */
  bytes(statement: ExportStatement): Promise<Bytes>;
  /** Gives the turn back, to be called once. */
  end(): void;
}

interface Asking {
  readonly who: string;
  readonly caps: Caps;
  /** Nobody waits for the answer after this time (`performance.now()`). */
  deadlineMs: number;
  /** Questions of it that wait for their turn, and since when there are any: set only where that is not counted. */
  waiting: number;
  waitingSinceMs: number;
  /** One of its questions had its turn. */
  hasBegun: boolean;
}

interface Question {
  readonly sql: string;
  readonly bindings: Bindings;
  readonly table: string;
  readonly who: string;
  readonly asking: Asking;
  readonly limits: QueryLimits;
  readonly settings: ClickHouseSettings;
}

/** Of one statement of an export: it looks for the next rows that pass, however rare they are. */
const EXPORT_STATEMENT_MS = 600_000;
/** While a request waits its time does not run. */
const LOOK_AGAIN_MS = 100;
const QUICK: ClickHouseSettings = { priority: "1" };
/** Held up while a quick one runs, but for a moment only (at each block of rows): it shall come to an end. */
const HEAVY: ClickHouseSettings = { priority: "10", low_priority_query_wait_time_ms: "50" };

export class InquiryDesk {
  readonly #config: DeskConfig;
  readonly #clickhouse: DeskDeps["clickhouse"];
  readonly #quick: Gate;
  readonly #heavy: Gate;
  readonly #exports: Gate;
  readonly #shared = new Shared<Answered<unknown>>();
  readonly #counts = new QuestionCounts();

  constructor(config: DeskConfig, deps: DeskDeps) {
    const { quick, heavy, maxWaiting, maxWaitMs } = config;
    this.#config = config;
    this.#clickhouse = deps.clickhouse;
    const queue = { maxWaiting, maxWaitingEach: Math.ceil(maxWaiting / 2), maxWaitMs };
    this.#quick = new Gate({ ...queue, slots: quick, what: "questions" });
    this.#heavy = new Gate({ ...queue, slots: heavy, what: "long questions" });
    this.#exports = new Gate({ ...queue, slots: config.exports, what: "exports" });
  }

  get stats() {
    const { tables, refused, cancelled } = this.#counts;
    const gates = { quick: this.#quick.stats, heavy: this.#heavy.stats, exports: this.#exports.stats };
    return { tables, refused, cancelled, joined: this.#shared.joined, ...gates };
  }

  /** Of the last hour, those that took longest: `atMs` is `performance.now()`. */
  slowest(): readonly SlowQuestion[] {
    return this.#counts.slowest(performance.now());
  }

  /**
   * Answers the questions of one request, within the time that it has in all.
   * @param who turns are shared out between askers
   */
  askedBy(who: string, caps: Caps): Answering {
    const asking = {
      who,
      caps,
      deadlineMs: performance.now() + caps.maxExecutionMs,
      waiting: 0,
      waitingSinceMs: 0,
      hasBegun: false,
    };
    return { answer: (sql, bindings, options) => this.#answer(sql, bindings, options, asking) };
  }

  /** @throws QuestionError, StoreError */
  async #answer<T>(sql: string, bindings: Bindings, options: QuestionOptions, asking: Asking): Promise<Answered<T>> {
    const { who, caps } = asking;
    const { table, signal, settings = {} } = options;
    const may = within(caps, options.limits);
    const limits = limitsOf(may);
    // Who asks after something was written must not get an answer from before.
    const key = JSON.stringify([this.#clickhouse.writes, sql, bindingsJson(bindings), limits, settings]);
    const late = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const watch = () => {
      const leftMs = leftOf(asking);
      if (leftMs <= 0 && asking.waiting === 0) late.abort();
      else timer = setTimeout(watch, Math.max(asking.waiting === 0 ? 0 : LOOK_AGAIN_MS, leftMs));
    };
    watch();
    try {
      const leaving = AbortSignal.any([late.signal, ...(signal ? [signal] : [])]);
      const question = { sql, bindings, table, who, asking, limits, settings };
      return (await this.#join(key, question, leaving)) as Answered<T>;
    } catch (thrown) {
      const error = late.signal.aborted ? tooSlow(caps, thrown) : told(thrown, may, signal);
      this.#counts.failed(error.code);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * A turn for an export, which asks one statement after the other, behind what others ask, for as long as it takes.
   * @throws QuestionError QUERY_BUSY; the signal's reason
   */
  async exportedBy(who: string, caps: Caps, signal: AbortSignal): Promise<Exporting> {
    const end = await this.#exports.enter(who, signal);
    const { maxMemoryBytes } = caps;
    const limits = { maxMemoryBytes, maxExecutionMs: EXPORT_STATEMENT_MS, maxRowsToRead: 0, maxResultRows: 0 };
    const ask = async <A extends { readonly rowsRead: number }>(
      { table, settings }: ExportStatement,
      asking: (options: QueryOptions) => Promise<A>,
    ): Promise<A> => {
      try {
        return await this.#counted(table, () => asking({ signal, limits, settings: { ...settings, ...this.#behind() } }));
      } catch (thrown) {
        const options = { ...caps.options, time: null, rows: null };
        const error = told(thrown, { ...caps, ...limits, options }, signal);
        this.#counts.failed(error.code);
        throw error;
      }
    };
    const clickhouse = this.#clickhouse;
    return {
      answer: (statement) => ask(statement, (options) => clickhouse.answer(statement.sql, statement.bindings, options)),
      bytes: (statement) => ask(statement, (options) => clickhouse.bytes(statement.sql, statement.bindings, options)),
      end,
    };
  }

  async #join(key: string, question: Question, leaving: AbortSignal): Promise<Answered<unknown>> {
    let isOwn = false;
    const begin = (ending: AbortSignal) => {
      isOwn = true;
      return this.#ask(question, ending);
    };
    try {
      return await this.#shared.join(key, leaving, begin);
    } catch (error) {
      // It was somebody else who was sent away, because of the many questions of theirs.
      if (isOwn || !(error instanceof QuestionError) || error.code !== "QUERY_BUSY") throw error;
      return this.#shared.join(JSON.stringify([question.who, key]), leaving, begin);
    }
  }

  async #ask(question: Question, ending: AbortSignal): Promise<Answered<unknown>> {
    const { maxExecutionMs } = question.limits;
    const { quickMs } = this.#config;
    try {
      const limits = { ...question.limits, maxExecutionMs: Math.min(quickMs, maxExecutionMs) };
      return await this.#askThrough(this.#quick, { ...question, limits, settings: { ...question.settings, ...QUICK } }, ending);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "STORE_TIMEOUT" || quickMs >= maxExecutionMs) throw error;
    }
    return this.#askThrough(this.#heavy, { ...question, settings: { ...question.settings, ...this.#behind() } }, ending);
  }

  /** Settings of what runs behind the quick ones. */
  #behind(): ClickHouseSettings {
    const { heavyThreads } = this.#config;
    return { ...HEAVY, ...(heavyThreads === null ? {} : { max_threads: heavyThreads }) };
  }

  async #askThrough(gate: Gate, question: Question, signal: AbortSignal): Promise<Answered<unknown>> {
    const { sql, bindings, table, who, asking, limits, settings } = question;
    const goesOn = gate === this.#quick && asking.hasBegun;
    const leave = await this.#uncounted(asking, () => gate.enter(who, signal, goesOn));
    asking.hasBegun = true;
    try {
      const answer = await this.#counted(table, () => this.#clickhouse.answer(sql, bindings, { signal, limits, settings }));
      return { ...answer, stopped: mayStop(settings) && isAtLimit(limits, answer) };
    } finally {
      leave();
    }
  }

  /** Waits for a turn, if need be without using up the time that the request has. */
  async #uncounted<T>(asking: Asking, wait: () => Promise<T>): Promise<T> {
    if (!this.#config.canWait) return wait();
    if (asking.waiting++ === 0) asking.waitingSinceMs = performance.now();
    try {
      return await wait();
    } finally {
      if (--asking.waiting === 0) asking.deadlineMs += performance.now() - asking.waitingSinceMs;
    }
  }

  async #counted<A extends { readonly rowsRead: number }>(table: string, ask: () => Promise<A>): Promise<A> {
    const began = performance.now();
    let rowsRead = 0;
    try {
      const answer = await ask();
      rowsRead = answer.rowsRead;
      return answer;
    } finally {
      const nowMs = performance.now();
      this.#counts.asked(table, nowMs - began, rowsRead, nowMs);
    }
  }
}

function leftOf({ deadlineMs, waiting, waitingSinceMs }: Asking): number {
  return deadlineMs - (waiting > 0 ? waitingSinceMs : performance.now());
}

/** Instead of an error, what was found until the limit is told. */
function mayStop({ read_overflow_mode, timeout_overflow_mode }: ClickHouseSettings): boolean {
  return read_overflow_mode === "break" || timeout_overflow_mode === "break";
}

/** ClickHouse does not tell that it stopped, but it does not stop before. */
function isAtLimit({ maxRowsToRead, maxExecutionMs }: QueryLimits, { rowsRead, tookMs }: Answer<unknown>): boolean {
  return (maxRowsToRead > 0 && rowsRead >= maxRowsToRead) || tookMs >= maxExecutionMs;
}

/** Equal questions have equal keys: nothing else goes into it. */
function limitsOf({ maxExecutionMs, maxMemoryBytes, maxRowsToRead, maxResultRows = 0 }: QueryLimits): QueryLimits {
  return { maxExecutionMs, maxMemoryBytes, maxRowsToRead, maxResultRows };
}

function told(error: unknown, caps: Caps, signal: AbortSignal | undefined): QuestionError | StoreError {
  return error instanceof QuestionError ? error : explained(toStoreError(error, signal), caps);
}
