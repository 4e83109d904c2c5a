/** What an agent of Netmaker tells of a flow, in either dialect of its wire, or as a row of Netmaker's own log. */
import type { Direction, ParticipantType } from "@flowtrail/model";

/** One end, as the reporter knows it. */
export interface NetmakerEnd {
  ip: string;
  /** Null: unspecified, or of a number that nobody knows. */
  type: ParticipantType | null;
  /** Of an external end: its domain, if anything. */
  id: string;
  /** Since 1.5; empty before. */
  name: string;
}

/**
 * Times are ms since 1970; those that are not above 0 are unset (agents send Go's zero time). Counters are the reporter's. All can be
 * written, so that one object serves for all events of an envelope.
 */
export interface NetmakerEvent {
  /** `destroy` is told once the kernel has removed the entry: only then counters and end mean anything. */
  kind: "start" | "destroy" | null;
  /** UUIDv5 of host and conntrack id: 32 bits of entropy, and no time in it. */
  flowId: string;
  networkId: string;
  hostId: string;
  /** Since 1.5; empty before. */
  hostName: string;
  protocol: number;
  srcPort: number;
  dstPort: number;
  icmpType: number;
  icmpCode: number;
  direction: Direction | null;
  readonly src: NetmakerEnd;
  readonly dst: NetmakerEnd;
  startMs: number;
  endMs: number;
  /** The agent's clock when it handled the event. */
  versionMs: number;
  bytesSent: number;
  bytesReceived: number;
  packetsSent: number;
  packetsReceived: number;
  /** IPS_* bits of the kernel. */
  status: number;
}

/** An event in which nothing is told. */
export function emptyEvent(): NetmakerEvent {
  const event = { src: {}, dst: {} } as NetmakerEvent;
  clearEvent(event);
  return event;
}

/** Makes an event one in which nothing is told. */
export function clearEvent(event: NetmakerEvent): void {
  event.kind = null;
  event.flowId = "";
  event.networkId = "";
  event.hostId = "";
  event.hostName = "";
  event.protocol = 0;
  event.srcPort = 0;
  event.dstPort = 0;
  event.icmpType = 0;
  event.icmpCode = 0;
  event.direction = null;
  clearEnd(event.src);
  clearEnd(event.dst);
  event.startMs = 0;
  event.endMs = 0;
  event.versionMs = 0;
  event.bytesSent = 0;
  event.bytesReceived = 0;
  event.packetsSent = 0;
  event.packetsReceived = 0;
  event.status = 0;
}

/** Makes an end one of which nothing is told. */
export function clearEnd(end: NetmakerEnd): void {
  end.ip = "";
  end.type = null;
  end.id = "";
  end.name = "";
}
