/** What a scenario says of each connection that it made: what was done, and what the agents should say of it. */
import type { DomainSource } from "@flowtrail/model";
import type { ExpectedReport, expectedDenial } from "./expected.ts";
import type { OpResult, Outcome } from "./peers/protocol.ts";
import type { Family, NodeName } from "./topology.ts";

export type Verdict = "answered" | "refused" | "unanswered";

export interface LabConnection {
  /** In words. */
  what: string;
  from: NodeName;
  to: NodeName;
  family: Family;
  /** IANA number. */
  protocol: number;
  srcIp: string;
  srcPort: number | null;
  dstIp: string;
  dstPort: number | null;
  icmpId: number | null;
  /** The name that agents on its way should give it, and how they know it; null if they can't know any. */
  domain: string | null;
  domainSource: DomainSource | null;
  /** ms UTC, by the client's clock; `endedAt` is null while it is open. */
  startedAt: number;
  endedAt: number | null;
  /** How it looked to the client; null while it is open. */
  outcome: Outcome | null;
  /** Verdicts that are right, the best first: an agent that can't see ICMP errors can't tell a refused UDP port. */
  verdicts: Verdict[];
  /** IP bytes and packets, headers included; null where only the kernels know (data over TCP). The same on every node that sees the connection. */
  srcBytes: number | null;
  dstBytes: number | null;
  srcPackets: number | null;
  dstPackets: number | null;
  /** Bytes above TCP, UDP or IP (for ICMP: its header included). */
  payload: { sent: number; received: number } | null;
  /** Who should report it; nobody else may. */
  reports: ExpectedReport[];
  /** What should be reported of the node that dropped it; null: none did, or by a rule that does not say so. */
  denied: ReturnType<typeof expectedDenial>;
}

export type KnownName = Pick<LabConnection, "domain" | "domainSource">;
export const nameless: KnownName = { domain: null, domainSource: null };

export const protocolNumbers = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const;

const ipHeader = (family: Family): number => (family === 4 ? 20 : 40);
const udpHeader = 8;
/** A SYN of Linux: 20 bytes and 20 of options (MSS, SACK permitted, timestamps, window scale); its RST has no options. */
const synHeader = 40;
const rstHeader = 20;

type Counters = Pick<LabConnection, "srcBytes" | "dstBytes" | "srcPackets" | "dstPackets">;

/** The exact counters where they follow from what was sent. */
export function exactCounters(protocol: number, family: Family, result: OpResult): Counters {
  const ip = ipHeader(family);
  if (protocol === protocolNumbers.tcp) {
    // Only an attempt that was refused at once is sure to be one packet each way.
    if (result.outcome === "refused") return { srcBytes: ip + synHeader, dstBytes: ip + rstHeader, srcPackets: 1, dstPackets: 1 };
    const nothing = result.outcome === "answered" || result.outcome === "broken" ? null : 0;
    return { srcBytes: null, dstBytes: nothing, srcPackets: null, dstPackets: nothing };
  }
  const header = ip + (protocol === protocolNumbers.udp ? udpHeader : 0);
  const [sent, received] = [result.sentPackets ?? 0, result.receivedPackets ?? 0];
  return {
    srcBytes: result.sentBytes + sent * header,
    dstBytes: result.receivedBytes + received * header,
    srcPackets: sent,
    dstPackets: received,
  };
}

export function verdictsFor(protocol: number, outcome: Outcome): Verdict[] {
  if (outcome === "answered" || outcome === "broken") return ["answered"];
  if (outcome === "refused") return protocol === protocolNumbers.tcp ? ["refused"] : ["refused", "unanswered"];
  return ["unanswered"];
}
