/** Single conditions: a comparison, a prefix with its value, a word. */
import { allFilters, anyFilter, type Filter, type Order, type Pattern, type Value } from "./ast.ts";
import { FilterError, shown } from "./error.ts";
import { type Field, filterField } from "./fields.ts";
import { described, type Operator, type Token } from "./lexer.ts";
import { similarFields } from "./similar-fields.ts";
import type { Tokens } from "./tokens.ts";
import { expectedValues, readAddress, readValues } from "./values.ts";

const MAX_VALUES = 500;
/** Parts between wildcards: each is searched for in each row. */
const MAX_PARTS = 10;
const EQUALITY: readonly string[] = ["=", "!=", "in", "not in"];
const ORDER: readonly string[] = ["<", "<=", ">", ">="];
const LIKENESS: readonly string[] = ["~", "!~"];
const ORDERED = new Set<Field["type"]>(["port", "number", "count", "size", "duration"]);
const SEARCHED = new Set<Field["type"]>(["text", "address"]);

/** The operators that a field has. */
export function filterOperators(field: Field): readonly string[] {
  return [...EQUALITY, ...(ORDERED.has(field.type) ? ORDER : []), ...(SEARCHED.has(field.type) ? LIKENESS : [])];
}

/** Is what comes next a comparison? */
export function isComparison(tokens: Tokens): boolean {
  if (tokens.peek().kind !== "word") return false;
  return (
    tokens.peek(1).kind === "operator" || tokens.isKeyword("in", 1) || (tokens.isKeyword("not", 1) && tokens.isKeyword("in", 2))
  );
}

/** @throws FilterError */
export function readComparison(tokens: Tokens): Filter {
  const field = fieldOf(tokens.next());
  if (tokens.takeKeyword("in")) return { kind: "is", field: field.name, values: readList(tokens, field), not: false };
  if (tokens.takeKeyword("not")) {
    tokens.next();
    return { kind: "is", field: field.name, values: readList(tokens, field), not: true };
  }
  const token = tokens.next();
  const op = (token.raw === "==" ? "=" : token.raw) as Operator;
  if (!filterOperators(field).includes(op)) throw new FilterError(`${field.name} has no ${op}`, token, filterOperators(field));
  if (op === "=" || op === "!=") {
    if (tokens.peek().kind === "(") return { kind: "is", field: field.name, values: readList(tokens, field), not: op === "!=" };
    const value = readToken(tokens);
    // domain=*.corp
    if (SEARCHED.has(field.type) && value.parts.length > 1) return like(field, value, op === "!=");
    return { kind: "is", field: field.name, values: valuesOf(field, value), not: op === "!=" };
  }
  if (op === "~" || op === "!~") return like(field, readToken(tokens), op === "!~");
  return { kind: "order", field: field.name, op, value: orderedValue(field, readToken(tokens)) } satisfies Order;
}

function fieldOf(token: Token, name = token.raw): Field {
  const field = filterField(name);
  if (field !== null) return field;
  throw new FilterError(`unknown field ${shown(name)}`, { offset: token.offset, length: name.length }, similarFields(name));
}

/** What a value is written as. */
interface Written {
  readonly offset: number;
  readonly length: number;
  readonly parts: Pattern;
  readonly bare: boolean;
}

function readToken(tokens: Tokens): Written {
  const token = tokens.peek();
  if (token.kind !== "word" && token.kind !== "quoted") throw missing(token, ["a value"]);
  tokens.next();
  return { offset: token.offset, length: token.length, parts: token.parts, bare: token.kind === "word" };
}

function missing(token: Token, expected: readonly string[]): FilterError {
  return new FilterError(token.kind === "end" ? "something is missing" : `unexpected ${described(token)}`, token, expected);
}

/** One value, or several in parentheses. */
function readList(tokens: Tokens, field: Field): Value[] {
  if (!tokens.take("(")) return valuesOf(field, readToken(tokens));
  const values = new Set<Value>();
  do {
    const token = tokens.peek();
    for (const value of valuesOf(field, readToken(tokens))) values.add(value);
    if (values.size > MAX_VALUES) throw new FilterError("too many values", token, [`at most ${MAX_VALUES} of them`]);
  } while (tokens.take(","));
  tokens.expect(")", [",", ")"]);
  return [...values];
}

function valuesOf(field: Field, written: Written): Value[] {
  const text = written.parts.join("*");
  if (written.bare && text.toLowerCase() === "null") {
    if (field.optional) return [null];
    throw new FilterError(`${field.name} always has a value`, written, expectedValues(field));
  }
  if (SEARCHED.has(field.type) && written.parts.length > 1)
    throw new FilterError("a wildcard among several values", written, ["a text without *", "\\* in quotes for the character"]);
  const values = readValues(field, text);
  if (values === null) throw new FilterError(`${shown(text)} is no value of ${field.name}`, written, expectedValues(field));
  return [...values];
}

function orderedValue(field: Field, written: Written): number {
  const [value, ...more] = valuesOf(field, written);
  if (typeof value === "number" && more.length === 0) return value;
  throw new FilterError(`${shown(written.parts.join("*"))} is no single value of ${field.name}`, written, expectedValues(field));
}

function like(field: Field, written: Written, not: boolean): Filter {
  const range = field.type === "address" && written.parts[0]?.includes("/") ? readAddress(written.parts.join("*")) : null;
  if (range !== null) return { kind: "is", field: field.name, values: [range], not };
  return { kind: "like", field: field.name, pattern: patternOf(written), not };
}

function patternOf(written: Written): Pattern {
  if (written.parts.length === 1 && written.parts[0] === "") throw new FilterError("an empty text", written, ["a text", "*"]);
  if (written.parts.length > MAX_PARTS)
    throw new FilterError("too many wildcards", written, [`at most ${MAX_PARTS - 1} of them`]);
  return written.parts;
}

const SIDES: Readonly<Record<string, "src" | "dst">> = { from: "src", src: "src", to: "dst", dst: "dst" };

/** `to:github`, `port:443`: or null if the word is none with a prefix. @throws FilterError */
export function readPrefixed(tokens: Tokens): Filter | null {
  const token = tokens.peek();
  const colon = token.kind === "word" ? (token.parts[0]?.indexOf(":") ?? -1) : -1;
  if (colon < 0) return null;
  const prefix = token.raw.slice(0, colon).toLowerCase();
  const side = SIDES[prefix];
  if (side === undefined && filterField(prefix) === null) {
    // An IPv6 address, or a part of one, or an endpoint.
    if (/^[[\]0-9a-f:.*/]+$/i.test(token.raw)) return null;
    throw new FilterError(`unknown field ${shown(prefix)}`, { offset: token.offset, length: colon }, similarFields(prefix));
  }
  tokens.next();
  const value = prefixedValue(tokens, token, colon);
  return side === undefined ? fieldHolds(fieldOf(token, prefix), value) : endIs(side, value);
}

function prefixedValue(tokens: Tokens, token: Token, colon: number): Written {
  const offset = token.offset + colon + 1;
  const [first = "", ...parts] = token.parts;
  const rest = [first.slice(colon + 1), ...parts];
  if (rest.join("*") !== "") return { offset, length: token.length - colon - 1, parts: rest, bare: true };
  const next = tokens.peek();
  if (next.kind === "quoted" && next.offset === offset) return readToken(tokens);
  throw new FilterError("something is missing", { offset, length: 0 }, ["a value right after the colon"]);
}

function fieldHolds(field: Field, value: Written): Filter {
  const isNull = value.bare && value.parts.join("*").toLowerCase() === "null";
  const exact = field.type === "address" && readAddress(value.parts.join("*")) !== null;
  if (SEARCHED.has(field.type) && !isNull && !exact) return like(field, value, false);
  return { kind: "is", field: field.name, values: valuesOf(field, value), not: false };
}

function endIs(side: "src" | "dst", value: Written): Filter {
  const text = value.parts.join("*");
  const place = placeOf(text, side);
  if (place !== null) return place;
  const pattern = patternOf(value);
  const holds = (name: string): Filter => ({ kind: "like", field: `${side}.${name}`, pattern, not: false });
  if (/^[\d.*]*\.[\d.*]*$/.test(text) || /^[0-9a-f.:*]*:[0-9a-f.:*]*$/i.test(text)) return holds("ip");
  // What a destination outside of the network is known by.
  return side === "dst" ? anyFilter([holds("name"), holds("domain")]) : holds("name");
}

/** An address, a range, or an address with a port (`10.0.0.1:443`, `[fd0a::1]:443`) of one end or of either. */
function placeOf(text: string, side: "src" | "dst" | null): Filter | null {
  const is = (name: string, value: Value): Filter => ({ kind: "is", field: name, values: [value], not: false });
  const address = readAddress(text);
  if (address !== null) return is(side === null ? "ip" : `${side}.ip`, address);
  const match = /^(?:\[([^\]]*:[^\]]*)\]|([\d.]+)):(\d{1,5})$/.exec(text);
  const host = readAddress(match?.[1] ?? match?.[2] ?? "");
  const port = Number(match?.[3] ?? -1);
  if (host === null || port < 0 || port > 0xffff) return null;
  const at = (end: string) => allFilters([is(`${end}.ip`, host), is(`${end}.port`, port)]);
  return side === null ? anyFilter([at("src"), at("dst")]) : at(side);
}

/** Free text, or an address. @throws FilterError */
export function readWord(token: Token): Filter {
  const place = token.kind === "word" && token.parts.length === 1 ? placeOf(token.raw, null) : null;
  return place ?? { kind: "text", pattern: patternOf({ ...token, bare: token.kind === "word" }) };
}
