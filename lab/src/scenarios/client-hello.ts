/** The first message of TLS 1.3 (RFC 8446 §4.1.2), byte by byte: as some clients send it, and none of this machine's programs does. */
import { randomBytes } from "node:crypto";

const u8 = (value: number): Buffer => Buffer.from([value]);
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
/** A vector with its length before it. */
const vector8 = (...parts: Uint8Array[]): Buffer => lengthFirst(1, parts);
const vector16 = (...parts: Uint8Array[]): Buffer => lengthFirst(2, parts);
const vector24 = (...parts: Uint8Array[]): Buffer => lengthFirst(3, parts);

function lengthFirst(bytes: number, parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(body.length, 0, bytes);
  return Buffer.concat([length, body]);
}

export type Extension = Buffer;
const extension = (type: number, ...body: Uint8Array[]): Extension => Buffer.concat([u16(type), vector16(...body)]);

/** RFC 6066 §3. */
export const serverName = (name: string): Extension => extension(0, vector16(u8(0), vector16(Buffer.from(name, "latin1"))));

const GROUPS = { x25519: 0x001d, x25519mlkem768: 0x11ec } as const;
/** Keys that a server can take up; nobody here ends the handshake. That of ML-KEM-768 (FIPS 203 §7.2) is a vector, whose numbers must be small, and a seed. */
const newKey: Readonly<Record<keyof typeof GROUPS, () => Buffer>> = {
  x25519: () => randomBytes(32),
  x25519mlkem768: () => Buffer.concat([Buffer.alloc(1152), randomBytes(32), randomBytes(32)]),
};

/** RFC 8446 §4.2.8; X25519MLKEM768 by draft-ietf-tls-ecdhe-mlkem: 1216 bytes. */
export function keyShare(...groups: (keyof typeof GROUPS)[]): Extension {
  const shares = groups.flatMap((group) => [u16(GROUPS[group]), vector16(newKey[group]())]);
  return extension(51, vector16(...shares));
}

/** RFC 7685. */
export const padding = (bytes: number): Extension => extension(21, Buffer.alloc(bytes));

/** Encrypted Client Hello in the outer hello (RFC 9849 §5): what is in it only the server could tell. */
export const encryptedClientHello = (): Extension =>
  extension(0xfe0d, u8(0), u16(1), u16(1), u8(7), vector16(randomBytes(32)), vector16(randomBytes(208)));

/** One TLS record with a ClientHello that offers TLS 1.3 by X25519 and has these extensions, in this order, after the ones that must be there. */
export function clientHello(...extensions: readonly Extension[]): Buffer {
  const ciphers = vector16(u16(0x1301), u16(0x1302), u16(0x1303));
  const required = [
    extension(10, vector16(u16(GROUPS.x25519mlkem768), u16(GROUPS.x25519))),
    extension(13, vector16(u16(0x0403), u16(0x0804), u16(0x0401))),
    extension(43, vector8(u16(0x0304))),
    extension(16, vector16(vector8(Buffer.from("h2")), vector8(Buffer.from("http/1.1")))),
  ];
  const legacy = [u16(0x0303), randomBytes(32), vector8(randomBytes(32)), ciphers, vector8(u8(0))];
  const handshake = Buffer.concat([u8(1), vector24(...legacy, vector16(...required, ...extensions))]);
  return Buffer.concat([u8(22), u16(0x0301), vector16(handshake)]);
}
