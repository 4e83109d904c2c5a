import { once } from "node:events";
import type { Writable } from "node:stream";

const block = Buffer.alloc(64 * 1024, "flowtrail lab ");

/** Writes so many bytes of filling, no faster than they are taken. Returns how many were written: fewer if the other end went away. */
export async function writeBytes(stream: Writable, bytes: number): Promise<number> {
  let written = 0;
  while (written < bytes && stream.writable) {
    const part = block.subarray(0, Math.min(block.length, bytes - written));
    written += part.length;
    if (!stream.write(part)) await Promise.race([once(stream, "drain"), once(stream, "close")]).catch(() => undefined);
  }
  return written;
}
