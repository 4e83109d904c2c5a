/**
 * One batch in a segment file: a header of 48 bytes (little endian), then the payload.
 *
 *   0 magic (8)   8 payload bytes (u32)   12 rows (u32)   16 sequence (u64)   24 covered from, ms (u64)   32 covered to, ms (u64)
 *  40 CRC-32 of the payload (u32)   44 CRC-32 of bytes 0–43 (u32)
 *
 * The header has a checksum of its own, so that its length can be believed and a damaged payload costs one record only.
 */
import { crc32 } from "node:zlib";

export const HEADER_BYTES = 48;
/** Not text, and with bytes that a transfer in text mode would change, as PNG's. */
export const MAGIC = Uint8Array.of(0xf1, 0x46, 0x54, 0x42, 0x01, 0x0d, 0x0a, 0x1a);

export interface RecordInfo {
  readonly rows: number;
  readonly coveredFromMs: number;
  readonly coveredToMs: number;
}
export interface RecordHeader extends RecordInfo {
  readonly sequence: number;
  readonly payloadBytes: number;
  readonly payloadCrc: number;
}

export function encodeHeader(sequence: number, payload: Uint8Array, info: RecordInfo): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.set(MAGIC);
  header.writeUInt32LE(payload.length, 8);
  header.writeUInt32LE(info.rows, 12);
  header.writeBigUInt64LE(BigInt(sequence), 16);
  header.writeBigUInt64LE(BigInt(Math.trunc(info.coveredFromMs)), 24);
  header.writeBigUInt64LE(BigInt(Math.trunc(info.coveredToMs)), 32);
  header.writeUInt32LE(crc32(payload), 40);
  header.writeUInt32LE(crc32(header.subarray(0, 44)), 44);
  return header;
}

/** Null if the 48 bytes are no intact header. */
export function decodeHeader(header: Buffer): RecordHeader | null {
  if (header.length < HEADER_BYTES || MAGIC.some((byte, i) => header[i] !== byte)) return null;
  if (header.readUInt32LE(44) !== crc32(header.subarray(0, 44))) return null;
  return {
    payloadBytes: header.readUInt32LE(8),
    rows: header.readUInt32LE(12),
    sequence: Number(header.readBigUInt64LE(16)),
    coveredFromMs: Number(header.readBigUInt64LE(24)),
    coveredToMs: Number(header.readBigUInt64LE(32)),
    payloadCrc: header.readUInt32LE(40),
  };
}
