/** The first message of a TLS handshake (RFC 8446 §4.1.2): which host the client asks for, and which protocols it speaks. */
import { DecodeError } from "@flowtrail/model";
import { latin1, u16, u24 } from "./bytes.ts";
import { hostNameAt } from "./host-name.ts";
import type { Work, WorkBound } from "./work.ts";

/** An extension of 4 bytes costs a step, a byte of a name one more. */
export const CLIENT_HELLO_WORK: WorkBound = { perByte: 2, fixed: 16 };

/** The largest hello that is read; real ones are up to 2 KB, with post-quantum key shares. Bounds what a caller must keep of one. */
export const MAX_CLIENT_HELLO = 16_384;

const CLIENT_HELLO = 1;
const HEADER = 4;
const SERVER_NAME = 0;
const ALPN = 16;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;
const HOST_NAME = 0;

export interface ClientHello {
  /** Of the server_name extension, in lower case; null: it has none (yet), or it is no host name. */
  readonly serverName: string | null;
  /** Protocol names that the client offers, in its order: "h2", "http/1.1", "h3". Bytes that are no printable ASCII are left out with their name. */
  readonly alpn: readonly string[];
  /**
   * It carries an encrypted_client_hello (RFC 9849): `serverName` may be only the outer name, which stands for the provider. May be, since
   * browsers send a fake one (GREASE ECH, §6.2) to servers that have none, which looks the same.
   */
  readonly ech: boolean;
  /** All of it was there. If not, the name may be there already, but "no ECH" and the ALPN list are not the last word. */
  readonly complete: boolean;
  /** How many bytes, from the offset on, are needed at least to read on: at most as many as there were when it is complete. */
  readonly neededBytes: number;
}

/** What is being read; the fields of a ClientHello, and how far it goes. */
interface Reading {
  serverName: string | null;
  alpn: string[];
  ech: boolean;
}

/**
 * Reads a handshake message, which may be cut off anywhere. Null: it is not a ClientHello.
 * @throws DecodeError of a malformed one, and of one longer than MAX_CLIENT_HELLO.
 */
export function decodeHandshake(bytes: Uint8Array, offset: number, end: number, work: Work): ClientHello | null {
  work.steps++;
  const stop = Math.min(end, bytes.length);
  if (stop <= offset) return incomplete(HEADER);
  if (bytes[offset] !== CLIENT_HELLO) return null;
  if (stop - offset < HEADER) return incomplete(HEADER);
  const neededBytes = HEADER + u24(bytes, offset + 1);
  if (neededBytes > MAX_CLIENT_HELLO) throw new DecodeError("client hello", offset, `of ${neededBytes} bytes`);
  const messageEnd = offset + neededBytes;
  const reading: Reading = { serverName: null, alpn: [], ech: false };
  readBody(bytes, offset + HEADER, messageEnd, Math.min(stop, messageEnd), reading, work);
  return { ...reading, complete: messageEnd <= stop, neededBytes };
}

/** Of a hello of which so little is there that nothing can be said of it. */
export function incomplete(neededBytes: number): ClientHello {
  return { serverName: null, alpn: [], ech: false, complete: false, neededBytes };
}

/** `end`: where the message says that it ends; `stop`: where the bytes end. */
function readBody(bytes: Uint8Array, from: number, end: number, stop: number, out: Reading, work: Work): void {
  // legacy_version, random; then session id, cipher suites and compression methods, each after its length.
  let at = from + 34;
  for (const [lengthBytes, least, most] of VECTORS) {
    work.steps++;
    checkEnd(at + lengthBytes, end);
    if (at + lengthBytes > stop) return;
    const length = lengthBytes === 1 ? bytes[at]! : u16(bytes, at);
    if (length < least || length > most) throw new DecodeError("client hello", at, "a field of a wrong length");
    at += lengthBytes + length;
  }
  checkEnd(at, end);
  // TLS 1.2 and older: extensions may be missing.
  if (at === end) return;
  checkEnd(at + 2, end);
  if (at + 2 > stop) return;
  const extensionsEnd = at + 2 + u16(bytes, at);
  if (extensionsEnd !== end) throw new DecodeError("client hello", at, "extensions that do not end where it does");
  readExtensions(bytes, at + 2, end, stop, out, work);
}

/** Bytes of the length, least and greatest length. */
const VECTORS = [
  [1, 0, 32],
  [2, 2, 65_534],
  [1, 1, 255],
] as const;

/** That the bytes are cut off is no fault; that the message itself is too short is one. */
function checkEnd(needed: number, end: number): void {
  if (needed > end) throw new DecodeError("client hello", end, "shorter than its fields");
}

function readExtensions(bytes: Uint8Array, from: number, end: number, stop: number, out: Reading, work: Work): void {
  let named = false;
  let offered = false;
  for (let at = from; at < end; ) {
    work.steps++;
    checkEnd(at + 4, end);
    if (at + 4 > stop) return;
    const type = u16(bytes, at);
    const data = at + 4;
    at = data + u16(bytes, at + 2);
    if (at > end) throw new DecodeError("client hello", data, "an extension that is too long");
    if (type === ENCRYPTED_CLIENT_HELLO) out.ech = true;
    if (type !== SERVER_NAME && type !== ALPN) continue;
    if (at > stop) return;
    // Two of one type may not be (RFC 8446 §4.2), and which of them the server believes is anybody's guess.
    if (type === SERVER_NAME ? named : offered) throw new DecodeError("client hello", data, "an extension that is there twice");
    if (type === SERVER_NAME) {
      named = true;
      out.serverName = readServerName(bytes, data, at, work);
    } else {
      offered = true;
      readAlpn(bytes, data, at, out.alpn, work);
    }
  }
}

/** RFC 6066 §3: a list of names by type, in which there is one of type host_name. */
function readServerName(bytes: Uint8Array, from: number, end: number, work: Work): string | null {
  if (end - from < 2 || from + 2 + u16(bytes, from) !== end)
    throw new DecodeError("client hello", from, "a server name list of a wrong length");
  for (let at = from + 2; at < end; ) {
    work.steps++;
    if (at + 3 > end) throw new DecodeError("client hello", at, "a server name that is too short");
    const name = at + 3;
    const nameEnd = name + u16(bytes, at + 1);
    if (nameEnd > end) throw new DecodeError("client hello", at, "a server name that is too long");
    if (bytes[at] === HOST_NAME) return hostNameAt(bytes, name, nameEnd, work);
    at = nameEnd;
  }
  return null;
}

/** RFC 7301 §3.1. GREASE values (RFC 8701), two bytes that are no text, are not kept. */
function readAlpn(bytes: Uint8Array, from: number, end: number, out: string[], work: Work): void {
  if (end - from < 2 || from + 2 + u16(bytes, from) !== end)
    throw new DecodeError("client hello", from, "a protocol list of a wrong length");
  for (let at = from + 2; at < end; ) {
    const length = bytes[at]!;
    work.steps += 1 + length;
    if (length === 0 || at + 1 + length > end) throw new DecodeError("client hello", at, "a protocol name of a wrong length");
    const name = latin1(bytes, at + 1, at + 1 + length);
    if (PRINTABLE.test(name)) out.push(name);
    at += 1 + length;
  }
}

const PRINTABLE = /^[\x21-\x7e]+$/;
