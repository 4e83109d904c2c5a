/** Patterns over texts in memory. Letters of ASCII match in either case; so do others where the pattern holds any. */
import type { Pattern } from "./ast.ts";

/** Says of a text whether it fits, in time that grows with its length and no faster: part by part, never by trying again. */
export function patternTest(pattern: Pattern): (text: string) => boolean {
  return pattern.every(isAscii) ? asciiTest(pattern.map(lowerAscii)) : unicodeTest(pattern);
}

/** The pattern as a regular expression of RE2, which never tries again either. */
export function patternSource(pattern: Pattern): string {
  const source = pattern.map(escapeRegExp).join("[\\s\\S]*");
  return pattern.length === 1 ? source : `^${source}$`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
}

export function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are part of ASCII
  return /^[\x00-\x7f]*$/.test(text);
}

/** As the store's `lower` does. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function asciiTest([first = "", ...rest]: readonly string[]): (text: string) => boolean {
  if (rest.length === 0) return (text) => lowerAscii(text).includes(first);
  const last = rest.pop() ?? "";
  return (given) => {
    const text = lowerAscii(given);
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}

/** By simple case folding, as RE2 does: each character stands for one. */
function unicodeTest([first = "", ...rest]: Pattern): (text: string) => boolean {
  const [only, begin] = [literal(first, "g"), literal(first, "y")];
  if (rest.length === 0) return (text) => endOf(only, text, 0) >= 0;
  const end = new RegExp(`${escapeRegExp(rest.pop() ?? "")}$`, "iu");
  const middle = rest.map((part) => literal(part, "g"));
  return (text) => {
    let at = endOf(begin, text, 0);
    for (const part of middle) if (at >= 0) at = endOf(part, text, at);
    return at >= 0 && end.test(text.slice(at));
  };
}

function literal(part: string, how: "g" | "y"): RegExp {
  return new RegExp(escapeRegExp(part), `iu${how}`);
}

/** Where the first occurrence from `at` on ends, or -1. */
function endOf(part: RegExp, text: string, at: number): number {
  part.lastIndex = at;
  return part.test(text) ? part.lastIndex : -1;
}

/** An address as the store writes it, which differs from RFC 5952 in ::/96: it takes the last 32 bits for IPv4. */
export function addressText(address: string): string {
  const match = /^::([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (match === null) return address;
  const [high = 0, low = 0] = match.slice(1).map((group) => Number.parseInt(group, 16));
  return `::${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
