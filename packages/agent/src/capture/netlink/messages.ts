/** Walks the messages of one datagram where speed does not matter (nftables' answers). Conntrack's have a parser of their own. */
import { NLMSG_DONE, NLMSG_ERROR } from "./constants.ts";

const NLMSGHDR_BYTES = 16;
const NFGENMSG_BYTES = 4;

export interface Message {
  readonly type: number;
  readonly sequence: number;
  /** NLMSG_DONE: the end of a dump. */
  readonly isEnd: boolean;
  /** Of an NLMSG_ERROR, positive; 0 for an acknowledgement and for every other message. */
  errno(): number;
  /** The text of an attribute, empty if there is none. */
  text(attribute: number): string;
  /** The number of an attribute, 0 if there is none. */
  be32(attribute: number): number;
  /** The number of an attribute inside of others, 0 if there is none. Exact below 2^53. */
  be64(...path: readonly number[]): number;
  /** The value of an attribute inside of others. */
  bytes(...path: readonly number[]): Buffer | undefined;
}

/** Calls `visit` for each message until it returns false. Returns false in that case. */
export function forEachMessage(datagram: Buffer, length: number, visit: (message: Message) => boolean): boolean {
  for (let at = 0; at + NLMSGHDR_BYTES <= length; ) {
    const size = datagram.readUInt32LE(at);
    if (size < NLMSGHDR_BYTES || at + size > length) return true;
    if (!visit(view(datagram.subarray(at, at + size)))) return false;
    at += (size + 3) & ~3;
  }
  return true;
}

function view(bytes: Buffer): Message {
  const type = bytes.readUInt16LE(4);
  return {
    type,
    sequence: bytes.readUInt32LE(8),
    isEnd: type === NLMSG_DONE,
    errno: () => (type === NLMSG_ERROR && bytes.length >= NLMSGHDR_BYTES + 4 ? -bytes.readInt32LE(NLMSGHDR_BYTES) : 0),
    text: (attribute) => (find(bytes, attribute)?.toString("utf8") ?? "").replace(/\0.*$/s, ""),
    be32: (attribute) => {
      const value = find(bytes, attribute);
      return value && value.length >= 4 ? value.readUInt32BE(0) : 0;
    },
    be64: (...path) => {
      const value = findIn(bytes, path);
      return value && value.length >= 8 ? value.readUInt32BE(0) * 2 ** 32 + value.readUInt32BE(4) : 0;
    },
    bytes: (...path) => findIn(bytes, path),
  };
}

function findIn(message: Buffer, [first = 0, ...inside]: readonly number[]): Buffer | undefined {
  let value = find(message, first);
  for (const attribute of inside) value = value && find(value, attribute, 0);
  return value;
}

function find(bytes: Buffer, attribute: number, start = NLMSGHDR_BYTES + NFGENMSG_BYTES): Buffer | undefined {
  for (let at = start; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) return undefined;
    if ((bytes.readUInt16LE(at + 2) & 0x3fff) === attribute) return bytes.subarray(at + 4, at + length);
    at += (length + 3) & ~3;
  }
  return undefined;
}
