/** The frames of an Initial packet (RFC 9000 §12.4, §19), of which only CRYPTO counts here. */
import { DecodeError } from "@flowtrail/model";
import { varint, varintBytes } from "./quic-header.ts";
import type { Work } from "./work.ts";

const PADDING = 0;
const PING = 1;
const ACK = 2;
const ACK_ECN = 3;
const CRYPTO = 6;
const CONNECTION_CLOSE = 0x1c;

/** Is called with each CRYPTO frame: `length` bytes at `at` belong at `offset` of the handshake's stream. */
export type CryptoSink = (offset: number, at: number, length: number) => void;

/**
 * Reads the frames of one decrypted packet.
 * @throws DecodeError of malformed frames, and of those that an Initial packet may not have.
 */
export function readFrames(bytes: Uint8Array, crypto: CryptoSink, work: Work): void {
  const end = bytes.length;
  for (let at = 0; at < end; ) {
    work.steps++;
    switch (bytes[at]!) {
      case PADDING:
      case PING:
        at++;
        break;
      case CRYPTO: {
        const offset = varint(bytes, at + 1, end);
        at += 1 + varintBytes(bytes, at + 1);
        const length = varint(bytes, at, end);
        at += varintBytes(bytes, at);
        if (length > end - at) throw new DecodeError("quic", at, "a CRYPTO frame that is longer than its packet");
        crypto(offset, at, length);
        at += length;
        break;
      }
      case ACK:
      case ACK_ECN:
        at = skipAck(bytes, at, end, work);
        break;
      case CONNECTION_CLOSE:
        // The end of the connection, and of what is worth reading.
        return;
      default:
        throw new DecodeError("quic", at, `a frame of type ${bytes[at]} in an Initial packet`);
    }
  }
}

/** Largest, delay, count of ranges, first range, the ranges; ECN counts. */
function skipAck(bytes: Uint8Array, from: number, end: number, work: Work): number {
  let at = from + 1;
  let left = 4;
  for (let field = 0; left > 0; field++, left--) {
    work.steps++;
    const value = varint(bytes, at, end);
    at += varintBytes(bytes, at);
    // Each range takes two bytes at least, so a count that lies ends with the packet.
    if (field === 2) left += value * 2 + (bytes[from] === ACK_ECN ? 3 : 0);
  }
  return at;
}
