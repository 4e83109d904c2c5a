/**
 * Addresses in their internal form: 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), at an offset of a larger array,
 * so that a column of addresses is one Uint8Array. An IPv4 address and its mapped IPv6 form are the same address.
 */

export const ADDRESS_BYTES = 16;

const scratch = new Uint8Array(ADDRESS_BYTES);
const DOT = 46;
const COLON = 58;

/** Reads an IPv4 or IPv6 address (RFC 4291 §2.2; no zone, no leading zeros in IPv4). Null when it is none. */
export function parseAddress(text: string): Uint8Array | null {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  return writeAddress(text, bytes, 0) ? bytes : null;
}

/** Reads an address into 16 bytes of `out`. False, and `out` untouched, when the text is no address. */
export function writeAddress(text: string, out: Uint8Array, offset: number): boolean {
  // The longest form is 45 characters: eight groups, the last two as dotted IPv4.
  if (text.length < 2 || text.length > 45) return false;
  if (text.includes(":")) {
    if (!readV6(text)) return false;
  } else {
    if (!readV4(text, 0, 12)) return false;
    scratch.fill(0, 0, 10);
    scratch.fill(0xff, 10, 12);
  }
  out.set(scratch, offset);
  return true;
}

/** Reads a.b.c.d from `from` to the end of the text into four bytes of the scratch. */
function readV4(text: string, from: number, at: number): boolean {
  let octets = 0;
  let value = 0;
  let digits = 0;
  for (let i = from; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : DOT;
    if (c === DOT) {
      if (digits === 0 || octets === 4) return false;
      scratch[at + octets++] = value;
      value = 0;
      digits = 0;
      continue;
    }
    const digit = c - 48;
    // A leading zero is refused: some readers take it for octal, so 010.0.0.1 would be two different hosts.
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return false;
    value = value * 10 + digit;
    digits++;
    if (value > 255) return false;
  }
  return octets === 4;
}

function readV6(text: string): boolean {
  let at = 0;
  /** Where `::` stands, in bytes. */
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    gap = 0;
    i = 2;
  }
  while (i < text.length) {
    const start = i;
    let value = 0;
    let digit = hexDigit(text.charCodeAt(i));
    while (digit >= 0 && i - start < 4) {
      value = value * 16 + digit;
      digit = hexDigit(text.charCodeAt(++i));
    }
    if (i === start) return false;
    const c = i < text.length ? text.charCodeAt(i) : -1;
    if (c === DOT) {
      if (at > 12 || !readV4(text, start, at)) return false;
      at += 4;
      break;
    }
    if (at > 14) return false;
    scratch[at++] = value >> 8;
    scratch[at++] = value & 0xff;
    if (c === -1) break;
    if (c !== COLON || ++i === text.length) return false;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false;
      gap = at;
      i++;
    }
  }
  if (gap < 0) return at === ADDRESS_BYTES;
  // `::` stands for at least one group of zeros.
  if (at > 14) return false;
  scratch.copyWithin(ADDRESS_BYTES - (at - gap), gap, at);
  scratch.fill(0, gap, ADDRESS_BYTES - (at - gap));
  return true;
}

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Writes an address as people know it: dotted for IPv4, RFC 5952 for IPv6. */
export function formatAddress(bytes: Uint8Array, offset = 0): string {
  if (isV4Mapped(bytes, offset)) {
    return `${bytes[offset + 12]}.${bytes[offset + 13]}.${bytes[offset + 14]}.${bytes[offset + 15]}`;
  }
  const [gap, length] = longestZeros(bytes, offset);
  let text = "";
  for (let group = 0; group < 8; group++) {
    if (group === gap) {
      text += "::";
      group += length - 1;
      continue;
    }
    if (group > 0 && group !== gap + length) text += ":";
    text += groupAt(bytes, offset, group).toString(16);
  }
  return text;
}

/** The groups that `::` replaces: the first of the longest runs of zeros, at least two (RFC 5952 §4.2). */
function longestZeros(bytes: Uint8Array, offset: number): [start: number, length: number] {
  let best = -9;
  let bestLength = 1;
  let run = 0;
  for (let group = 0; group < 8; group++) {
    run = groupAt(bytes, offset, group) === 0 ? run + 1 : 0;
    if (run > bestLength) {
      bestLength = run;
      best = group - run + 1;
    }
  }
  return [best, bestLength];
}

function groupAt(bytes: Uint8Array, offset: number, group: number): number {
  return ((bytes[offset + group * 2] ?? 0) << 8) | (bytes[offset + group * 2 + 1] ?? 0);
}

/** Is it an IPv4 address in its mapped form? */
export function isV4Mapped(bytes: Uint8Array, offset = 0): boolean {
  if (bytes[offset + 10] !== 0xff || bytes[offset + 11] !== 0xff) return false;
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return true;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(bytes: Uint8Array, offset = 0): boolean {
  if (isV4Mapped(bytes, offset)) return bytes[offset + 12] === 127;
  return bytes[offset + 15] === 1 && zerosUpTo(bytes, offset, 15);
}

/** 169.254.0.0/16 (RFC 3927) or fe80::/10. */
export function isLinkLocal(bytes: Uint8Array, offset = 0): boolean {
  if (isV4Mapped(bytes, offset)) return bytes[offset + 12] === 169 && bytes[offset + 13] === 254;
  return bytes[offset] === 0xfe && ((bytes[offset + 1] ?? 0) & 0xc0) === 0x80;
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticast(bytes: Uint8Array, offset = 0): boolean {
  if (isV4Mapped(bytes, offset)) return ((bytes[offset + 12] ?? 0) & 0xf0) === 0xe0;
  return bytes[offset] === 0xff;
}

/** 0.0.0.0 or ::. */
export function isUnspecified(bytes: Uint8Array, offset = 0): boolean {
  return isV4Mapped(bytes, offset) ? zerosUpTo(bytes, offset + 12, 4) : zerosUpTo(bytes, offset, ADDRESS_BYTES);
}

function zerosUpTo(bytes: Uint8Array, offset: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (bytes[offset + i] !== 0) return false;
  return true;
}

/** Orders addresses by their 16 bytes, as the store does. */
export function compareAddresses(a: Uint8Array, b: Uint8Array, aOffset = 0, bOffset = 0): number {
  for (let i = 0; i < ADDRESS_BYTES; i++) {
    const difference = (a[aOffset + i] ?? 0) - (b[bOffset + i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Bytes of an address that its /24 (IPv4), its /48 (IPv6) has. */
const V4_KEPT = 15;
const V6_KEPT = 6;

/** Clears what names one host of a network of the internet: all but the /24 of IPv4, the /48 of IPv6. */
export function truncateAddress(bytes: Uint8Array, offset = 0): void {
  bytes.fill(0, offset + (isV4Mapped(bytes, offset) ? V4_KEPT : V6_KEPT), offset + ADDRESS_BYTES);
}

/** Has the address nothing but its /24, its /48? So has one host of 256. */
export function isTruncated(bytes: Uint8Array): boolean {
  const kept = isV4Mapped(bytes) ? V4_KEPT : V6_KEPT;
  return bytes.subarray(kept, ADDRESS_BYTES).every((byte) => byte === 0);
}
