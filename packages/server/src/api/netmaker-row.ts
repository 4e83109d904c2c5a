/** A row of ours as Netmaker tells it. */
import { domainEnd, type FlowJson } from "@flowtrail/model";
import type { NetmakerRow, NetmakerType } from "./netmaker-schemas.ts";

/** How Netmaker's rows say that there is none yet. */
const NO_TIME = new Date(0).toISOString();

export function netmakerRow(flow: FlowJson): NetmakerRow {
  const isOut = flow.direction === "egress";
  const source = endOf(flow, "src");
  const destination = endOf(flow, "dst");
  return {
    flow_id: String(flow.flow_id),
    host_id: flow.reporter_id,
    host_name: flow.reporter,
    network_id: flow.network,
    protocol: flow.protocol,
    src_port: flow.src_port ?? 0,
    dst_port: flow.dst_port ?? 0,
    icmp_type: flow.icmp_type ?? 0,
    icmp_code: flow.icmp_code ?? 0,
    direction: flow.direction,
    src_ip: flow.src_ip,
    src_type: source.type,
    src_entity_id: source.id,
    src_entity_name: source.name,
    dst_ip: flow.dst_ip,
    dst_type: destination.type,
    dst_entity_id: destination.id,
    dst_entity_name: destination.name,
    start_ts: flow.start,
    end_ts: flow.end ?? (flow.state === "open" ? NO_TIME : flow.last_seen),
    bytes_sent: count(isOut ? flow.src_bytes : flow.dst_bytes),
    bytes_recv: count(isOut ? flow.dst_bytes : flow.src_bytes),
    packets_sent: count(isOut ? flow.src_packets : flow.dst_packets),
    packets_recv: count(isOut ? flow.dst_packets : flow.src_packets),
    status: flow.ct_status ?? 0,
    version: flow.received ?? flow.last_seen,
  };
}

/** Unknown is 0 there. Above 2^53 the last digits are lost: readers of Netmaker's rows expect a number. */
const count = (value: number | string | null) => Number(value ?? 0);

/** Of an external end, id and name are its domain. */
function endOf(flow: FlowJson, end: "src" | "dst"): { type: NetmakerType; id: string; name: string } {
  const type = end === "src" ? flow.src_type : flow.dst_type;
  const id = (end === "src" ? flow.src_id : flow.dst_id) ?? "";
  const name = (end === "src" ? flow.src_name : flow.dst_name) ?? "";
  if (type !== "external" && type !== "unknown") return { type, id, name };
  const domain = domainEnd(flow.src_type, flow.dst_type) === end ? (flow.domain ?? "") : "";
  return { type: "external", id: domain === "" ? id : domain, name: domain === "" ? name : domain };
}
