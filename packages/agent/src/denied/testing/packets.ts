/** Packets as they would come from a kernel's log, and its messages about them. */
import { parseAddress } from "@flowtrail/model";

const bytesOf = (address: string): Buffer => Buffer.from(parseAddress(address) ?? new Uint8Array(16));

export interface PacketSpec {
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  /** After the IP header; its length counts, and more if `more` is given. */
  readonly payload?: readonly number[];
  readonly more?: number;
  /** IPv4: flags and offset of a fragment. */
  readonly fragment?: number;
  /** IPv6: extension headers, each with the number of what it is; their first byte is set here. */
  readonly extensions?: readonly { readonly type: number; readonly bytes: readonly number[] }[];
}

export const ports = (src: number, dst: number): number[] => [src >> 8, src & 255, dst >> 8, dst & 255];

export function ipPacket({ src, dst, protocol, payload = [], more = 0, fragment = 0, extensions = [] }: PacketSpec): Buffer {
  if (src.includes(":")) {
    const types = [...extensions.map(({ type }) => type), protocol];
    const chain = extensions.map(({ bytes }, i) => Buffer.from([types[i + 1]!, ...bytes]));
    const rest = Buffer.concat([...chain, Buffer.from(payload)]);
    const head = Buffer.alloc(40);
    head[0] = 0x60;
    head.writeUInt16BE(rest.length + more, 4);
    head[6] = types[0]!;
    bytesOf(src).copy(head, 8);
    bytesOf(dst).copy(head, 24);
    return Buffer.concat([head, rest]);
  }
  const head = Buffer.alloc(20);
  head[0] = 0x45;
  head.writeUInt16BE(20 + payload.length + more, 2);
  head.writeUInt16BE(fragment, 6);
  head[9] = protocol;
  bytesOf(src).copy(head, 12, 12);
  bytesOf(dst).copy(head, 16, 12);
  return Buffer.concat([head, Buffer.from(payload)]);
}

function attribute(type: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(4 + value.length, 0);
  head.writeUInt16LE(type, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

function message(type: number, ...attributes: readonly Buffer[]): Buffer {
  const body = Buffer.concat(attributes);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(20 + body.length, 0);
  head.writeUInt16LE(type, 4);
  return Buffer.concat([head, body]);
}

const be32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** NFULNL_MSG_PACKET with NFULA_PACKET_HDR, NFULA_PREFIX, NFULA_PAYLOAD, NFULA_SEQ. */
export const logMessage = (packet: Uint8Array, prefix: string, sequence: number): Buffer =>
  message(
    0x0400,
    attribute(1, Buffer.from([8, 0, 2, 0])),
    attribute(10, Buffer.from(`${prefix}\0`)),
    attribute(9, packet),
    attribute(12, be32(sequence)),
  );

/** NFT_MSG_TRACE of a rule, or of a policy (`handle` null), that dropped it. */
export function traceMessage(id: number, packet: Uint8Array, handle: number | null): Buffer {
  const network = packet.subarray(0, Math.min(packet.length, 40));
  const headerBytes = packet[0]! >> 4 === 4 ? 20 : 40;
  return message(
    0x0a11,
    attribute(1, Buffer.from("fw\0")),
    attribute(2, Buffer.from("in\0")),
    attribute(6, be32(id)),
    attribute(4, be32(handle === null ? 1 : 3)),
    ...(handle === null
      ? [attribute(16, be32(0))]
      : [attribute(3, Buffer.concat([be32(0), be32(handle)])), attribute(5, attribute(1, be32(0)))]),
    attribute(8, network),
    attribute(9, packet.subarray(headerBytes, headerBytes + 20)),
  );
}
