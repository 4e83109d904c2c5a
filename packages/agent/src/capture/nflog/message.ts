/**
 * Reads what the kernel sends for a packet that a log rule saw (nfnetlink_log). Pure and total: whatever the bytes are, it neither throws nor reads
 * outside of the datagram. Attributes that we do not know are passed over, as netlink demands.
 */
import { NFNL_SUBSYS_ULOG } from "../netlink/constants.ts";

/** One packet's place in the datagram. The same record is used for all of them. */
export class LoggedPacket {
  bytes: Uint8Array = new Uint8Array(0);
  /** The packet from its IP header on, as far as it was copied. Empty: nothing was. */
  payloadStart = 0;
  payloadEnd = 0;
  /** The rule's prefix, without its terminating zero. Empty: it has none. */
  prefixStart = 0;
  prefixEnd = 0;
  /** The kernel numbers what it logged for this socket, also what it could not deliver. −1: it did not say. */
  sequence = -1;
}

// <linux/netfilter/nfnetlink_log.h>
const NFULNL_MSG_PACKET = (NFNL_SUBSYS_ULOG << 8) | 0;
const NFULA_PAYLOAD = 9;
const NFULA_PREFIX = 10;
const NFULA_SEQ = 12;

const NLMSGHDR_BYTES = 16;
const HEADER_BYTES = NLMSGHDR_BYTES + 4; // and nfgenmsg
const ATTRIBUTE_BYTES = 4;
const TYPE_MASK = 0x3fff;

/**
 * Calls `visit` for each packet of a datagram, which holds up to as many as were asked for (NFULA_CFG_QTHRESH).
 * @returns how many messages were malformed; what follows such a one is not read
 */
export function forEachLogged(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: LoggedPacket,
  visit: (packet: LoggedPacket) => void,
): number {
  const stop = Math.min(end, bytes.length);
  out.bytes = bytes;
  for (let at = start; at + NLMSGHDR_BYTES <= stop; ) {
    const length = le32(bytes, at);
    if (length < NLMSGHDR_BYTES || at + length > stop) return 1;
    if (le16(bytes, at + 4) === NFULNL_MSG_PACKET) {
      if (!readPacket(bytes, at + HEADER_BYTES, at + length, out)) return 1;
      visit(out);
    }
    at += (length + 3) & ~3;
  }
  return 0;
}

function readPacket(bytes: Uint8Array, start: number, end: number, out: LoggedPacket): boolean {
  if (start > end) return false;
  out.payloadStart = out.payloadEnd = out.prefixStart = out.prefixEnd = 0;
  out.sequence = -1;
  for (let at = start; at + ATTRIBUTE_BYTES <= end; ) {
    const length = le16(bytes, at);
    if (length < ATTRIBUTE_BYTES || at + length > end) return false;
    const from = at + ATTRIBUTE_BYTES;
    const until = at + length;
    switch (le16(bytes, at + 2) & TYPE_MASK) {
      case NFULA_PAYLOAD:
        out.payloadStart = from;
        out.payloadEnd = until;
        break;
      case NFULA_PREFIX:
        out.prefixStart = from;
        out.prefixEnd = endOfText(bytes, from, until);
        break;
      case NFULA_SEQ:
        if (until - from >= 4) out.sequence = be32(bytes, from);
        break;
    }
    at += (length + 3) & ~3;
  }
  return true;
}

function endOfText(bytes: Uint8Array, from: number, until: number): number {
  for (let at = from; at < until; at++) if (bytes[at] === 0) return at;
  return until;
}

const le16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
const le32 = (bytes: Uint8Array, at: number): number => (le16(bytes, at) | (le16(bytes, at + 2) << 16)) >>> 0;
const be32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
