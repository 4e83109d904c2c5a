/** QUIC packets of a client, made from their frames (RFC 9001 §5). */
import { createCipheriv } from "node:crypto";
import { InitialKeys, type QuicVersion } from "../quic-keys.ts";
import { concat, word } from "./messages.ts";

export interface TestInitial {
  readonly version?: QuicVersion;
  /** The id whose keys protect it, when that is another than the packet's. */
  readonly keysOf?: Uint8Array;
  readonly destination: Uint8Array;
  readonly source?: Uint8Array;
  readonly token?: Uint8Array;
  readonly packetNumber?: number;
  readonly frames: Uint8Array;
}

const WIRE_VERSION = { 1: [0, 0, 0, 1], 2: [0x6b, 0x33, 0x43, 0xcf] } as const;

/** A protected Initial packet with a packet number of four bytes. */
export function initialPacket(initial: TestInitial): Uint8Array {
  const version = initial.version ?? 1;
  const keys = new InitialKeys(version, initial.keysOf ?? initial.destination);
  const source = initial.source ?? new Uint8Array(0);
  const token = initial.token ?? new Uint8Array(0);
  const number = Buffer.alloc(4);
  number.writeUInt32BE(initial.packetNumber ?? 0);
  const header = concat(
    [version === 1 ? 0xc3 : 0xd3, ...WIRE_VERSION[version], initial.destination.length],
    initial.destination,
    [source.length],
    source,
    [token.length],
    token,
    word(0x4000 + 4 + initial.frames.length + 16),
    number,
  );
  const nonce = Buffer.from(keys.iv);
  for (let i = 0; i < 4; i++) nonce[8 + i]! ^= number[i]!;
  const seal = createCipheriv("aes-128-gcm", keys.key, nonce).setAAD(header);
  const body = concat(seal.update(initial.frames), seal.final(), seal.getAuthTag());
  const mask = createCipheriv("aes-128-ecb", keys.headerKey, null).update(body.subarray(0, 16));
  header[0]! ^= mask[0]! & 0x0f;
  for (let i = 0; i < 4; i++) header[header.length - 4 + i]! ^= mask[1 + i]!;
  return concat(header, body);
}

/** A CRYPTO frame. */
export function cryptoFrame(offset: number, data: Uint8Array): Uint8Array {
  return concat([6], word(0x4000 + offset), word(0x4000 + data.length), data);
}
