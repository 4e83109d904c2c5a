/** The headers of an L3 packet, as an AF_PACKET socket of type SOCK_DGRAM hands it over: the bytes begin at the IPv4 or IPv6 header. */
import { u16, u32 } from "./bytes.ts";
import type { Work, WorkBound } from "./work.ts";

/** One step for each header. */
export const PACKET_WORK: WorkBound = { perByte: 1, fixed: 12 };

/** More extension headers than any honest packet has (RFC 8200 §4.1 recommends each at most once). */
const MAX_EXTENSIONS = 8;

const TCP = 6;
const UDP = 17;
// Extension headers: RFC 8200 §4, RFC 4302 (AH), RFC 6275 (mobility), RFC 7401 (HIP), RFC 5533 (shim6).
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION = 60;
const MOBILITY = 135;
const HIP = 139;
const SHIM6 = 140;

export const TCP_SYN = 0x02;

/** What `decodePacket` found: `ok`, or why the packet has no ports and payload. `fragment`: a part of a larger one, of which nothing is read. */
export type PacketVerdict = "ok" | "fragment" | "other_protocol" | "malformed" | "not_ip";

/** One packet's headers; the same record is used for every packet. */
export class Packet {
  /** 6 (TCP) or 17 (UDP). */
  protocol = 0;
  /** 16 bytes, IPv4 in its mapped form. */
  readonly src: Uint8Array = new Uint8Array(16);
  readonly dst: Uint8Array = new Uint8Array(16);
  srcPort = 0;
  dstPort = 0;
  /** The payload's place in the bytes, as far as it was captured. */
  payloadStart = 0;
  payloadEnd = 0;
  /** How long the payload was on the wire: more than captured, if the capture cut it. */
  payloadBytes = 0;
  /** TCP: the sequence number of the payload's first byte (of the SYN, if there is one: its data begins one later). */
  tcpSeq = 0;
  /** TCP: CWR ECE URG ACK PSH RST SYN FIN, from bit 7 to bit 0. */
  tcpFlags = 0;
}

/**
 * Reads one packet into `out`, whose fields mean something only when the verdict is `ok`. Never throws and allocates nothing. What the IP header
 * says of the length counts, not what was captured (short Ethernet frames are padded); a length of 0 is a large packet of offload or a jumbogram
 * (RFC 2675; BIG TCP), whose end is the capture's.
 */
export function decodePacket(bytes: Uint8Array, offset: number, end: number, out: Packet, work: Work): PacketVerdict {
  work.steps++;
  const stop = Math.min(end, bytes.length);
  if (stop - offset < 20) return "malformed";
  const version = bytes[offset]! >> 4;
  if (version === 4) return decodeV4(bytes, offset, stop, out, work);
  return version === 6 ? decodeV6(bytes, offset, stop, out, work) : "not_ip";
}

function decodeV4(bytes: Uint8Array, at: number, end: number, out: Packet, work: Work): PacketVerdict {
  const headerBytes = (bytes[at]! & 15) * 4;
  const totalBytes = u16(bytes, at + 2) || end - at;
  if (headerBytes < 20 || totalBytes < headerBytes || at + headerBytes > end) return "malformed";
  // More fragments, or an offset (RFC 791).
  if ((u16(bytes, at + 6) & 0x3fff) !== 0) return "fragment";
  writeMapped(bytes, at + 12, out.src);
  writeMapped(bytes, at + 16, out.dst);
  return decodeTransport(bytes, at + headerBytes, at + totalBytes, end, bytes[at + 9]!, out, work);
}

function decodeV6(bytes: Uint8Array, at: number, end: number, out: Packet, work: Work): PacketVerdict {
  if (end - at < 40) return "malformed";
  const wireEnd = u16(bytes, at + 4) === 0 ? end : at + 40 + u16(bytes, at + 4);
  const stop = Math.min(end, wireEnd);
  let next = bytes[at + 6]!;
  let header = at + 40;
  for (let extensions = 0; isExtension(next); extensions++) {
    work.steps++;
    if (extensions === MAX_EXTENSIONS || header + 8 > stop) return "malformed";
    if (next === FRAGMENT && (u16(bytes, header + 2) & 0xfff9) !== 0) return "fragment";
    // A fragment that is the whole packet is one of 8 bytes (RFC 6946); AH counts in 4 bytes, without its first two.
    const length = next === FRAGMENT ? 8 : next === AUTHENTICATION ? (bytes[header + 1]! + 2) * 4 : (bytes[header + 1]! + 1) * 8;
    next = bytes[header]!;
    header += length;
  }
  copyAddress(bytes, at + 8, out.src);
  copyAddress(bytes, at + 24, out.dst);
  return decodeTransport(bytes, header, wireEnd, end, next, out, work);
}

function isExtension(header: number): boolean {
  switch (header) {
    case HOP_BY_HOP:
    case ROUTING:
    case FRAGMENT:
    case AUTHENTICATION:
    case DESTINATION:
    case MOBILITY:
    case HIP:
    case SHIM6:
      return true;
    default:
      return false;
  }
}

/** `wireEnd`: where the packet ended on the wire, `end`: where the captured bytes end. */
function decodeTransport(
  bytes: Uint8Array,
  at: number,
  wireEnd: number,
  end: number,
  protocol: number,
  out: Packet,
  work: Work,
): PacketVerdict {
  if (protocol !== TCP && protocol !== UDP) return "other_protocol";
  work.steps++;
  const stop = Math.min(end, wireEnd);
  let payload = at + 8;
  let payloadWireEnd = wireEnd;
  if (protocol === TCP) {
    if (at + 20 > stop) return "malformed";
    const headerBytes = (bytes[at + 12]! >> 4) * 4;
    if (headerBytes < 20) return "malformed";
    payload = at + headerBytes;
    out.tcpSeq = u32(bytes, at + 4);
    out.tcpFlags = bytes[at + 13]!;
  } else {
    if (payload > stop) return "malformed";
    const length = u16(bytes, at + 4);
    // 0: longer than the field can say (RFC 2675 §4).
    if (length !== 0 && (length < 8 || at + length > wireEnd)) return "malformed";
    if (length !== 0) payloadWireEnd = at + length;
    out.tcpSeq = 0;
    out.tcpFlags = 0;
  }
  if (payload > stop) return "malformed";
  out.protocol = protocol;
  out.srcPort = u16(bytes, at);
  out.dstPort = u16(bytes, at + 2);
  out.payloadStart = payload;
  out.payloadEnd = Math.min(end, payloadWireEnd);
  out.payloadBytes = payloadWireEnd - payload;
  return "ok";
}

function writeMapped(bytes: Uint8Array, at: number, out: Uint8Array): void {
  out.fill(0, 0, 10);
  out[10] = 0xff;
  out[11] = 0xff;
  for (let i = 0; i < 4; i++) out[12 + i] = bytes[at + i]!;
}

function copyAddress(bytes: Uint8Array, at: number, out: Uint8Array): void {
  for (let i = 0; i < 16; i++) out[i] = bytes[at + i]!;
}
