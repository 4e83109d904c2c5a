/** Our rows and conntrack's lines in one form, to be compared as multisets: a tuple's ports may be used twice. */
import type { FlowJson } from "@flowtrail/model";
import { keyOf, type OracleFlow } from "./conntrack-oracle.ts";

export const asKey = (f: FlowJson) =>
  keyOf({
    protocol: Number(f.protocol),
    src: String(f.src_ip),
    dst: String(f.dst_ip),
    srcPort: f.src_port,
    dstPort: f.dst_port,
    icmpId: f.icmp_id,
  });

/** With its counters. */
export const exact = (f: OracleFlow) => `${keyOf(f)} ${f.srcPackets}/${f.srcBytes} ${f.dstPackets}/${f.dstBytes}`;
export const asExact = (f: FlowJson) => `${asKey(f)} ${f.src_packets}/${f.src_bytes} ${f.dst_packets}/${f.dst_bytes}`;

/** `all` less one of each of `some`. */
export function without(all: readonly string[], some: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const key of some) left.set(key, (left.get(key) ?? 0) + 1);
  return all.filter((key) => {
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count <= 0;
  });
}
