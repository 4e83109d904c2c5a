/** IP packets around a payload; their checksums, which nobody looks at, are 0. */
import { isV4Mapped, parseAddress } from "@flowtrail/model";
import { concat, word } from "./messages.ts";

interface Ends {
  readonly src: string;
  readonly dst: string;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly payload: Uint8Array;
  /** IPv6 extension headers, whose first byte is filled in. */
  readonly extensions?: readonly { readonly type: number; readonly bytes: readonly number[] }[];
}

export function udpPacket(ends: Ends): Uint8Array {
  return ipPacket(ends, 17, [...ports(ends), ...word(8 + ends.payload.length), 0, 0]);
}

export function tcpPacket(ends: Ends & { readonly seq: number; readonly flags: number }): Uint8Array {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(ends.seq);
  return ipPacket(ends, 6, [...ports(ends), ...numbers, 0x50, ends.flags, 0xff, 0xff, 0, 0, 0, 0]);
}

const ports = (ends: Ends): number[] => [...word(ends.srcPort), ...word(ends.dstPort)];

function ipPacket(ends: Ends, protocol: number, transport: number[]): Uint8Array {
  const [src, dst] = [parseAddress(ends.src)!, parseAddress(ends.dst)!];
  const length = transport.length + ends.payload.length;
  if (isV4Mapped(src)) {
    const header = [0x45, 0, ...word(20 + length), 0, 0, 0x40, 0, 64, protocol, 0, 0];
    return concat(header, src.subarray(12), dst.subarray(12), transport, ends.payload);
  }
  const types = [...(ends.extensions ?? []).map((extension) => extension.type), protocol];
  const extensions = (ends.extensions ?? []).flatMap(({ bytes }, i) => [types[i + 1]!, ...bytes.slice(1)]);
  return concat(
    [0x60, 0, 0, 0, ...word(extensions.length + length), types[0]!, 64],
    src,
    dst,
    extensions,
    transport,
    ends.payload,
  );
}
