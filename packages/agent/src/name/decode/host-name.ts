/** What may be called a host's name, whoever said it: DNS, TLS, HTTP. Everything else must not become a flow's domain. */
import { latin1 } from "./bytes.ts";
import type { Work } from "./work.ts";

/** RFC 1035 §2.3.4 allows 255 octets on the wire: 253 characters without the root's dot. */
const MAX_HOST_NAME = 253;
/**
 * Labels of letters, digits, hyphens (not at an end; RFC 5890 §2.3.1) and underscores, which real names have. One pass: no character can be
 * matched in two ways.
 */
const LABELS = /^(?!-)[a-zA-Z\d_-]{1,63}(?<!-)(?:\.(?!-)[a-zA-Z\d_-]{1,63}(?<!-))*$/;
/** "Ends in a number" (URL standard, host parsing): an IPv4 address, in however odd a form, or nothing. */
const ADDRESS_LIKE = /(?:^|\.)(?:\d+|0x[\da-f]*)$/;

/**
 * The host name in lower case without the root's dot, or null when it is none: LDH labels and underscores, each of 1 to 63 characters, 253 in
 * all. IDN A-labels (xn--…) stay as they are; U-labels, IP addresses and `[…]` literals are no names.
 */
export function hostName(text: string): string | null {
  if (text.length > MAX_HOST_NAME + 1) return null;
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  if (name.length > MAX_HOST_NAME || !LABELS.test(name)) return null;
  // Only now: the lower case of some letters outside of ASCII lies within it.
  const lower = name.toLowerCase();
  return ADDRESS_LIKE.test(lower) ? null : lower;
}

/** `hostName` of bytes. At most 254 steps, however many bytes there are. */
export function hostNameAt(bytes: Uint8Array, from: number, end: number, work: Work): string | null {
  if (end - from > MAX_HOST_NAME + 1) return null;
  work.steps += end - from;
  return hostName(latin1(bytes, from, end));
}
