/** The outbox of recipients as the store keeps it. */
import type { Notice, NoticeState } from "../recipients/notice.ts";
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { NOTICES, NOTICES_KEPT_DAYS } from "./schema/notice-table.ts";

/** How it is with what one recipient is told. */
export interface NoticeCounts {
  readonly recipient: string;
  readonly waiting: number;
  readonly parked: number;
  readonly sentMs: number | null;
  readonly failedMs: number | null;
  readonly error: string;
}

interface Row {
  readonly recipient: string;
  readonly id: string;
  readonly version: string;
  readonly created_ms: string;
  readonly place: string;
  readonly state: NoticeState;
  readonly attempts: number;
  readonly attempted_ms: string;
  readonly next_ms: string;
  readonly failed_ms: string;
  readonly error: string;
  readonly event: string;
}

const COLUMNS = `recipient, id, version, toUnixTimestamp64Milli(created) AS created_ms, place, state, attempts,
  toUnixTimestamp64Milli(attempted) AS attempted_ms, toUnixTimestamp64Milli(next) AS next_ms, toUnixTimestamp64Milli(failed) AS failed_ms, error, event`;
/** A day less than they are kept: a version may be deleted a little before the one that it replaced. */
const KEPT = `created > now64(3, 'UTC') - INTERVAL ${NOTICES_KEPT_DAYS - 1} DAY`;
const MAX_LISTED = 1000;
const NEVER = new Date(0).toISOString();

const iso = (ms: number | null) => (ms === null ? NEVER : new Date(ms).toISOString());
const ms = (text: string) => (Number(text) === 0 ? null : Number(text));

export class NoticesLog {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;
  readonly #now: () => number;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">, deps: { readonly now: () => number }) {
    this.#clickhouse = clickhouse;
    this.#now = deps.now;
  }

  /** Resolves when it is durable. What is there in the same or a higher version stays. @throws StoreError */
  async write(notices: readonly Notice[]): Promise<void> {
    const changed = iso(this.#now());
    const rows = notices.map(
      ({ recipient, id, version, createdMs, place, state, attempts, triedMs, nextMs, error, failedMs, event }) => ({
        recipient,
        id,
        version,
        created: iso(createdMs),
        place,
        changed,
        state,
        attempts,
        attempted: iso(triedMs),
        next: iso(nextMs),
        failed: iso(failedMs),
        error,
        event: state === "sent" || state === "dropped" ? "" : JSON.stringify(event),
      }),
    );
    await insertObjects(this.#clickhouse, NOTICES.name, rows);
  }

  /** The first of each recipient, in their order. @throws StoreError */
  waiting(perRecipient: number): Promise<Notice[]> {
    return this.#read("state = 'waiting' ORDER BY recipient, place, id LIMIT {limit:UInt32} BY recipient", {
      limit: perRecipient,
    });
  }

  /** What one recipient was not told, newest first. @throws StoreError */
  undelivered(recipient: string): Promise<Notice[]> {
    const sql = `recipient = {recipient:String} AND state IN ('waiting', 'parked') ORDER BY place DESC, id LIMIT ${MAX_LISTED}`;
    return this.#read(sql, { recipient });
  }

  /** Null: it was told, was dropped, or is too old. @throws StoreError */
  async find(recipient: string, id: string): Promise<Notice | null> {
    const sql = "recipient = {recipient:String} AND id = {id:String} AND state IN ('waiting', 'parked')";
    const [notice = null] = await this.#read(sql, { recipient, id });
    return notice;
  }

  /** Which of these are there already, in whatever state. @throws StoreError */
  async known(recipient: readonly string[], ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#clickhouse.rows<{ id: string }>(
      `SELECT DISTINCT id FROM ${NOTICES.name} WHERE recipient IN {recipient:Array(String)} AND id IN {ids:Array(String)}`,
      { recipient, ids },
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** @throws StoreError */
  async counts(): Promise<NoticeCounts[]> {
    const rows = await this.#clickhouse.rows<
      Readonly<Record<"recipient" | "waiting" | "parked" | "sent_ms" | "failed_ms" | "error", string>>
    >(
      `SELECT recipient, countIf(state = 'waiting') AS waiting, countIf(state = 'parked') AS parked,
         toUnixTimestamp64Milli(maxIf(changed, state = 'sent')) AS sent_ms, toUnixTimestamp64Milli(max(failed)) AS failed_ms, argMax(error, failed) AS error
       FROM (SELECT recipient, state, changed, failed, error, created FROM ${NOTICES.name} FINAL) WHERE ${KEPT} GROUP BY recipient`,
    );
    return rows.map(({ recipient, waiting, parked, sent_ms, failed_ms, error }) => ({
      recipient,
      waiting: Number(waiting),
      parked: Number(parked),
      sentMs: ms(sent_ms),
      failedMs: ms(failed_ms),
      error,
    }));
  }

  async #read(where: string, bindings: Readonly<Record<string, unknown>>): Promise<Notice[]> {
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT ${COLUMNS} FROM ${NOTICES.name} FINAL WHERE ${KEPT} AND ${where}`,
      bindings,
    );
    return rows.map((row) => ({
      recipient: row.recipient,
      id: row.id,
      version: Number(row.version),
      place: Number(row.place),
      createdMs: Number(row.created_ms),
      state: row.state,
      attempts: row.attempts,
      triedMs: ms(row.attempted_ms),
      nextMs: Number(row.next_ms),
      error: row.error,
      failedMs: ms(row.failed_ms),
      event: JSON.parse(row.event) as Notice["event"],
    }));
  }
}
