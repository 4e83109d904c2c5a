/** What a test of a sink sends: a record that says what it is, of addresses that are nobody's (RFC 5737). */
import type { JsonRow } from "@flowtrail/model";
import { FLOW_COLUMNS } from "../store/schema/flow-tables.ts";
import type { SinkEvent } from "./ports.ts";

const NAME = "flowtrail-test";

export function sampleEvent(nowMs: number): SinkEvent {
  const at = new Date(nowMs).toISOString();
  const flowId = String(BigInt(nowMs - Date.UTC(2020, 0, 1)) << 22n);
  const known: JsonRow = {
    flow_id: flowId,
    revision: 0,
    reporter_id: NAME,
    reporter: NAME,
    reporter_type: "agent",
    network: NAME,
    direction: "egress",
    role: "initiator",
    protocol: 6,
    src_ip: "192.0.2.1",
    dst_ip: "198.51.100.1",
    src_port: 49_152,
    dst_port: 443,
    src_bytes: 60,
    dst_bytes: 40,
    src_packets: 1,
    dst_packets: 1,
    counters_final: true,
    estimated: false,
    start_exact: true,
    start: at,
    last_seen: at,
    end: at,
    received: at,
    state: "closed",
    end_reason: "finished",
    verdict: "answered",
    src_type: "node",
    src_name: NAME,
    dst_type: "external",
    primary: true,
    rank: 1,
  };
  const flow: JsonRow = {};
  for (const { name } of FLOW_COLUMNS) flow[name] = known[name] ?? null;
  return { id: `${NAME}-${flowId}-ended`, kind: "ended", version: "0", revised: false, storedMs: nowMs, flow };
}
