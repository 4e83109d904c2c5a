/** Rows of Netmaker's table in ClickHouse, older ones first, as a stream: hour by hour of `version`, by which it is partitioned. */

import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import type { TimeRange } from "@flowtrail/model";
import { toStoreError } from "../store/errors.ts";
import type { RowsRead } from "./rest.ts";

export interface TableOptions {
  readonly url: string;
  readonly database: string;
  readonly table: string;
  readonly user: string;
  readonly password: string;
}

const SLICE_MS = 3_600_000;
/** Rows that are handed over at once. */
const ROWS = 10_000;
const TIMEOUT_MS = 600_000;
const SETTINGS = { date_time_output_format: "iso", output_format_json_quote_64bit_integers: 1 } as const;

export class NetmakerTable {
  readonly #client: ClickHouseClient;
  readonly #table: string;

  constructor({ url, database, table, user, password }: TableOptions) {
    this.#client = createClient({
      url,
      database,
      username: user,
      password,
      request_timeout: TIMEOUT_MS,
      log: { level: ClickHouseLogLevel.OFF },
    });
    this.#table = `\`${table.replaceAll("`", "")}\``;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /**
   * How many rows there are in a range, and from when to when.
   * @throws StoreError
   */
  async extent(range: TimeRange): Promise<{ readonly rows: number; readonly range: TimeRange }> {
    const sql =
      `SELECT toString(count()) AS n, toString(toUnixTimestamp64Milli(min(version))) AS lo, toString(toUnixTimestamp64Milli(max(version))) AS hi ` +
      `FROM ${this.#table} WHERE ${WHERE}`;
    const [row] = await this.#asked(async () => {
      const result = await this.#client.query({ query: sql, query_params: bounds(range), format: "JSONEachRow" });
      return result.json<{ n: string; lo: string; hi: string }>();
    });
    const rows = Number(row?.n ?? 0);
    if (rows === 0) return { rows, range: { fromMs: range.toMs, toMs: range.toMs } };
    return { rows, range: { fromMs: Number(row?.lo), toMs: Number(row?.hi) + 1 } };
  }

  /** @throws StoreError */
  async *read(range: TimeRange, network: string | undefined, signal: AbortSignal): AsyncGenerator<RowsRead> {
    for (let fromMs = range.fromMs; fromMs < range.toMs; fromMs += SLICE_MS) {
      const toMs = Math.min(fromMs + SLICE_MS, range.toMs);
      let waiting: unknown[] = [];
      const stream = await this.#asked(() => this.#stream({ fromMs, toMs }, network, signal));
      try {
        for await (const part of stream) {
          for (const row of part) waiting.push(row.json());
          for (; waiting.length >= ROWS; waiting = waiting.slice(ROWS)) yield { rows: waiting.slice(0, ROWS), doneToMs: null };
        }
      } catch (error) {
        throw toStoreError(error, signal);
      }
      yield { rows: waiting, doneToMs: toMs };
    }
  }

  async #stream(range: TimeRange, network: string | undefined, signal: AbortSignal) {
    const of = network === undefined ? "" : " AND network_id = {network:String}";
    const result = await this.#client.query({
      // All columns: a table that 1.4 made has fewer of them.
      query: `SELECT * FROM ${this.#table} WHERE ${WHERE}${of} ORDER BY version, host_id, flow_id`,
      query_params: { ...bounds(range), ...(network === undefined ? {} : { network }) },
      format: "JSONEachRow",
      clickhouse_settings: SETTINGS,
      abort_signal: signal,
    });
    return result.stream();
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw toStoreError(error);
    }
  }
}

const WHERE =
  "version >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND version < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";
const bounds = ({ fromMs, toMs }: TimeRange) => ({ from: fromMs, to: toMs });
