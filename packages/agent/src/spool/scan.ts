/** Reads a segment record by record and gets over whatever is damaged in it. */
import { readFully } from "./files.ts";
import { decodeHeader, HEADER_BYTES, MAGIC, type RecordHeader } from "./record.ts";

/** What stands at a place of a segment. */
export type Found =
  | { readonly kind: "record"; readonly header: RecordHeader; readonly offset: number; readonly nextOffset: number }
  /** No intact header here: `nextOffset` is where the next one begins, or the end. */
  | { readonly kind: "damage"; readonly offset: number; readonly nextOffset: number }
  /** A record that was being written when the process died: it ends after the file does. */
  | { readonly kind: "torn"; readonly offset: number; readonly nextOffset: number }
  | { readonly kind: "end" };

const SEARCH_BYTES = 64 * 1024;

/** Reads what is at `offset` of a segment of which `size` bytes are in use. Only headers are read, not payloads. */
export function findRecord(fd: number, offset: number, size: number): Found {
  if (offset >= size) return { kind: "end" };
  if (size - offset < HEADER_BYTES) return { kind: "torn", offset, nextOffset: size };
  const bytes = Buffer.alloc(HEADER_BYTES);
  readFully(fd, bytes, offset);
  const header = decodeHeader(bytes);
  if (header === null) return { kind: "damage", offset, nextOffset: nextHeader(fd, offset + 1, size) };
  const nextOffset = offset + HEADER_BYTES + header.payloadBytes;
  // The header is intact, so it is the file that is too short. It may have been cut in the middle of the spool's life, too.
  if (nextOffset > size) return { kind: "torn", offset, nextOffset: size };
  return { kind: "record", header, offset, nextOffset };
}

/** The next place from `offset` on that begins with an intact header. */
function nextHeader(fd: number, offset: number, size: number): number {
  const window = Buffer.alloc(SEARCH_BYTES);
  const header = Buffer.alloc(HEADER_BYTES);
  // Windows overlap by a magic less one byte, so that none is missed at their seam.
  for (let base = offset; base < size; base += SEARCH_BYTES - MAGIC.length + 1) {
    const count = readFully(fd, window, base);
    for (let at = window.indexOf(MAGIC); at >= 0 && at < count; at = window.indexOf(MAGIC, at + 1)) {
      const whole = readFully(fd, header, base + at) === HEADER_BYTES && base + at + HEADER_BYTES <= size;
      if (whole && decodeHeader(header) !== null) return base + at;
    }
    if (count < SEARCH_BYTES) break;
  }
  return size;
}
