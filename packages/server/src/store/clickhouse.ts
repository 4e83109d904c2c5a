/** The one way to ClickHouse, embedded or remote: HTTP, bound parameters, a limit on every question, typed errors. */
import { randomUUID } from "node:crypto";
import { addAbortSignal, Readable } from "node:stream";
import {
  type ClickHouseClient,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
  type ResultSet,
} from "@clickhouse/client";
import type { Endpoint, EndpointSource } from "./endpoint.ts";
import { isReset, isUnreachable, type StoreError, toStoreError, unavailable } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { inBody, inPieces } from "./long-bindings.ts";
import { WriteGate } from "./write-gate.ts";

export interface ClickHouseConfig {
  readonly database: string;
  /** How long a call waits for an engine that is being started again, before it fails with STORE_UNAVAILABLE. */
  readonly waitForEngineMs: number;
  /** Time for any write; ClickHouse answers after it is durable. */
  readonly writeTimeoutMs: number;
  readonly maxConnections: { readonly read: number; readonly write: number };
  /** Of a question that brings none of its own. */
  readonly limits: QueryLimits;
  /** For every statement: what a cluster needs. */
  readonly settings?: ClickHouseSettings;
}

/** What one question may cost. */
export interface QueryLimits {
  readonly maxExecutionMs: number;
  readonly maxMemoryBytes: number;
  /** Rows read from the tables, not rows answered. */
  readonly maxRowsToRead: number;
  /** Rows answered; left out: any number. */
  readonly maxResultRows?: number;
}

export interface QueryOptions {
  readonly signal?: AbortSignal;
  readonly limits?: Partial<QueryLimits>;
  /** More settings of ClickHouse for this question. They can't lift the limits. */
  readonly settings?: ClickHouseSettings;
}

/** An answer in a format of ClickHouse's. */
export interface Bytes {
  readonly body: Buffer;
  readonly rows: number;
  /** From the tables, as ClickHouse counted them. */
  readonly rowsRead: number;
}

export interface Answer<T> {
  readonly rows: T[];
  /** From the tables, as ClickHouse counted them. */
  readonly rowsRead: number;
  /** By the clock of ClickHouse. */
  readonly tookMs: number;
}

/** Values for `{name:Type}` in the SQL: the only way in for anything that a person or an agent said. */
export type Bindings = Readonly<Record<string, unknown>>;

/** Bindings as JSON. 64-bit integers among them become texts. */
export function bindingsJson(bindings: Bindings): string {
  return JSON.stringify(bindings, (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

export type PingResult =
  | { readonly ok: true; readonly version: string; readonly roundTripMs: number }
  | { readonly ok: false; readonly error: StoreError };

type Purpose = "read" | "write" | "control" | "bare";
type Pools = Record<Purpose, ClickHouseClient>;

/** A store that takes longer is thought hung: whoever asks for health wants an answer. */
const pingTimeoutMs = 5000;
/** More than ClickHouse's own time limit, so that its answer (which is more precise) comes first. */
const readTimeoutMarginMs = 10_000;
/** No question may ask for more time than this, whatever its limits say. */
const longestReadMs = 600_000;

export class ClickHouse {
  readonly #source: EndpointSource;
  readonly #config: ClickHouseConfig;
  readonly #logger: Logger;
  #current: { endpoint: Endpoint; pools: Pools } | null = null;
  #closed = false;
  #writes = 0;
  readonly #gate = new WriteGate();

  constructor(source: EndpointSource, config: ClickHouseConfig, deps: { logger: Logger }) {
    this.#source = source;
    this.#config = config;
    this.#logger = deps.logger;
  }

  /** Keeps all writes back that come by here until it is released; null if one of them took longer than that. See `WriteGate`. */
  hold(timeoutMs: number): Promise<(() => void) | null> {
    return this.#gate.hold(timeoutMs);
  }

  /** The database that unqualified names in SQL mean. */
  get database(): string {
    return this.#config.database;
  }

  /** Grows with each statement that may have written something, when it is over. */
  get writes(): number {
    return this.#writes;
  }

  /** Asks with credentials (unlike `/ping`). Never throws: an absent store is an expected outcome. */
  async ping(): Promise<PingResult> {
    const began = performance.now();
    try {
      const { bare } = await this.#pools(0);
      const query = { query: "SELECT version() AS version", format: "JSONEachRow" } as const;
      const result = await bare.query({ ...query, abort_signal: AbortSignal.timeout(pingTimeoutMs) });
      const [row] = await result.json<{ version: string }>();
      return { ok: true, version: row?.version ?? "", roundTripMs: performance.now() - began };
    } catch (error) {
      return { ok: false, error: toStoreError(error) };
    }
  }

  /**
   * All rows of a question. 64-bit integers come as strings, times as ISO 8601 in UTC.
   * @throws StoreError
   */
  async rows<T>(sql: string, bindings: Bindings = {}, options: QueryOptions = {}): Promise<T[]> {
    return (await this.answer<T>(sql, bindings, options)).rows;
  }

  /**
   * As `rows`, with what it took to find them.
   * @throws StoreError
   */
  async answer<T>(sql: string, bindings: Bindings = {}, options: QueryOptions = {}): Promise<Answer<T>> {
    return this.#read(sql, bindings, options, { wait_end_of_query: 1 }, async (result) => {
      const rows = await result.json<T>();
      const { rowsRead, tookMs } = readSummary(result.response_headers);
      return { rows, rowsRead, tookMs };
    });
  }

  /**
   * The answer of a question as ClickHouse writes it, whole: none of it is told before all of it is there.
   * @param sql with its FORMAT
   * @throws StoreError
   */
  async bytes(sql: string, bindings: Bindings = {}, options: QueryOptions = {}): Promise<Bytes> {
    const { signal } = options;
    const queryId = randomUUID();
    try {
      signal?.throwIfAborted();
      const parameters = this.#parameters(sql, bindings, options, { wait_end_of_query: 1 });
      const { stream, response_headers } = await this.#reach(({ read }, again) =>
        read.exec(inBody({ ...parameters, query_id: queryId + again })),
      );
      const chunks: Buffer[] = [];
      for await (const chunk of signal ? addAbortSignal(signal, stream) : stream) chunks.push(chunk as Buffer);
      return { body: Buffer.concat(chunks), ...readSummary(response_headers) };
    } catch (error) {
      throw await this.#failed(error, signal, queryId);
    }
  }

  /**
   * The answer of a question as ClickHouse writes it, as it comes. To be read to its end, or destroyed, which ends the query.
   * @param sql with its FORMAT
   * @throws StoreError; what goes wrong later is an error of the stream
   */
  async open(sql: string, bindings: Bindings = {}, options: QueryOptions = {}): Promise<Readable> {
    try {
      const parameters = this.#parameters(sql, bindings, options, {});
      const { stream } = await this.#reach(({ read }) => read.exec(inBody({ ...parameters, query_id: randomUUID() })));
      return stream;
    } catch (error) {
      throw toStoreError(error, options.signal);
    }
  }

  /**
   * The rows of a question in chunks as they come, for what is too long for `rows`. Leaving the loop ends the query.
   * @throws StoreError
   */
  async *stream<T>(sql: string, bindings: Bindings = {}, options: QueryOptions = {}): AsyncGenerator<T[]> {
    const { signal } = options;
    const queryId = randomUUID();
    let finished = false;
    try {
      const result = await this.#ask(sql, bindings, options, {}, queryId);
      // The client forgets our signal as soon as the headers are there.
      const close = () => result.close();
      signal?.addEventListener("abort", close, { once: true });
      try {
        for await (const chunk of result.stream<T>()) yield chunk.map((row) => row.json());
        finished = true;
      } finally {
        signal?.removeEventListener("abort", close);
        if (!finished) result.close();
      }
      signal?.throwIfAborted();
    } catch (error) {
      throw toStoreError(error, signal);
    } finally {
      if (!finished || signal?.aborted) await this.kill(queryId);
    }
  }

  /**
   * A statement without an answer: DDL, INSERT … SELECT. `bare` leaves the database out (it may not exist yet), `whileHeld` is for
   * whoever holds the others back.
   * @throws StoreError
   */
  async command(
    sql: string,
    bindings: Bindings = {},
    options: { settings?: ClickHouseSettings; bare?: boolean; whileHeld?: boolean } = {},
  ): Promise<void> {
    const send = () =>
      this.#reach(async (pools) => {
        const clickhouse_settings = { ...this.#config.settings, wait_end_of_query: 1 as const, ...options.settings };
        const statement = inBody({ ...inPieces(sql, bindings), clickhouse_settings });
        const { stream } = await (options.bare ? pools.bare : pools.write).exec(statement);
        for await (const _ of stream); // nothing is answered, but an error may come late
      });
    try {
      await (options.whileHeld ? send() : this.#gate.pass(send));
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /**
   * Inserts one body of rows. Resolves when they are stored as durably as the table promises.
   * @param columns in the order in which the format carries them
   * @param body a stream is read as ClickHouse takes it; whatever goes wrong, a part of it may be stored
   * @throws StoreError
   */
  async insert(
    table: string,
    columns: readonly string[],
    format: "Native" | "ArrowStream" | "JSONEachRow",
    body: Uint8Array | string | Readable,
    settings: ClickHouseSettings = {},
  ): Promise<void> {
    const query = `INSERT INTO ${table} (${columns.join(", ")}) FORMAT ${format}`;
    const send = async ({ write }: Pools, values: Readable) => {
      const { stream } = await write.exec({
        query,
        values,
        clickhouse_settings: { ...this.#config.settings, wait_end_of_query: 1, async_insert: 0, ...settings },
      });
      for await (const _ of stream); // nothing is answered, but an error may come late
    };
    const parts = typeof body === "string" ? Buffer.from(body) : body;
    const sendParts = async () => {
      // What was read can't be sent a second time.
      if (parts instanceof Readable) await send(await this.#pools(this.#config.waitForEngineMs), parts);
      else await this.#reach((pools) => send(pools, Readable.from([parts], { objectMode: false })));
    };
    try {
      await this.#gate.pass(sendParts);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** Ends a query that runs under this id. Best effort: the query has its time limit anyway. */
  async kill(queryId: string): Promise<void> {
    try {
      const { control } = await this.#pools(0);
      await control.command({ query: "KILL QUERY WHERE query_id = {id:String} ASYNC", query_params: { id: queryId } });
    } catch (error) {
      this.#logger.debug({ err: toStoreError(error), queryId }, "a query could not be cancelled");
    }
  }

  /** Lets go of all connections. To be called before the engine is stopped. */
  async close(): Promise<void> {
    this.#closed = true;
    await closeAll(this.#current?.pools);
    this.#current = null;
  }

  async #read<T>(
    sql: string,
    bindings: Bindings,
    options: QueryOptions,
    settings: ClickHouseSettings,
    take: (result: ResultSet<"JSONEachRow">) => Promise<T>,
  ): Promise<T> {
    const queryId = randomUUID();
    try {
      return await take(await this.#ask(sql, bindings, options, settings, queryId));
    } catch (error) {
      throw await this.#failed(error, options.signal, queryId);
    }
  }

  async #failed(error: unknown, signal: AbortSignal | undefined, queryId: string): Promise<StoreError> {
    const translated = toStoreError(error, signal);
    // The connection is gone, but the query may run on.
    if (translated.code === "STORE_ABORTED" || translated.code === "STORE_TIMEOUT") await this.kill(queryId);
    return translated;
  }

  async #ask(
    sql: string,
    bindings: Bindings,
    options: QueryOptions,
    more: ClickHouseSettings,
    queryId: string,
  ): Promise<ResultSet<"JSONEachRow">> {
    options.signal?.throwIfAborted();
    const parameters = this.#parameters(sql, bindings, options, more);
    return this.#reach(({ read }, again) => read.query({ ...parameters, query_id: queryId + again, format: "JSONEachRow" }));
  }

  /** Of any question: read-only, within its limits, in our forms of numbers and times. */
  #parameters(sql: string, bindings: Bindings, { signal, limits: own, settings }: QueryOptions, more: ClickHouseSettings) {
    const limits = { ...this.#config.limits, ...own };
    const clickhouse_settings: ClickHouseSettings = {
      output_format_json_quote_64bit_integers: 1,
      ...this.#config.settings,
      ...settings,
      ...more,
      // 2 and not 1: settings may still be given with the query. It also lets a closed connection cancel it (see below).
      readonly: "2",
      cancel_http_readonly_queries_on_client_close: 1,
      max_execution_time: Math.min(limits.maxExecutionMs, longestReadMs) / 1000,
      max_memory_usage: String(limits.maxMemoryBytes),
      max_rows_to_read: String(limits.maxRowsToRead),
      max_result_rows: String(limits.maxResultRows ?? 0),
      result_overflow_mode: "throw",
      date_time_output_format: "iso",
      session_timezone: "UTC",
    };
    return { ...inPieces(sql, bindings), ...(signal ? { abort_signal: signal } : {}), clickhouse_settings };
  }

  /**
   * Once more on another connection when this one was closed under it (a server closes what is idle just when we use it again), or at
   * the next of several nodes when one is gone: nothing that is said here does harm when said twice.
   * @param use `again`: the first attempt may still run, so the second one needs an id of its own
   */
  async #reach<T>(use: (pools: Pools, again: "" | "-again") => Promise<T>): Promise<T> {
    const pools = await this.#pools(this.#config.waitForEngineMs);
    const endpoint = this.#current?.endpoint;
    try {
      return await use(pools, "");
    } catch (error) {
      const isElsewhere = endpoint !== undefined && isUnreachable(error) && this.#source.lost?.(endpoint);
      if (!isElsewhere && !isReset(error)) throw error;
      return use(await this.#pools(this.#config.waitForEngineMs), "-again");
    }
  }

  async #pools(waitMs: number): Promise<Pools> {
    if (this.#closed) throw unavailable("The store is closed");
    const endpoint = await this.#source.endpoint(waitMs);
    if (endpoint === null) throw unavailable("The embedded engine is not running; it is started again by itself");
    if (this.#current?.endpoint !== endpoint) {
      const old = this.#current;
      this.#current = { endpoint, pools: this.#connect(endpoint) };
      // Their engine is dead, and with it every request that they carry.
      closeAll(old?.pools).catch((error: unknown) => this.#logger.debug({ err: error }, "closing old connections"));
    }
    return this.#current.pools;
  }

  /** Pools of their own, so that slow questions never hold up an insert, nor a cancellation. */
  #connect({ url, username, password, headers }: Endpoint): Pools {
    const { database, limits, maxConnections, writeTimeoutMs } = this.#config;
    const common = {
      url,
      username,
      password,
      http_headers: { ...headers },
      application: "flowtrail",
      // Under load our own timers come late, too: what was idle for too long is looked at before it is used.
      keep_alive: { enabled: true, eagerly_destroy_stale_sockets: true },
      // What is too long for a URL is sent as a form.
      use_multipart_params_auto: true,
      // Errors reach the caller, who logs them without the text of the query.
      log: { level: ClickHouseLogLevel.OFF },
    };
    const readTimeoutMs = Math.max(limits.maxExecutionMs, longestReadMs) + readTimeoutMarginMs;
    return {
      read: createClient({ ...common, database, max_open_connections: maxConnections.read, request_timeout: readTimeoutMs }),
      write: createClient({ ...common, database, max_open_connections: maxConnections.write, request_timeout: writeTimeoutMs }),
      control: createClient({ ...common, max_open_connections: 2, request_timeout: 10_000 }),
      bare: createClient({ ...common, max_open_connections: 2, request_timeout: 10_000 }),
    };
  }
}

/** ClickHouse tells it in a header, which is complete when the answer is (`wait_end_of_query`). */
function readSummary(headers: Readonly<Record<string, unknown>>): { rowsRead: number; rows: number; tookMs: number } {
  const summary: unknown = JSON.parse(String(headers["x-clickhouse-summary"] ?? "{}"));
  const { read_rows = 0, result_rows = 0, elapsed_ns = 0 } = summary as Partial<Record<string, string>>;
  return { rowsRead: Number(read_rows), rows: Number(result_rows), tookMs: Number(elapsed_ns) / 1e6 };
}

async function closeAll(pools: Pools | undefined): Promise<void> {
  if (pools) await Promise.all(Object.values(pools).map((client) => client.close()));
}
