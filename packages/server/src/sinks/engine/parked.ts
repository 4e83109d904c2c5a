/** Records that a sink's endpoint refuses for good. Only their keys are kept, with the reason: what is erased is not kept here. */
import type { ClickHouse } from "../../store/clickhouse.ts";
import { insertObjects } from "../../store/deliveries.ts";
import { SINK_PARKED } from "../../store/schema/sink-tables.ts";
import type { EventKind } from "../ports.ts";
import type { Parkable } from "./deliver.ts";

export interface Parked {
  readonly sink: string;
  readonly event: string;
  readonly kind: EventKind;
  readonly startMs: number;
  readonly flowId: string;
  readonly reporterId: string;
  readonly parkedMs: number;
  readonly attempts: number;
  readonly reason: string;
  readonly message: string;
}

export interface ParkedCount {
  readonly sink: string;
  readonly reason: string;
  readonly records: number;
}

type State = "parked" | "retry" | "gone";

interface Row {
  readonly sink: string;
  readonly event: string;
  readonly version: string;
  readonly kind: EventKind;
  readonly start_ms: string;
  readonly flow_id: string;
  readonly reporter_id: string;
  readonly parked_ms: string;
  readonly attempts: number;
  readonly reason: string;
  readonly message: string;
}

const COLUMNS = `sink, event, version, kind, toUnixTimestamp64Milli(start) AS start_ms, flow_id, reporter_id,
  toUnixTimestamp64Milli(parked) AS parked_ms, attempts, reason, message`;

export class ParkedRecords {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert" | "command">;
  readonly #now: () => number;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert" | "command">, deps: { readonly now: () => number }) {
    this.#clickhouse = clickhouse;
    this.#now = deps.now;
  }

  /** Resolves when it is durable. @throws StoreError */
  async park(sink: string, refused: readonly Parkable[], attempts: ReadonlyMap<string, number> = new Map()): Promise<void> {
    const parked = new Date(this.#now()).toISOString();
    const rows = refused.map(({ event, reason, message }) => ({
      sink,
      event: event.id,
      version: String(this.#now()),
      parked,
      start: String(event.flow.start),
      flow_id: String(event.flow.flow_id),
      reporter_id: String(event.flow.reporter_id),
      kind: event.kind,
      attempts: (attempts.get(event.id) ?? 0) + 1,
      reason,
      message: message.slice(0, 500),
      state: "parked" satisfies State,
    }));
    await insertObjects(this.#clickhouse, SINK_PARKED.name, rows);
  }

  /** @throws StoreError */
  async counts(): Promise<ParkedCount[]> {
    const rows = await this.#clickhouse.rows<{ sink: string; reason: string; n: string }>(
      `SELECT sink, reason, count() AS n FROM ${SINK_PARKED.name} FINAL WHERE state != 'gone' GROUP BY sink, reason ORDER BY sink, n DESC`,
    );
    return rows.map(({ sink, reason, n }) => ({ sink, reason, records: Number(n) }));
  }

  /** Newest first. @throws StoreError */
  list(sink: string, limit: number): Promise<Parked[]> {
    return this.#rows(`sink = {sink:String} AND state != 'gone' ORDER BY parked DESC, event LIMIT {limit:UInt32}`, {
      sink,
      limit,
    });
  }

  /** Those that somebody wants to be sent again. @throws StoreError */
  toRetry(sink: string, limit: number): Promise<Parked[]> {
    return this.#rows(`sink = {sink:String} AND state = 'retry' ORDER BY event LIMIT {limit:UInt32}`, { sink, limit });
  }

  /** @param which left out: all of the sink. @throws StoreError */
  async set(
    sink: string,
    state: State,
    which: { readonly events?: readonly string[]; readonly reason?: string } = {},
  ): Promise<void> {
    const { events, reason } = which;
    const where = [
      "sink = {sink:String} AND state != 'gone'",
      ...(events === undefined ? [] : ["event IN {events:Array(String)}"]),
      ...(reason === undefined ? [] : ["reason = {reason:String}"]),
    ].join(" AND ");
    const columns = SINK_PARKED.columns.map(({ name }) => name);
    // By position: an alias would stand for the column in WHERE, too.
    const values = columns.map((name) =>
      name === "version" ? "greatest({version:UInt64}, version + 1)" : name === "state" ? "{state:String}" : name,
    );
    await this.#clickhouse.command(
      `INSERT INTO ${SINK_PARKED.name} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM ${SINK_PARKED.name} FINAL WHERE ${where}`,
      { sink, state, events: events ?? [], reason: reason ?? "", version: String(this.#now()) },
    );
  }

  async #rows(where: string, bindings: Record<string, unknown>): Promise<Parked[]> {
    const rows = await this.#clickhouse.rows<Row>(`SELECT ${COLUMNS} FROM ${SINK_PARKED.name} FINAL WHERE ${where}`, bindings);
    return rows.map((row) => ({
      sink: row.sink,
      event: row.event,
      kind: row.kind,
      startMs: Number(row.start_ms),
      flowId: row.flow_id,
      reporterId: row.reporter_id,
      parkedMs: Number(row.parked_ms),
      attempts: row.attempts,
      reason: row.reason,
      message: row.message,
    }));
  }
}
