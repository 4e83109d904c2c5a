/** The words and figures of a row, apart from how they are drawn. */
import {
  type FlowJson,
  formatBytes,
  formatDuration,
  formatExactBytes,
  icmpTypeName,
  isIcmp,
  protocolName,
  serviceName,
} from "@flowtrail/model";
import type { ReportsView } from "./query.ts";

type Bytes = number | string | null;

/** `100.102.137.9:44006`, `[fd00::9]:44006`, or the address alone where there is no port. */
export function endpointText(ip: string, port: number | null): string {
  if (port === null) return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export interface EndText {
  readonly main: string;
  /** What `main` is, in the filter language behind `src.` or `dst.`. */
  readonly field: "domain" | "name" | "ip";
  /** Beside the name: a user's device, the route that a named host is behind. */
  readonly extra: string | null;
  readonly endpoint: string;
}

/** Who is at an end: the domain before all else outside of the network, the name within it, the address where nobody is known. */
export function endText(flow: FlowJson, end: "src" | "dst"): EndText {
  const endpoint = endpointText(flow[`${end}_ip`], flow[`${end}_port`]);
  const type = flow[`${end}_type`];
  const name = flow[`${end}_name`] || null;
  const outside = type === "external" || type === "egress_route";
  // The domain is what the client asked for, so it is the destination's.
  const domain = end === "dst" && outside ? flow.domain || null : null;
  if (domain !== null) return { main: domain, field: "domain", extra: type === "egress_route" ? name : null, endpoint };
  const field = name === null ? "ip" : "name";
  return { main: name ?? flow[`${end}_ip`], field, extra: flow[`${end}_device`] || null, endpoint };
}

/** `TCP 443` over `https`; `ICMP` over `echo request`. */
export function protocolText(flow: FlowJson): { main: string; below: string } {
  const name = protocolName(flow.protocol);
  if (isIcmp(flow.protocol)) {
    const type = icmpTypeName(flow.protocol, flow.icmp_type);
    return { main: name, below: type ?? (flow.icmp_type === null ? "" : `type ${flow.icmp_type}`) };
  }
  const port = flow.dst_port === null ? "" : ` ${flow.dst_port}`;
  return { main: `${name}${port}`, below: serviceName(flow.protocol, flow.dst_port) ?? "" };
}

export function directionLabel(direction: FlowJson["direction"]): string {
  return direction === "ingress" ? "Inbound" : "Outbound";
}

export interface Volume {
  readonly sign: "↓" | "↑" | "→" | "←";
  readonly bytes: Bytes;
  readonly meaning: string;
}

/** What the reporter received and sent. Inbound, the source's bytes come in; Outbound, they go out. */
export function reporterVolumes(flow: FlowJson): { received: Bytes; sent: Bytes } {
  return flow.direction === "ingress"
    ? { received: flow.src_bytes, sent: flow.dst_bytes }
    : { received: flow.dst_bytes, sent: flow.src_bytes };
}

/** The two lines of the Traffic column: a report is seen from its node, a connection from its two ends. */
export function volumes(flow: FlowJson, view: ReportsView): readonly [Volume, Volume] {
  if (view === "merged") {
    return [
      { sign: "→", bytes: flow.src_bytes, meaning: "sent by the source" },
      { sign: "←", bytes: flow.dst_bytes, meaning: "sent by the destination" },
    ];
  }
  const { received, sent } = reporterVolumes(flow);
  return [
    { sign: "↓", bytes: received, meaning: `received by ${flow.reporter}` },
    { sign: "↑", bytes: sent, meaning: `sent by ${flow.reporter}` },
  ];
}

/** `60 B`; a dash where it is not known, which is not zero. */
export function bytesText(bytes: Bytes): string {
  return bytes === null ? "–" : formatBytes(BigInt(bytes));
}

export function exactBytesText(bytes: Bytes): string {
  return bytes === null ? "not known" : formatExactBytes(BigInt(bytes));
}

/** `debian sent 60 bytes and received 40 bytes`, of the source, whoever reports. */
export function volumeTip(flow: FlowJson): string {
  const { main } = endText(flow, "src");
  return `${main} sent ${exactBytesText(flow.src_bytes)} and received ${exactBytesText(flow.dst_bytes)}`;
}

/** How long it lived, or has lived so far. */
function durationMs(flow: FlowJson): number {
  return Math.max(0, Date.parse(flow.end ?? flow.last_seen) - Date.parse(flow.start));
}

export function durationText(flow: FlowJson): string {
  return formatDuration(durationMs(flow));
}
