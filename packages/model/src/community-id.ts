/**
 * Community ID v1 with seed 0 (github.com/corelight/community-id-spec): the same text for both directions of a conversation and for
 * every tool that knows it (Zeek, Suricata, Elastic). Computed, not stored.
 */

import { ADDRESS_BYTES, compareAddresses, isTruncated, isV4Mapped, parseAddress } from "./address.ts";
import type { FlowJson } from "./flow-json.ts";
import { ICMP, ICMPV6, SCTP, TCP, UDP } from "./protocols.ts";
import { sha1OneBlock } from "./sha1.ts";

export interface CommunityIdTuple {
  readonly protocol: number;
  /** 16 bytes each (address.ts). */
  readonly srcIp: Uint8Array;
  readonly dstIp: Uint8Array;
  /** Ports, or type and code of ICMP; null where the protocol has neither. */
  readonly first: number | null;
  readonly second: number | null;
}

/** ICMP messages that have an answer: type → type of the other side's message (Zeek's pairs, which the specification refers to). */
const ICMP_PAIRS = pairs([0, 8], [9, 10], [13, 14], [15, 16], [17, 18]);
const ICMPV6_PAIRS = pairs([128, 129], [130, 131], [133, 134], [135, 136], [139, 140], [144, 145]);

function pairs(...list: readonly (readonly [number, number])[]): ReadonlyMap<number, number> {
  return new Map(list.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));
}

/** `1:LQU9qZlK+B5F3KDmev6m5PMibrg=`. Null when a port (or ICMP type or code) is missing, or the addresses are of two families. */
export function communityId(tuple: CommunityIdTuple): string | null {
  const { protocol, srcIp, dstIp } = tuple;
  const v4 = isV4Mapped(srcIp, 0);
  if (v4 !== isV4Mapped(dstIp, 0)) return null;
  const icmpPairs = protocol === ICMP ? ICMP_PAIRS : protocol === ICMPV6 ? ICMPV6_PAIRS : null;
  // Only these are hashed with ports; all else with addresses and number alone.
  const withPorts = icmpPairs !== null || protocol === TCP || protocol === UDP || protocol === SCTP;
  if (withPorts && (tuple.first === null || tuple.second === null)) return null;
  const answer = icmpPairs?.get(tuple.first ?? 0);
  const first = tuple.first ?? 0;
  const second = answer ?? tuple.second ?? 0;
  // An ICMP message without an answer has a direction: its ends are not ordered.
  const oneWay = icmpPairs !== null && answer === undefined;
  const order = oneWay ? -1 : compareAddresses(srcIp, dstIp) || (withPorts ? first - second : 0);
  const skip = v4 ? 12 : 0;
  const size = ADDRESS_BYTES - skip;

  const message = new Uint8Array(2 + size * 2 + 2 + (withPorts ? 4 : 0));
  message.set((order <= 0 ? srcIp : dstIp).subarray(skip, ADDRESS_BYTES), 2);
  message.set((order <= 0 ? dstIp : srcIp).subarray(skip, ADDRESS_BYTES), 2 + size);
  message[2 + size * 2] = protocol;
  if (withPorts) {
    const ports = new DataView(message.buffer, message.length - 4);
    ports.setUint16(0, order <= 0 ? first : second);
    ports.setUint16(2, order <= 0 ? second : first);
  }
  return `1:${btoa(String.fromCharCode(...sha1OneBlock(message)))}`;
}

/** The Community ID of a row of `GET /api/flows`; null if it has none, or of an end only the network is kept: that would be another connection's. */
export function communityIdOfFlow(
  flow: Pick<FlowJson, "protocol" | "src_ip" | "dst_ip" | "src_port" | "dst_port" | "icmp_type" | "icmp_code"> &
    Partial<Pick<FlowJson, "src_type" | "dst_type">>,
): string | null {
  const srcIp = parseAddress(flow.src_ip);
  const dstIp = parseAddress(flow.dst_ip);
  if (srcIp === null || dstIp === null) return null;
  if ((flow.src_type === "external" && isTruncated(srcIp)) || (flow.dst_type === "external" && isTruncated(dstIp))) return null;
  const icmp = flow.protocol === ICMP || flow.protocol === ICMPV6;
  return communityId({
    protocol: flow.protocol,
    srcIp,
    dstIp,
    first: icmp ? flow.icmp_type : flow.src_port,
    second: icmp ? flow.icmp_code : flow.dst_port,
  });
}
