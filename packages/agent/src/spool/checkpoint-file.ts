/** The open flows as bytes, together with the sequence of the last batch that they include. Replaced as a whole. */
import { existsSync, readFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { replaceFile } from "./files.ts";

const HEADER_BYTES = 24;
const MAGIC = "FTCHECK1";

export interface Checkpoint {
  /** All batches up to here are included. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** Throws errors of node:fs. */
export function writeCheckpoint(path: string, { sequence, bytes }: Checkpoint): void {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, "latin1");
  header.writeBigUInt64LE(BigInt(sequence), 8);
  header.writeUInt32LE(crc32(bytes), 16);
  header.writeUInt32LE(crc32(header.subarray(0, 20)), 20);
  replaceFile(path, [header, bytes]);
}

/** "none": there was none yet. "damaged": what is there can't be used. Throws errors of node:fs. */
export function readCheckpoint(path: string): Checkpoint | "none" | "damaged" {
  if (!existsSync(path)) return "none";
  const file = readFileSync(path);
  if (file.length < HEADER_BYTES || file.toString("latin1", 0, 8) !== MAGIC) return "damaged";
  if (file.readUInt32LE(20) !== crc32(file.subarray(0, 20))) return "damaged";
  const bytes = file.subarray(HEADER_BYTES);
  if (file.readUInt32LE(16) !== crc32(bytes)) return "damaged";
  return { sequence: Number(file.readBigUInt64LE(8)), bytes };
}
