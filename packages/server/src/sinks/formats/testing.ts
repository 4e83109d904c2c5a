/** Events for tests. */
import type { FlowJson } from "@flowtrail/model";
import type { SinkEvent } from "../ports.ts";

/** A user reads a page of the internet through a gateway, which masquerades. */
export const FLOW: FlowJson = {
  flow_id: "912345678901234567",
  revision: 3,
  reporter_id: "n-1",
  reporter: "inetgw",
  reporter_type: "agent",
  network: "netmaker",
  direction: "ingress",
  role: "forwarder",
  protocol: 6,
  src_ip: "100.102.137.21",
  dst_ip: "203.0.113.10",
  src_port: 38532,
  dst_port: 443,
  icmp_type: null,
  icmp_code: null,
  icmp_id: null,
  nat_src_ip: "192.0.2.7",
  nat_src_port: 40001,
  nat_dst_ip: null,
  nat_dst_port: null,
  src_bytes: 2417,
  dst_bytes: 4127,
  src_packets: 12,
  dst_packets: 10,
  src_bytes_delta: null,
  dst_bytes_delta: null,
  src_packets_delta: null,
  dst_packets_delta: null,
  since: null,
  counters_final: true,
  estimated: false,
  start_exact: true,
  start: "2026-11-22T09:50:40.000Z",
  last_seen: "2026-11-22T09:50:52.250Z",
  end: "2026-11-22T09:50:52.250Z",
  received: "2026-11-22T09:50:53.001Z",
  state: "closed",
  end_reason: "finished",
  verdict: "answered",
  ct_status: 398,
  rule: null,
  src_type: "user",
  src_id: "u-ana",
  src_name: "ana@example.com",
  src_device: "laptop",
  src_by: "inventory",
  dst_type: "external",
  dst_id: null,
  dst_name: null,
  dst_device: null,
  dst_by: null,
  domain: "www.example.com",
  domain_source: "sni",
  app: "h2",
  process: null,
  uid: null,
  primary: true,
  rank: 2,
};

/** Packets that a firewall dropped. */
export const DENIED: Partial<FlowJson> = {
  flow_id: "912345678901234568",
  verdict: "denied",
  rule: "flowtrail-drop: ",
  dst_bytes: null,
  dst_packets: null,
  src_bytes: 180,
  src_packets: 3,
  nat_src_ip: null,
  nat_src_port: null,
  domain: null,
  domain_source: null,
  app: null,
  end_reason: null,
  ct_status: null,
};

export function event(change: Partial<FlowJson> = {}, about: Partial<Omit<SinkEvent, "flow">> = {}): SinkEvent {
  const flow = { ...FLOW, ...change };
  const kind = about.kind ?? "ended";
  const id = `${flow.reporter_id}.${flow.flow_id}.${kind}`;
  return { id, kind, version: "768", revised: false, storedMs: Date.parse(flow.received), ...about, flow };
}
