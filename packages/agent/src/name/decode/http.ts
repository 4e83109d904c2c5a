/** The host in the head of an HTTP/1 request (RFC 9112 §3.2). */
import { DecodeError } from "@flowtrail/model";
import { latin1 } from "./bytes.ts";
import { hostNameAt } from "./host-name.ts";
import type { Work, WorkBound } from "./work.ts";

/** Each byte is looked at to find its line, another time to find what ends in it, and once more if it is a host's. */
export const HTTP_WORK: WorkBound = { perByte: 4, fixed: 32 };

/** How much of a head is read; servers refuse longer ones. */
export const MAX_HTTP_HEAD = 16_384;
/** The longest method that is registered has 17 characters. */
const MAX_METHOD = 20;

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const HASH = 35;
const HYPHEN = 45;
const SLASH = 47;
const COLON = 58;
const QUESTION = 63;
const AT = 64;
const OPEN_BRACKET = 91;

const VERSION = " HTTP/1.1";
const VERSION_FORM = /^ HTTP\/1\.\d$/;
const SCHEME_FORM = /^https?:\/\//i;
const PORT_FORM = /^\d{0,5}$/;

export interface HttpRequest {
  /** The host that is asked for, in lower case and without its port; null: none (yet), or an address, or no host name. */
  readonly host: string | null;
  /** The head is all there, or as much of it as will be read. If not, more bytes may bring the host, or show that the head is malformed. */
  readonly complete: boolean;
}

/**
 * Reads the beginning of what a client sends over a TCP connection, which may be cut off anywhere. A target in absolute form, or of a CONNECT, counts
 * before the Host header (§3.2.2, §3.2.3). Null: it is no HTTP/1 request.
 * @throws DecodeError of a head that a server must refuse: a header line that is none, two Host headers.
 */
export function decodeHttp(bytes: Uint8Array, offset: number, end: number, work: Work): HttpRequest | null {
  work.steps++;
  const limit = offset + MAX_HTTP_HEAD;
  const stop = Math.min(end, bytes.length, limit);
  const target = targetAt(bytes, offset, stop, work);
  if (target < 0) return null;
  const lineEnd = find(bytes, target, stop, LF, work);
  if (lineEnd === stop) return { host: null, complete: stop >= limit };
  const targetEnd = withoutCr(bytes, target, lineEnd) - VERSION.length;
  if (targetEnd <= target || !VERSION_FORM.test(latin1(bytes, targetEnd, targetEnd + VERSION.length))) return null;
  const headers = readHeaders(bytes, lineEnd + 1, stop, work);
  const authority = authorityAt(bytes, offset, target, targetEnd);
  return {
    host: authority < 0 ? headers.host : hostOf(bytes, authority, authorityEnd(bytes, authority, targetEnd, work), work),
    complete: headers.complete || stop >= limit,
  };
}

/** Where the target begins: after the method and a space. -1: no method is there. The end: it may still become one. */
function targetAt(bytes: Uint8Array, offset: number, stop: number, work: Work): number {
  for (let at = offset; at < stop && at <= offset + MAX_METHOD; at++) {
    work.steps++;
    const c = bytes[at]!;
    if (c === SPACE) return at === offset ? -1 : at + 1;
    if ((c < 65 || c > 90) && c !== HYPHEN) return -1;
  }
  return stop - offset <= MAX_METHOD ? stop : -1;
}

/** Where `octet` is, or `stop`. */
function find(bytes: Uint8Array, from: number, stop: number, octet: number, work: Work): number {
  let at = from;
  while (at < stop && bytes[at] !== octet) at++;
  work.steps += at - from + 1;
  return at;
}

function withoutCr(bytes: Uint8Array, from: number, lineEnd: number): number {
  return lineEnd > from && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
}

/** Where the target names a host: -1 when it is only a path, or `*`. */
function authorityAt(bytes: Uint8Array, method: number, target: number, targetEnd: number): number {
  if (latin1(bytes, method, target) === "CONNECT ") return target;
  const scheme = SCHEME_FORM.exec(latin1(bytes, target, Math.min(target + 8, targetEnd)));
  return scheme ? target + scheme[0].length : -1;
}

function authorityEnd(bytes: Uint8Array, from: number, targetEnd: number, work: Work): number {
  let at = from;
  while (at < targetEnd && bytes[at] !== SLASH && bytes[at] !== QUESTION && bytes[at] !== HASH) at++;
  work.steps += at - from;
  return at;
}

function readHeaders(bytes: Uint8Array, from: number, stop: number, work: Work): HttpRequest {
  let host: string | null = null;
  let hosts = 0;
  let isHost = false;
  for (let at = from; at < stop; ) {
    const lineEnd = find(bytes, at, stop, LF, work);
    if (lineEnd === stop) break;
    const valueEnd = withoutCr(bytes, at, lineEnd);
    if (valueEnd === at) return { host, complete: true };
    if (bytes[at] === SPACE || bytes[at] === TAB) {
      // A line that goes on (§5.2): no matter, but a host may not be told in two lines.
      if (isHost) throw new DecodeError("http", at, "a Host header of two lines");
    } else {
      const colon = find(bytes, at, valueEnd, COLON, work);
      if (colon === at || colon === valueEnd) throw new DecodeError("http", at, "a header line without a name");
      isHost = colon - at === 4 && latin1(bytes, at, colon).toLowerCase() === "host";
      if (isHost && ++hosts > 1) throw new DecodeError("http", at, "two Host headers");
      if (isHost) host = hostOf(bytes, colon + 1, valueEnd, work);
    }
    at = lineEnd + 1;
  }
  return { host, complete: false };
}

/** The host of `[userinfo@]host[:port]` (RFC 3986 §3.2), with white space around it. */
function hostOf(bytes: Uint8Array, from: number, end: number, work: Work): string | null {
  let start = from;
  let stop = end;
  while (start < stop && isSpace(bytes[start]!)) start++;
  while (stop > start && isSpace(bytes[stop - 1]!)) stop--;
  const port = bytes.subarray(start, stop).lastIndexOf(COLON);
  const at = bytes.subarray(start, stop).lastIndexOf(AT);
  work.steps += end - from;
  const hostEnd = port > at ? start + port : stop;
  start += at + 1;
  if (bytes[start] === OPEN_BRACKET) return null;
  if (hostEnd < stop && (stop - hostEnd > 6 || !PORT_FORM.test(latin1(bytes, hostEnd + 1, stop)))) return null;
  return hostNameAt(bytes, start, hostEnd, work);
}

const isSpace = (c: number): boolean => c === SPACE || c === TAB;
