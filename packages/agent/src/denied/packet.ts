/**
 * The tuple of a packet that was dropped, from what was copied of it: addresses of every IP packet, ports or ICMP's words where they are there.
 * Pure and total: allocates nothing, reads nothing outside of the given bytes, takes a bounded number of steps.
 */
import { ADDRESS_BYTES } from "@flowtrail/model";
import { hasPorts, isIcmp } from "../track/codes.ts";
import { FlowKey } from "../track/flow-key.ts";

export class DroppedPacket {
  readonly key = new FlowKey();
  /** With the IP header, as on the wire. */
  totalBytes = 0;
  /** False: the ports, or ICMP's type and code, are not known: a later fragment, or cut off. They are 0 in the key. */
  hasTransport = false;
  /** ICMP: the key's `first` is the id of an echo or the like. */
  hasIcmpId = false;
}

/** More extension headers than any honest packet has (RFC 8200 §4.1 recommends each at most once). */
const MAX_EXTENSIONS = 8;
// RFC 8200 §4, RFC 4302 (AH), RFC 6275 (mobility), RFC 7401 (HIP), RFC 5533 (shim6).
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const EXTENSIONS = new Set([0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140]);
/** Types whose second word begins with an id: RFC 792 (echo, timestamp, information, address mask), RFC 4443 §4 (echo). */
const ICMP_WITH_ID = new Set([0, 8, 13, 14, 15, 16, 17, 18]);
const ICMPV6_WITH_ID = new Set([128, 129]);
const ICMP = 1;

/** False: it is no IP packet, or its header is malformed or cut off. */
export function decodeDropped(bytes: Uint8Array, start: number, end: number, out: DroppedPacket): boolean {
  const stop = Math.min(end, bytes.length);
  if (stop - start < 20) return false;
  const version = bytes[start]! >> 4;
  if (version === 4) return decodeV4(bytes, start, stop, out);
  return version === 6 && decodeV6(bytes, start, stop, out);
}

function decodeV4(bytes: Uint8Array, at: number, stop: number, out: DroppedPacket): boolean {
  const headerBytes = (bytes[at]! & 15) * 4;
  // 0: a large packet of offload (BIG TCP), whose length nobody says.
  const totalBytes = be16(bytes, at + 2) || stop - at;
  if (headerBytes < 20 || totalBytes < headerBytes) return false;
  const { key } = out;
  for (const [from, to] of [
    [at + 12, 0],
    [at + 16, ADDRESS_BYTES],
  ] as const) {
    key.bytes.fill(0, to, to + 10);
    key.bytes.fill(0xff, to + 10, to + 12);
    copy(bytes, from, key.bytes, to + 12, 4);
  }
  out.totalBytes = totalBytes;
  const isLaterFragment = (be16(bytes, at + 6) & 0x1fff) !== 0;
  readTransport(bytes, isLaterFragment ? stop : at + headerBytes, stop, bytes[at + 9]!, out);
  return true;
}

function decodeV6(bytes: Uint8Array, at: number, stop: number, out: DroppedPacket): boolean {
  if (stop - at < 40) return false;
  copy(bytes, at + 8, out.key.bytes, 0, 2 * ADDRESS_BYTES);
  // 0: a jumbogram (RFC 2675), or a large packet of offload.
  const payloadBytes = be16(bytes, at + 4);
  out.totalBytes = payloadBytes === 0 ? stop - at : 40 + payloadBytes;
  let next = bytes[at + 6]!;
  let header = at + 40;
  for (let extensions = 0; EXTENSIONS.has(next) && extensions < MAX_EXTENSIONS && header + 8 <= stop; extensions++) {
    const isFragment = next === FRAGMENT;
    const isLater = isFragment && (be16(bytes, header + 2) & 0xfff8) !== 0;
    // AH counts in 4 bytes, without its first two.
    const length = isFragment ? 8 : next === AUTHENTICATION ? (bytes[header + 1]! + 2) * 4 : (bytes[header + 1]! + 1) * 8;
    next = bytes[header]!;
    header = isLater ? stop : header + length;
  }
  readTransport(bytes, header, stop, next, out);
  return true;
}

function readTransport(bytes: Uint8Array, at: number, stop: number, protocol: number, out: DroppedPacket): void {
  const { key } = out;
  key.protocol = protocol;
  key.first = key.second = 0;
  out.hasTransport = out.hasIcmpId = false;
  if (at + 4 > stop) return;
  if (hasPorts(protocol)) {
    key.first = be16(bytes, at);
    key.second = be16(bytes, at + 2);
    out.hasTransport = true;
  } else if (isIcmp(protocol)) {
    key.second = be16(bytes, at);
    out.hasTransport = true;
    if (at + 6 > stop || !(protocol === ICMP ? ICMP_WITH_ID : ICMPV6_WITH_ID).has(bytes[at]!)) return;
    key.first = be16(bytes, at + 4);
    out.hasIcmpId = true;
  }
}

function copy(from: Uint8Array, at: number, to: Uint8Array, offset: number, count: number): void {
  for (let i = 0; i < count; i++) to[offset + i] = from[at + i]!;
}

const be16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
