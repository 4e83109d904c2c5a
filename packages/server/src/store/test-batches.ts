/** Batches for tests: every column that must be filled is, the rest as asked. */
import { addJsonRow, FlowBatch, type JsonRow, STORED_COLUMNS } from "@flowtrail/model";

/** A row as the server hands it to the store, every value by its name in JSON. */
export type FlowRow = Record<string, unknown>;

const noon = Date.UTC(2026, 10, 20, 12);
export const baseRow: FlowRow = {
  flow_id: "1",
  revision: 0,
  reporter_id: "node-1",
  reporter: "debian",
  reporter_type: "agent",
  network: "netmaker",
  direction: "egress",
  role: "initiator",
  protocol: 6,
  src_ip: "100.102.137.9",
  dst_ip: "100.102.137.4",
  src_port: 44006,
  dst_port: 443,
  src_bytes: 60,
  dst_bytes: 40,
  src_packets: 1,
  dst_packets: 1,
  start: noon,
  last_seen: noon + 100,
  received: noon + 300,
  state: "open",
  src_type: "node",
  dst_type: "node",
  primary: true,
  rank: 1,
};

/** Also fills the columns that only the server knows, which `addJsonRow` takes from nobody. */
export function batchOf(rows: readonly FlowRow[]): FlowBatch {
  const batch = new FlowBatch(Math.max(rows.length, 1));
  for (const given of rows) {
    const row = { ...baseRow, ...given };
    const error = addJsonRow(batch, row as JsonRow);
    if (error) throw new TypeError(`${error.column}: ${error.message}`);
    const at = batch.length - 1;
    for (const { name, by } of STORED_COLUMNS) {
      const value = row[name];
      if (by === "server" && value !== undefined && value !== null) {
        (batch.column(name) as { set(row: number, value: unknown): void }).set(at, value);
      }
    }
  }
  return batch;
}
