/**
 * Which events are of one flow. An agent's flow id has 32 bits of entropy, so two flows of a busy host may share one: host, id and tuple
 * together are what START and DESTROY have in common. The same may come again (a client with a fixed port, and the kernel's entry at the same
 * place): when it began tells those apart (places.ts).
 */
import { FLOW_ID_SEQUENCES, formatAddress, hasPorts, parseAddress, truncateAddress } from "@flowtrail/model";
import type { NetmakerEvent } from "./event.ts";

/** Of host, flow id and tuple: 53 bits. The lowest 22 are those of the stored flow's id. */
export function flowKey(event: NetmakerEvent): number {
  const { hostId, flowId, src, dst, protocol, srcPort, dstPort, icmpType, icmpCode } = event;
  const text = `${hostId} ${flowId} ${src.ip} ${srcPort} ${dst.ip} ${dstPort} ${protocol} ${icmpType} ${icmpCode}`;
  return hash53(text);
}

/** The low bits of the flow's id in the store. */
export function sequenceOf(key: number): number {
  return key % FLOW_ID_SEQUENCES;
}

/**
 * The tuple, as `STORED_TUPLE` has it of a stored row: of addresses the /24 and /48, as no more of them may be stored. The id is of the whole of them.
 */
export function tupleOf({ protocol, src, dst, srcPort, dstPort }: NetmakerEvent): string {
  const ports = hasPorts(protocol) ? [srcPort, dstPort] : [0, 0];
  return [protocol, asStored(src.ip), ports[0], asStored(dst.ip), ports[1]].join(" ");
}

/** In SQL. */
export const STORED_TUPLE = `concatWithSeparator(' ', protocol, ${cutSql("src_ip")}, ifNull(src_port, 0), ${cutSql("dst_ip")}, ifNull(dst_port, 0))`;

/** An address without what names one host, as ClickHouse writes an IPv6. */
function asStored(ip: string): string {
  const bytes = parseAddress(ip);
  if (bytes === null) return "";
  truncateAddress(bytes);
  const text = formatAddress(bytes);
  return text.includes(":") ? text : `::ffff:${text}`;
}

/** The same in SQL: bytes to be cut off of IPv6, and of IPv4. */
function cutSql(column: string): string {
  return `cutIPv6(${column}, 10, 1)`;
}

/** Two 32-bit hashes side by side, in the manner of MurmurHash3: each character goes into both by another multiplier. */
function hash53(text: string): number {
  let a = 0x9e37_79b9;
  let b = 0x85eb_ca6b;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e37_79b1);
    b = Math.imul(b ^ code, 0x5f35_6495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85eb_ca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2_ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85eb_ca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2_ae35);
  return ((b >>> 0) & 0x1f_ffff) * 4_294_967_296 + (a >>> 0);
}
