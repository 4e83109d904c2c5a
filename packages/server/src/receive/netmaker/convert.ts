/**
 * A Netmaker event → a row of flows. Pure; the same for what comes over the wire and for rows of Netmaker's own log. Which stored flow an event
 * belongs to is decided elsewhere (`FlowPlace`).
 */
import { type FlowBatch, flowIdWords, hasPorts, ICMP, ICMPV6, MAX_TEXT, type Role, TCP, writeAddress } from "@flowtrail/model";
import { SAMPLE_NETWORK } from "../check.ts";
import type { RejectCode } from "../rows.ts";
import type { NetmakerEnd, NetmakerEvent } from "./event.ts";
import { sequenceOf } from "./identity.ts";

/** A row's place in the store. */
export interface FlowPlace {
  /** Of `flowKey`. */
  readonly key: number;
  /** When the flow began as it is stored: it never changes after the first event of a flow. */
  readonly startMs: number;
  /** False: nothing told when it began. */
  readonly startExact: boolean;
}

export interface ConvertContext {
  readonly nowMs: number;
  /** Flows that ended before it would be deleted at once. */
  readonly oldestMs: number;
  /** The reporter as our inventory calls it; null: it knows no such host. */
  readonly reporterName: string | null;
  /** Is a node (by its id) of the reporting host? Null: nobody knows that node. */
  readonly isOwnNode: (nodeId: string) => boolean | null;
}

export interface Problem {
  readonly code: RejectCode;
  readonly message: string;
}

/** Clocks are off, but not by more than this: as for rows of other senders. */
const MAX_AHEAD_MS = 24 * 3_600_000;
/** ClickHouse's DateTime64 and the id's epoch begin here; an agent's clock that was never set is before. */
const EARLIEST_MS = Date.UTC(2020, 0, 1);
const STATUS_SEEN_REPLY = 2;
const MAX_ID = 256;
const probe = new Uint8Array(16);
const idWords = new Uint32Array(2);

/** What keeps an event from being stored, if anything. */
export function eventProblem(
  event: NetmakerEvent,
  { nowMs, oldestMs }: Pick<ConvertContext, "nowMs" | "oldestMs">,
): Problem | null {
  return missing(event) ?? outOfRange(event) ?? wrongTime(event, nowMs, oldestMs);
}

function missing(event: NetmakerEvent): Problem | null {
  const nothing = (what: string): Problem => ({ code: "MISSING", message: `there is no ${what}` });
  if (event.kind === null) return nothing("event type (START or DESTROY)");
  if (event.flowId === "") return nothing("flow_id");
  if (event.hostId === "") return nothing("host_id");
  if (event.networkId === "") return nothing("network_id");
  if (event.direction === null) return nothing("direction");
  return null;
}

function outOfRange(event: NetmakerEvent): Problem | null {
  const { networkId, protocol, srcPort, dstPort, icmpType, icmpCode, src, dst } = event;
  const beyond = (what: string): Problem => ({ code: "OUT_OF_RANGE", message: what });
  if (networkId === SAMPLE_NETWORK) {
    return { code: "RESERVED_NETWORK", message: `network ${SAMPLE_NETWORK} is the server's own sample traffic` };
  }
  if (event.flowId.length > MAX_ID || event.hostId.length > MAX_ID) return beyond(`an id is longer than ${MAX_ID} characters`);
  if (networkId.length > MAX_TEXT || event.hostName.length > MAX_TEXT)
    return beyond(`a name is longer than ${MAX_TEXT} characters`);
  if (!(protocol >= 0 && protocol <= 255)) return beyond("protocol is above 255");
  if (!(srcPort >= 0 && srcPort <= 65_535 && dstPort >= 0 && dstPort <= 65_535)) return beyond("a port is above 65535");
  if (!(icmpType >= 0 && icmpType <= 255 && icmpCode >= 0 && icmpCode <= 255)) return beyond("an ICMP type or code is above 255");
  for (const [which, end] of [
    ["src", src],
    ["dst", dst],
  ] as const) {
    if (!writeAddress(end.ip, probe, 0))
      return { code: "BAD_VALUE", message: `${which}.ip is no address: ${end.ip.slice(0, 45)}` };
    if (end.id.length > MAX_TEXT || end.name.length > MAX_TEXT) return beyond(`${which}: longer than ${MAX_TEXT} characters`);
  }
  const { bytesSent, bytesReceived, packetsSent, packetsReceived } = event;
  for (const counter of [bytesSent, bytesReceived, packetsSent, packetsReceived]) {
    if (!Number.isSafeInteger(counter) || counter < 0) return beyond("a counter is above 2^53");
  }
  return null;
}

function wrongTime({ kind, startMs, endMs, versionMs }: NetmakerEvent, nowMs: number, oldestMs: number): Problem | null {
  const latestMs = Math.max(startMs, endMs, versionMs);
  if (!(latestMs <= nowMs + MAX_AHEAD_MS)) return { code: "IN_FUTURE", message: "more than a day ahead of the server's clock" };
  for (const ms of [startMs, endMs, versionMs]) {
    if (ms > 0 && ms < EARLIEST_MS) return { code: "BAD_TIME", message: "a time before 2020: the agent's clock was not set" };
  }
  if (kind === "destroy" && startMs > 0 && endMs > 0 && endMs < startMs - 5000) {
    return { code: "BAD_TIME", message: "end_ts is before start_ts" };
  }
  if ((endMs > 0 ? endMs : latestMs > 0 ? latestMs : nowMs) < oldestMs) {
    return { code: "TOO_OLD", message: "older than what is kept (retention.days, or retention.max_size)" };
  }
  return null;
}

/** When a flow began, by one event alone. */
export function eventStartMs({ startMs, versionMs, endMs, kind }: NetmakerEvent, nowMs: number): number {
  if (startMs > 0) return startMs;
  // 1.4 tells no start in a START, but when it handled it.
  if (kind === "start") return versionMs > 0 ? versionMs : nowMs;
  return endMs > 0 ? endMs : versionMs > 0 ? versionMs : nowMs;
}

/** When a flow ended, by its DESTROY. */
export function eventEndMs({ endMs, versionMs, startMs }: NetmakerEvent, nowMs: number): number {
  if (endMs > 0) return endMs;
  return versionMs > 0 ? versionMs : Math.max(startMs, nowMs);
}

/** Adds an event that has no problem as a row, in all but what the inventory says. Returns its number. */
export function addEvent(batch: FlowBatch, event: NetmakerEvent, place: FlowPlace, context: ConvertContext): number {
  const row = batch.addRow();
  const { columns: to } = batch;
  flowIdWords(place.startMs, sequenceOf(place.key), idWords, 0);
  to.flow_id.setWords(row, idWords[0] ?? 0, idWords[1] ?? 0);
  to.revision.set(row, event.kind === "start" ? 0 : 1);
  to.reporter_id.set(row, event.hostId);
  to.reporter.set(row, event.hostName || context.reporterName || event.hostId);
  to.reporter_type.set(row, "netmaker");
  to.network.set(row, event.networkId);
  to.direction.set(row, event.direction ?? "");
  to.role.set(row, roleOf(event, context));
  to.start.set(row, place.startMs);
  to.start_exact.set(row, place.startExact);
  to.received.set(row, context.nowMs);
  to.estimated.set(row, false);
  if (event.status > 0) to.ct_status.set(row, event.status);
  writeTuple(batch, row, event);
  if (event.kind === "start") writeOpen(batch, row, place);
  else writeEnded(batch, row, event, place, context);
  writeEnds(batch, row, event);
  return row;
}

function writeTuple({ columns: to }: FlowBatch, row: number, event: NetmakerEvent): void {
  const { protocol } = event;
  to.protocol.set(row, protocol);
  writeAddress(event.src.ip, probe, 0);
  to.src_ip.set(row, probe);
  writeAddress(event.dst.ip, probe, 0);
  to.dst_ip.set(row, probe);
  if (hasPorts(protocol)) {
    to.src_port.set(row, event.srcPort);
    to.dst_port.set(row, event.dstPort);
  } else if (protocol === ICMP || protocol === ICMPV6) {
    to.icmp_type.set(row, event.icmpType);
    to.icmp_code.set(row, event.icmpCode);
  }
}

/** Nothing is known of its counters until it ends. */
function writeOpen({ columns: to }: FlowBatch, row: number, { startMs }: FlowPlace): void {
  to.state.set(row, "open");
  to.last_seen.set(row, startMs);
  to.counters_final.set(row, false);
}

function writeEnded(
  { columns: to }: FlowBatch,
  row: number,
  event: NetmakerEvent,
  place: FlowPlace,
  { nowMs }: ConvertContext,
): void {
  const endMs = Math.max(place.startMs, eventEndMs(event, nowMs));
  to.state.set(row, "closed");
  to.end.set(row, endMs);
  to.last_seen.set(row, endMs);
  to.end_reason.set(row, "unknown");
  to.counters_final.set(row, true);
  // Reporter-relative: an agent that the flow leaves by sent what the source sent.
  const isEgress = event.direction === "egress";
  const srcPackets = isEgress ? event.packetsSent : event.packetsReceived;
  const dstPackets = isEgress ? event.packetsReceived : event.packetsSent;
  const verdict = verdictOf(event, dstPackets);
  if (verdict !== null) to.verdict.set(row, verdict);
  // A flow has one packet at least: nothing was counted (nf_conntrack_acct was off when it began).
  if (srcPackets === 0 && dstPackets === 0 && event.bytesSent === 0 && event.bytesReceived === 0) return;
  to.src_packets.set(row, srcPackets);
  to.dst_packets.set(row, dstPackets);
  to.src_bytes.set(row, isEgress ? event.bytesSent : event.bytesReceived);
  to.dst_bytes.set(row, isEgress ? event.bytesReceived : event.bytesSent);
}

function verdictOf({ status, protocol }: NetmakerEvent, dstPackets: number): "answered" | "refused" | "unanswered" | null {
  if ((status & STATUS_SEEN_REPLY) !== 0) return "answered";
  // After a second packet the kernel has marked the reply, whether or not we are told of the mark.
  if (dstPackets > 0 && (protocol !== TCP || (status === 0 && dstPackets > 1))) return "answered";
  // A reset that is the only answer removes the entry before the kernel marks it (nf_conntrack_tcp_packet).
  if (dstPackets > 0) return status > 0 ? "refused" : null;
  return status > 0 ? "unanswered" : null;
}

/**
 * The reporter's place. The agent goes by the same rules as ours: a flow that leaves a node of the overlay is its own; one that comes in is for
 * itself, or of a member that it forwards for.
 */
function roleOf({ direction, src, dst, hostName }: NetmakerEvent, { isOwnNode }: ConvertContext): Role {
  if (direction === "egress") return src.type === "node" ? "initiator" : "forwarder";
  if (dst.type !== "node") return "forwarder";
  const isOwn = dst.id === "" ? null : isOwnNode(dst.id);
  if (isOwn !== null) return isOwn ? "responder" : "forwarder";
  return hostName === "" || dst.name === "" || dst.name === hostName ? "responder" : "forwarder";
}

function writeEnds({ columns: to }: FlowBatch, row: number, { src, dst }: NetmakerEvent): void {
  if (isNamed(src)) {
    to.src_type.set(row, src.type ?? "");
    to.src_id.set(row, src.id || src.name);
    to.src_name.set(row, src.name || src.id);
    to.src_by.set(row, "reporter");
  }
  if (isNamed(dst)) {
    to.dst_type.set(row, dst.type ?? "");
    to.dst_id.set(row, dst.id || dst.name);
    to.dst_name.set(row, dst.name || dst.id);
    to.dst_by.set(row, "reporter");
  }
  const domain = domainOf(dst) ?? domainOf(src);
  if (domain === null) return;
  to.domain.set(row, domain);
  // What the agent's own DNS server answered.
  to.domain_source.set(row, "dns");
}

/** Whom the reporter knows by a name. What is external is nobody in particular, and the inventory may know better. */
function isNamed({ type, id, name }: NetmakerEnd): boolean {
  return type !== null && type !== "external" && type !== "unknown" && (id !== "" || name !== "");
}

/** An external end's id is the domain that was asked for. */
function domainOf({ type, id, name, ip }: NetmakerEnd): string | null {
  if (type !== "external") return null;
  const domain = (id || name).replace(/\.$/, "").toLowerCase();
  const isDomain =
    domain !== ip && domain.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.[a-z][a-z0-9-]{0,62}$/.test(domain);
  return isDomain ? domain : null;
}
