/** Rows for tests: a refused TCP attempt of debian on inetgw, to be varied. */
import { addJsonRow, FlowBatch, type JsonRow } from "@flowtrail/model";

export const AT_MS = Date.UTC(2026, 10, 22, 9, 51);

export function flowJson(change: Readonly<Record<string, unknown>> = {}, atMs = AT_MS): JsonRow {
  return {
    flow_id: "1000",
    revision: 0,
    reporter: "debian",
    network: "netmaker",
    direction: "egress",
    role: "initiator",
    protocol: 6,
    src_ip: "100.102.137.9",
    src_port: 44006,
    dst_ip: "100.102.137.4",
    dst_port: 443,
    src_bytes: 60,
    dst_bytes: 40,
    src_packets: 1,
    dst_packets: 1,
    start: new Date(atMs).toISOString(),
    last_seen: new Date(atMs + 10).toISOString(),
    end: new Date(atMs + 10).toISOString(),
    state: "closed",
    end_reason: "reset",
    verdict: "refused",
    ...change,
  } as JsonRow;
}

export function flowBatch(...changes: Readonly<Record<string, unknown>>[]): FlowBatch {
  const batch = new FlowBatch();
  for (const change of changes) {
    const problem = addJsonRow(batch, flowJson(change));
    if (problem !== null) throw new Error(`${problem.column}: ${problem.message}`);
  }
  return batch;
}
