/** Says in plain words what a row of the traffic log shows. Texts hold no clock times: those are shown in the viewer's zone. */

import type { FlowJson } from "./flow-json.ts";
import { icmpTypeName, isEchoRequest, isIcmp, protocolName, SCTP, serviceName, TCP } from "./protocols.ts";
import { formatBytes, formatCount, formatDuration } from "./units.ts";

/** What of a row is looked at. */
export type ExplainedFlow = Pick<
  FlowJson,
  | "reporter"
  | "role"
  | "protocol"
  | "src_ip"
  | "dst_ip"
  | "src_port"
  | "dst_port"
  | "icmp_type"
  | "nat_src_ip"
  | "nat_src_port"
  | "nat_dst_ip"
  | "nat_dst_port"
  | "src_bytes"
  | "dst_bytes"
  | "src_packets"
  | "dst_packets"
  | "start_exact"
  | "start"
  | "last_seen"
  | "end"
  | "state"
  | "end_reason"
  | "verdict"
  | "rule"
  | "src_type"
  | "src_name"
  | "src_device"
  | "dst_type"
  | "dst_name"
  | "dst_device"
  | "domain"
>;

/** `debian tried TCP 443 (https) on inetgw: refused. debian sent 60 B and received 40 B.` */
export function explainFlow(flow: ExplainedFlow): string {
  return [whatHappened(flow), howItEnded(flow), howMuch(flow), whereReally(flow), sinceWhen(flow)]
    .filter((part) => part !== "")
    .join(" ");
}

/** Who an end is: `debian`, `ana@x on laptop`, `github.com`, `10.20.0.5 (egress route office)`. */
export function participantName(flow: ExplainedFlow, end: "src" | "dst"): string {
  const name = flow[`${end}_name`];
  const type = flow[`${end}_type`];
  const device = flow[`${end}_device`];
  const outside = type === "external" || type === "egress_route";
  // The domain is what the client asked for, so it is the destination's.
  const place = (end === "dst" && outside ? flow.domain : null) ?? flow[`${end}_ip`];
  if (type === "egress_route") return name === null ? place : `${place} (egress route ${name})`;
  if (type === "unknown") return `${place} (nobody's address)`;
  if (name === null || type === "external") return place;
  if (type === "extclient") return `config file ${name}`;
  return type === "user" && device !== null ? `${name} on ${device}` : name;
}

/** The source without what the first sentence has said about it. */
function subject(flow: ExplainedFlow): string {
  const named = flow.src_type === "node" || flow.src_type === "user" || flow.src_type === "extclient";
  return named && flow.src_name !== null ? flow.src_name : flow.src_ip;
}

function whatHappened(flow: ExplainedFlow): string {
  const src = participantName(flow, "src");
  const dst = participantName(flow, "dst");
  const through = flow.role === "forwarder" ? ` through ${flow.reporter}` : "";
  const failure = failed(flow);
  if (failure !== null) return `${src} ${tried(flow, dst)}${through}: ${failure}.`;
  if (flow.verdict === null && Number(flow.dst_packets ?? flow.dst_bytes ?? 1) === 0) {
    if (flow.state === "open") return `${src} ${trying(flow, dst)}${through}: no answer so far.`;
    return `${src} ${tried(flow, dst)}${through}: no answer was seen.`;
  }
  return `${src} ${used(flow, dst)}${through}${duration(flow)}${ending(flow)}.`;
}

function failed(flow: ExplainedFlow): string | null {
  switch (flow.verdict) {
    case "refused":
      return "refused";
    case "unanswered":
      return "no answer";
    case "denied":
      return flow.rule === null ? "denied by a firewall rule" : `denied by the firewall rule ${quoted(flow.rule)}`;
    case "answered":
    case null:
      return null;
  }
}

/** `TCP 443 (https)`, `GRE`. */
function service(flow: ExplainedFlow): string {
  const name = serviceName(flow.protocol, flow.dst_port);
  const port = flow.dst_port === null ? "" : ` ${flow.dst_port}`;
  return `${protocolName(flow.protocol)}${port}${name === null ? "" : ` (${name})`}`;
}

function message(flow: ExplainedFlow): string {
  const type = icmpTypeName(flow.protocol, flow.icmp_type) ?? (flow.icmp_type === null ? null : `type ${flow.icmp_type}`);
  return type === null ? protocolName(flow.protocol) : `${protocolName(flow.protocol)} ${type}`;
}

function tried(flow: ExplainedFlow, dst: string): string {
  if (isEchoRequest(flow.protocol, flow.icmp_type)) return `pinged ${dst}`;
  if (isIcmp(flow.protocol)) return `sent ${message(flow)} to ${dst}`;
  return flow.dst_port === null ? `tried to reach ${dst} over ${service(flow)}` : `tried ${service(flow)} on ${dst}`;
}

function trying(flow: ExplainedFlow, dst: string): string {
  if (isEchoRequest(flow.protocol, flow.icmp_type)) return `is pinging ${dst}`;
  if (isIcmp(flow.protocol)) return `is sending ${message(flow)} to ${dst}`;
  return flow.dst_port === null ? `is trying to reach ${dst} over ${service(flow)}` : `is trying ${service(flow)} on ${dst}`;
}

function used(flow: ExplainedFlow, dst: string): string {
  const open = flow.state === "open";
  if (isIcmp(flow.protocol)) return open ? trying(flow, dst) : tried(flow, dst);
  const where = flow.dst_port === null ? `over ${service(flow)}` : `on ${service(flow)}`;
  // Without a verdict (other senders' rows) we do not claim that a connection came about.
  if (flow.verdict === null) return open ? `is in contact with ${dst} ${where}` : `contacted ${dst} ${where}`;
  if (isConnection(flow)) return open ? `is connected to ${dst} ${where}` : `connected to ${dst} ${where}`;
  return open ? `is talking to ${dst} ${where}` : `talked to ${dst} ${where}`;
}

function isConnection(flow: ExplainedFlow): boolean {
  return flow.protocol === TCP || flow.protocol === SCTP;
}

function lifeMs(flow: ExplainedFlow): number {
  return Math.max(0, Date.parse(flow.end ?? flow.last_seen) - Date.parse(flow.start));
}

function duration(flow: ExplainedFlow): string {
  const ms = lifeMs(flow);
  if (flow.state === "lost" || !(ms > 0)) return "";
  return flow.state === "open" ? `, for ${formatDuration(ms)} so far` : ` for ${formatDuration(ms)}`;
}

/** Only ends that tell something: FIN is how a connection should end, a timeout is how everything but a connection ends. */
function ending(flow: ExplainedFlow): string {
  if (flow.state !== "closed") return "";
  if (flow.end_reason === "reset") return ", then it was reset";
  if (flow.end_reason === "timeout" && isConnection(flow)) return ", then it went silent";
  if (flow.end_reason === "removed") return ", until its tracking entry was removed";
  return flow.end_reason === "agent_stopped" ? ", until the agent stopped" : "";
}

function howItEnded(flow: ExplainedFlow): string {
  if (flow.state !== "lost") return "";
  return `Its end is not known: nothing was heard of it after ${formatDuration(lifeMs(flow))}.`;
}

function howMuch(flow: ExplainedFlow): string {
  if (flow.verdict === "denied") return dropped(flow);
  const { src_bytes: sent, dst_bytes: received } = flow;
  if (sent === null && received === null) return "How much was sent is not known.";
  // Of a lost flow the counters are the last that were told.
  const least = flow.state === "lost" ? "at least " : "";
  const amount = (bytes: number | string) => (Number(bytes) === 0 ? "nothing" : `${least}${formatBytes(BigInt(bytes))}`);
  const who = `${flow.state === "open" ? "So far " : ""}${subject(flow)}`;
  if (received === null) return `${who} sent ${amount(sent ?? 0)}; how much it received is not known.`;
  if (sent === null) return `${who} received ${amount(received)}; how much it sent is not known.`;
  return `${who} sent ${amount(sent)} and received ${amount(received)}.`;
}

function dropped(flow: ExplainedFlow): string {
  if (flow.src_packets === null) return "";
  const count = BigInt(flow.src_packets);
  const bytes = flow.src_bytes === null ? "" : ` (${formatBytes(BigInt(flow.src_bytes))})`;
  return `${formatCount(count)} ${count === 1n ? "packet" : "packets"}${bytes} ${count === 1n ? "was" : "were"} dropped.`;
}

function whereReally(flow: ExplainedFlow): string {
  const parts: string[] = [];
  const to = translated(flow.nat_dst_ip, flow.nat_dst_port, flow.dst_ip, flow.dst_port);
  if (to !== null) parts.push(`The traffic was sent on to ${to}.`);
  const from = translated(flow.nat_src_ip, flow.nat_src_port, flow.src_ip, flow.src_port);
  if (from !== null) parts.push(`The destination saw it come from ${from}.`);
  return parts.join(" ");
}

/** The side after NAT, if it differs from the side before. */
function translated(ip: string | null, port: number | null, originalIp: string, originalPort: number | null): string | null {
  if ((ip ?? originalIp) === originalIp && (port ?? originalPort) === originalPort) return null;
  return endpoint(ip ?? originalIp, port ?? originalPort);
}

function endpoint(ip: string, port: number | null): string {
  if (port === null) return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function sinceWhen(flow: ExplainedFlow): string {
  return flow.start_exact ? "" : "It is older than the agent: when it really began is not known.";
}

/** Prefixes of nftables rules often end in a colon or a space. */
function quoted(text: string): string {
  return `“${text.trim()}”`;
}
