/** How texts are written so that the lexer reads them back. */
import type { Pattern } from "./ast.ts";

const BARE = /^[^\s()=<>~,!"'*]+$/;
const KEYWORDS = new Set(["and", "or", "not", "in", "null"]);

export function isKeyword(text: string): boolean {
  return KEYWORDS.has(text.toLowerCase());
}

/** A text as the value of a comparison. */
export function spellText(text: string): string {
  return BARE.test(text) && !isKeyword(text) ? text : quoted([text]);
}

/** A pattern as the value of a comparison. */
export function spellPattern(pattern: Pattern): string {
  const bare = pattern.every((part) => part === "" || BARE.test(part)) && !isKeyword(pattern.join("*"));
  return bare && pattern.join("*") !== "" ? pattern.join("*") : quoted(pattern);
}

/** A pattern that stands alone. One with a colon could be taken for a prefix, and one that is an address for just that. */
export function spellWord(pattern: Pattern, isAddress: (text: string) => boolean): string {
  const text = pattern.join("*");
  return text.includes(":") || isAddress(text) ? quoted(pattern) : spellPattern(pattern);
}

function quoted(pattern: Pattern): string {
  return `"${pattern.map((part) => part.replace(/["\\*]/g, "\\$&")).join("*")}"`;
}

const SIZE_UNITS = ["TiB", "GiB", "MiB", "KiB"] as const;

/** Bytes, exactly: `1MiB`, `1500`. */
export function spellSize(bytes: number): string {
  for (const [i, unit] of SIZE_UNITS.entries()) {
    const size = 1024 ** (SIZE_UNITS.length - i);
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

const DURATION_UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** Milliseconds, exactly: `5m`, `1h30m`. */
export function spellDuration(ms: number): string {
  let rest = ms;
  let text = "";
  for (const [unit, size] of DURATION_UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest %= size;
  }
  return text || "0s";
}
