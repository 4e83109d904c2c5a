/** What is noted about each delivery of an agent or another sender, beside its rows. */
import type { DeadLetter, Delivery } from "../receive/ports.ts";
import type { ClickHouse } from "./clickhouse.ts";
import { AGENT_BATCHES, FLOWS_REJECTED } from "./schema/other-tables.ts";

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
export async function insertObjects(
  clickhouse: Pick<ClickHouse, "insert">,
  table: string,
  rows: readonly object[],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const body = rows.map((row) => JSON.stringify(row)).join("\n");
  await clickhouse.insert(table, Object.keys(first), "JSONEachRow", body, settings);
}
