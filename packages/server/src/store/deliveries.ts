/** What is noted about each delivery of an agent or another sender, beside its rows. */
import type { ClickHouse } from "./clickhouse.ts";
import { AGENT_BATCHES, FLOWS_REJECTED } from "./schema/other-tables.ts";

/** One stored batch: the agent's coverage, losses and health at that moment. */
export interface Delivery {
  readonly reporterId: string;
  readonly reporter: string;
  /** Of `Flowtrail-Batch: <epoch>-<sequence>[.part]`. */
  readonly epoch: string;
  readonly sequence: number;
  readonly part: string;
  readonly receivedMs: number;
  readonly rows: number;
  readonly rejected: number;
  readonly coveredFromMs: number | null;
  readonly coveredToMs: number | null;
  readonly spoolBatches: number;
  readonly spoolBytes: number;
  /** Since the batch before, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
  /** The agent's clock minus ours; null when it did not tell. */
  readonly clockSkewMs: number | null;
  readonly agentVersion: string;
  /** By network id. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
}

/** A row that was refused. */
export interface DeadLetter {
  readonly receivedMs: number;
  readonly reporterId: string;
  /** Which upload it was in, such as the text of `Flowtrail-Batch`. With the row's number it names the letter. */
  readonly batch: string;
  readonly row: number;
  readonly code: string;
  readonly message: string;
  /** What was sent, as far as it could be read. */
  readonly json: string;
}

const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
const settings = { date_time_input_format: "best_effort" } as const;

/** @throws StoreError */
export async function insertDeliveries(clickhouse: ClickHouse, deliveries: readonly Delivery[]): Promise<void> {
  const rows = deliveries.map((d) => ({
    received: time(d.receivedMs),
    reporter_id: d.reporterId,
    reporter: d.reporter,
    epoch: d.epoch,
    sequence: d.sequence,
    part: d.part,
    rows: d.rows,
    rejected: d.rejected,
    covered_from: time(d.coveredFromMs),
    covered_to: time(d.coveredToMs),
    spool_batches: d.spoolBatches,
    spool_bytes: d.spoolBytes,
    drops: d.drops,
    gauges: d.gauges,
    clock_skew_ms: d.clockSkewMs === null ? null : Math.round(d.clockSkewMs),
    agent_version: d.agentVersion,
    addresses: d.addresses,
  }));
  await insertObjects(clickhouse, AGENT_BATCHES.name, rows);
}

/** @throws StoreError */
export async function insertDeadLetters(clickhouse: ClickHouse, letters: readonly DeadLetter[]): Promise<void> {
  const rows = letters.map(({ receivedMs, reporterId, batch, row, code, message, json }) => ({
    received: time(receivedMs),
    reporter_id: reporterId,
    batch,
    row_number: row,
    code,
    message,
    json,
  }));
  await insertObjects(clickhouse, FLOWS_REJECTED.name, rows);
}

/** Inserts a few objects whose names are the table's. */
export async function insertObjects(clickhouse: ClickHouse, table: string, rows: readonly object[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const body = rows.map((row) => JSON.stringify(row)).join("\n");
  await clickhouse.insert(table, Object.keys(first), "JSONEachRow", body, settings);
}
