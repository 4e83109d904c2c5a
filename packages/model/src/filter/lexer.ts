/** A filter's text → tokens. Total: whatever can't be read becomes an error with its place. */

import type { Pattern } from "./ast.ts";
import { FilterError, shown } from "./error.ts";

export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~";
export interface Token {
  readonly kind: "word" | "quoted" | "operator" | "(" | ")" | "," | "!" | "end";
  readonly offset: number;
  readonly length: number;
  /** Of a word or a quoted text: what stands between stars that are wildcards. Joined by `*` it is the text. */
  readonly parts: Pattern;
  /** As it was written. */
  readonly raw: string;
}

/** Longer filters are refused: nobody writes them by hand, and a query's parameters must fit into one request of the store. */
export const MAX_FILTER_LENGTH = 8192;

const SPACE = /\s+/y;
const OPERATOR = /!=|!~|<=|>=|==|[=<>~]/y;
const SINGLE = /[(),!]/y;
/** No part of a bare word. A `'` is one inside of it (O'Brien). */
const WORD = /[^\s()=<>~,!"']+/y;

/** The tokens, the last one being the end. @throws FilterError */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_FILTER_LENGTH) {
    const at = { offset: MAX_FILTER_LENGTH, length: text.length - MAX_FILTER_LENGTH };
    throw new FilterError("the filter is too long", at, [`at most ${MAX_FILTER_LENGTH} characters`]);
  }
  return [...tokensOf(text), { kind: "end", offset: text.length, length: 0, parts: [], raw: "" }];
}

/** The tokens of a filter that is still being written. What can't be read (a quoted text without an end) is the last of them. */
export function tokenizePart(text: string): Token[] {
  const tokens: Token[] = [];
  try {
    for (const token of tokensOf(text.slice(0, MAX_FILTER_LENGTH))) tokens.push(token);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const last = tokens.at(-1);
    const end = last === undefined ? 0 : last.offset + last.length;
    const offset = end + text.slice(end).search(/\S/);
    const raw = text.slice(offset);
    tokens.push({ kind: "quoted", offset, length: raw.length, parts: [raw.slice(1)], raw });
  }
  return tokens;
}

function* tokensOf(text: string): Generator<Token> {
  for (let at = 0; at < text.length; ) {
    const space = matched(SPACE, text, at);
    if (space !== null) {
      at += space.length;
      continue;
    }
    const token = tokenAt(text, at);
    at += token.length;
    yield token;
  }
}

function tokenAt(text: string, at: number): Token {
  if (text[at] === '"' || text[at] === "'") return quotedAt(text, at);
  const operator = matched(OPERATOR, text, at);
  if (operator !== null) return simple("operator", at, operator);
  const single = matched(SINGLE, text, at);
  if (single !== null) return simple(single as "(", at, single);
  return wordAt(text, at);
}

function simple(kind: Token["kind"], offset: number, raw: string): Token {
  return { kind, offset, length: raw.length, parts: [raw], raw };
}

function wordAt(text: string, offset: number): Token {
  let end = offset;
  for (;;) {
    end += matched(WORD, text, end)?.length ?? 0;
    // After a prefix (name:'…') it begins a quoted text.
    if (text[end] !== "'" || text[end - 1] === ":") break;
    end++;
  }
  const raw = text.slice(offset, end);
  return { kind: "word", offset, length: raw.length, parts: patternOf(raw.split("*")), raw };
}

function quotedAt(text: string, offset: number): Token {
  const quote = text[offset];
  const parts = [""];
  for (let i = offset + 1; i < text.length; i++) {
    const c = text[i];
    if (c === quote) {
      const raw = text.slice(offset, i + 1);
      return { kind: "quoted", offset, length: raw.length, parts: patternOf(parts), raw };
    }
    if (c === "*") {
      parts.push("");
      continue;
    }
    if (c === "\\") i = escaped(text, i);
    parts[parts.length - 1] += text[i] ?? "";
  }
  const at = { offset, length: text.length - offset };
  throw new FilterError("the quoted text that begins here has no end", at, [`a closing ${quote}`]);
}

/** Where the character stands that a backslash at `at` keeps from its special meaning. */
function escaped(text: string, at: number): number {
  if (/["'*\\]/.test(text[at + 1] ?? "")) return at + 1;
  throw new FilterError("a backslash that means nothing", { offset: at, length: 1 }, ["\\\\", '\\"', "\\'", "\\*"]);
}

/** `**` is no more than `*`. */
function patternOf(parts: readonly string[]): Pattern {
  return parts.filter((part, i) => part !== "" || i === 0 || i === parts.length - 1);
}

function matched(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** A token as a message shows it. */
export function described({ kind, raw }: Token): string {
  return kind === "end" ? "the end" : shown(raw);
}
