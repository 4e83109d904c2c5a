/** Patterns over texts in memory. Letters of ASCII match in either case; so do others where the pattern holds any. */
import type { Pattern } from "./ast.ts";

/** Says of a text whether it fits. */
export function patternTest(pattern: Pattern): (text: string) => boolean {
  if (pattern.every(isAscii)) return asciiTest(pattern.map(lowerAscii));
  const regexp = new RegExp(patternSource(pattern), "iu");
  return (text) => regexp.test(text);
}

/** The pattern as a regular expression that JavaScript (with the flags iu) and RE2 (with i) read alike. */
export function patternSource(pattern: Pattern): string {
  // [^] is JavaScript's only; a dot that matches a line break needs another flag in RE2.
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

/** An address as the store writes it, which differs from RFC 5952 in ::/96: it takes the last 32 bits for IPv4. */
export function addressText(address: string): string {
  const match = /^::([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (match === null) return address;
  const [high = 0, low = 0] = match.slice(1).map((group) => Number.parseInt(group, 16));
  return `::${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
