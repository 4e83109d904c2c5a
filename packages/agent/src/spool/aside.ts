/** Batches that the server will never take (400): kept for people to look at, in a folder that can't grow for ever. */
import { appendFileSync, readdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "./files.ts";

const MAX_FILES = 200;

/**
 * Keeps a batch as `<name>.arrow`, and why it is here in `<name>.reason.txt`; the oldest make room. Throws errors of node:fs.
 * Readable with any Arrow tool.
 */
export function keepAside(dir: string, name: string, bytes: Uint8Array, reason: string, maxBytes: number): void {
  makeDirectory(dir);
  makeRoom(dir, bytes.length, maxBytes);
  if (bytes.length <= maxBytes) writeFileSync(join(dir, `${name}.arrow`), bytes, { mode: 0o600 });
  appendFileSync(join(dir, `${name}.reason.txt`), `${reason}\n`, { mode: 0o600 });
}

function makeRoom(dir: string, bytes: number, maxBytes: number): void {
  // Names begin with the sequence, so that their order is that of time.
  const files = readdirSync(dir)
    .sort()
    .map((name) => ({ path: join(dir, name), bytes: statSync(join(dir, name)).size }));
  let total = files.reduce((sum, file) => sum + file.bytes, 0);
  for (let i = 0; i < files.length && (total + bytes > maxBytes || files.length - i >= MAX_FILES); i++) {
    const file = files[i]!;
    unlinkSync(file.path);
    total -= file.bytes;
  }
}
