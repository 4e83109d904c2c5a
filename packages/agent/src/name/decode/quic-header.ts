/** Long headers of QUIC packets (RFC 9000 §17.2; RFC 9369 §3.2 for version 2). */
import { DecodeError } from "@flowtrail/model";
import { u16, u32 } from "./bytes.ts";
import type { QuicVersion } from "./quic-keys.ts";
import type { Work } from "./work.ts";

const VERSION_1 = 1;
const VERSION_2 = 0x6b3343cf;
const RETRY = 3;
const MAX_CONNECTION_ID = 20;
/** A packet number's field of up to 4 bytes and the sample of 16 after it (RFC 9001 §5.4.2). */
const LEAST_PROTECTED = 20;

export interface QuicPacket {
  readonly isInitial: boolean;
  readonly version: QuicVersion;
  /** Places of the connection ids. */
  readonly destination: number;
  readonly destinationEnd: number;
  readonly source: number;
  readonly sourceEnd: number;
  /** Where the packet number is. */
  readonly number: number;
  readonly end: number;
}

/** Packet types of the versions' own numbering, as version 1 has them: Initial 0, 0-RTT 1, Handshake 2, Retry 3. */
const TYPES = { 1: [0, 1, 2, 3], 2: [3, 0, 1, 2] } as const;

/**
 * Reads the header at `at`. Null: a short header, another version, a Retry, or no QUIC: nothing more can be read of this datagram.
 * @throws DecodeError of a header that the datagram ends within.
 */
export function readLongHeader(bytes: Uint8Array, at: number, end: number, work: Work): QuicPacket | null {
  work.steps++;
  // The bit that is fixed may be 0 after the first packets (RFC 9287).
  if (end - at < 7 || bytes[at]! < 0x80) return null;
  const wire = u32(bytes, at + 1);
  if (wire !== VERSION_1 && wire !== VERSION_2) return null;
  const version = wire === VERSION_1 ? 1 : 2;
  const type = TYPES[version][((bytes[at]! >> 4) & 3) as 0 | 1 | 2 | 3];
  if (type === RETRY) return null;
  const destination = at + 6;
  const destinationEnd = connectionIdEnd(bytes, at + 5, end);
  const sourceEnd = connectionIdEnd(bytes, destinationEnd, end);
  let length = sourceEnd;
  if (type === 0) {
    const token = varint(bytes, sourceEnd, end);
    length = sourceEnd + varintBytes(bytes, sourceEnd) + token;
  }
  const protectedBytes = varint(bytes, length, end);
  const number = length + varintBytes(bytes, length);
  if (protectedBytes < LEAST_PROTECTED || number + protectedBytes > end)
    throw new DecodeError("quic", length, "a packet that is too short, or longer than its datagram");
  return {
    isInitial: type === 0,
    version,
    destination,
    destinationEnd,
    source: destinationEnd + 1,
    sourceEnd,
    number,
    end: number + protectedBytes,
  };
}

function connectionIdEnd(bytes: Uint8Array, at: number, end: number): number {
  const idEnd = at + 1 + (at < end ? bytes[at]! : 0);
  if (idEnd - at - 1 > MAX_CONNECTION_ID || idEnd > end) throw new DecodeError("quic", at, "a connection id that is too long");
  return idEnd;
}

/** How many bytes the integer at `at` takes. */
export function varintBytes(bytes: Uint8Array, at: number): number {
  return 1 << (bytes[at]! >> 6);
}

/**
 * A variable-length integer (RFC 9000 §16). One of eight bytes may be less exact than it is on the wire: no length or offset is so great.
 * @throws DecodeError when the bytes end within it.
 */
export function varint(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || at + varintBytes(bytes, at) > end) throw new DecodeError("quic", at, "an integer that the bytes end within");
  switch (bytes[at]! >> 6) {
    case 0:
      return bytes[at]!;
    case 1:
      return u16(bytes, at) & 0x3fff;
    case 2:
      return u32(bytes, at) % 0x40000000;
    default:
      return (u32(bytes, at) % 0x40000000) * 0x1_0000_0000 + u32(bytes, at + 4);
  }
}
