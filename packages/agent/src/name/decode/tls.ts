/** The records in which TLS over TCP begins (RFC 8446 §5.1): a ClientHello in one of them, or spread over several. */
import { DecodeError } from "@flowtrail/model";
import { u16, u24 } from "./bytes.ts";
import { type ClientHello, decodeHandshake, incomplete, MAX_CLIENT_HELLO } from "./client-hello.ts";
import type { Work, WorkBound } from "./work.ts";

/** As of the ClientHello, a step for each record and, when there are several, one for each byte that is put together. */
export const TLS_WORK: WorkBound = { perByte: 4, fixed: 32 };

const HANDSHAKE = 22;
const RECORD_HEADER = 5;
/** Of a plaintext record. */
const MAX_RECORD = 16_384;

/**
 * Reads the ClientHello at the beginning of what a client sends over a TCP connection, which may be cut off anywhere: with `neededBytes` of it, all
 * in order from `offset` on, it can be read on. Null: it is no TLS, or it begins with something else.
 * @throws DecodeError of malformed records and hellos, and of a hello longer than MAX_CLIENT_HELLO.
 */
export function decodeTls(bytes: Uint8Array, offset: number, end: number, work: Work): ClientHello | null {
  work.steps++;
  const stop = Math.min(end, bytes.length);
  if (stop - offset < RECORD_HEADER + 1) {
    const isLikely = (offset >= stop || bytes[offset] === HANDSHAKE) && (offset + 1 >= stop || bytes[offset + 1] === 3);
    return isLikely ? incomplete(RECORD_HEADER + 4) : null;
  }
  if (bytes[offset] !== HANDSHAKE || bytes[offset + 1] !== 3) return null;
  const first = offset + RECORD_HEADER;
  const firstEnd = recordEnd(bytes, offset);
  const hello = decodeHandshake(bytes, first, Math.min(stop, firstEnd), work);
  if (hello === null) return null;
  // All within the first record, or the record is not all there: the offsets of the hello are those of the stream.
  if (hello.complete || firstEnd >= stop) return { ...hello, neededBytes: neededOf(hello, firstEnd - first) };
  return decodeSpread(bytes, offset, stop, work);
}

/** What a hello of the stream needs when its first record has `room` bytes: the rest is in one more, at best. */
function neededOf(hello: ClientHello, room: number): number {
  return RECORD_HEADER + (hello.neededBytes <= room ? hello.neededBytes : hello.neededBytes + RECORD_HEADER);
}

function recordEnd(bytes: Uint8Array, at: number): number {
  const length = u16(bytes, at + 3);
  // Handshake records must not be empty.
  if (length === 0 || length > MAX_RECORD) throw new DecodeError("tls", at, `a record of ${length} bytes`);
  return at + RECORD_HEADER + length;
}

/** The hello goes on in further records: their contents are put together first. */
function decodeSpread(bytes: Uint8Array, offset: number, stop: number, work: Work): ClientHello | null {
  const together = new Uint8Array(Math.min(stop - offset, MAX_CLIENT_HELLO));
  let length = 0;
  let at = offset;
  let end = offset;
  while (length < wanted(together, length) && at + RECORD_HEADER <= stop) {
    work.steps++;
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3) throw new DecodeError("tls", at, "another record within a hello");
    end = recordEnd(bytes, at);
    const part = bytes.subarray(at + RECORD_HEADER, Math.min(end, stop, at + RECORD_HEADER + together.length - length));
    together.set(part, length);
    length += part.length;
    work.steps += part.length;
    at += RECORD_HEADER + part.length;
  }
  const hello = decodeHandshake(together, 0, length, work);
  if (hello === null) return null;
  // After a record that is all there, the header of the next one.
  const header = hello.complete || end > stop ? 0 : RECORD_HEADER;
  return { ...hello, neededBytes: at - offset + header + hello.neededBytes - length };
}

/** How much of the hello is worth putting together: all of it, once its length is known. */
function wanted(together: Uint8Array, length: number): number {
  return Math.min(together.length, length < 4 ? 4 : 4 + u24(together, 1));
}
