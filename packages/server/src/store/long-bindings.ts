/** Bound parameters of any length: ClickHouse takes 128 KiB each, in a URL all together less than a proxy takes. */
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { Bindings } from "./clickhouse.ts";

/** Of the elements of one parameter, as ClickHouse reads them; escapes may double it. */
const PIECE_CHARS = 32_768;
/** Of all parameters in a URL. */
const URL_CHARS = 4096;

export interface BoundQuery {
  readonly query: string;
  readonly query_params: Record<string, unknown>;
}

/** A list that is too long for one parameter becomes several, and its place in the SQL the list that they make together. */
export function inPieces(sql: string, bindings: Bindings): BoundQuery {
  let query = sql;
  const bound: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(bindings)) {
    const pieces = Array.isArray(value) ? piecesOf(value) : [];
    if (pieces.length < 2) {
      bound[name] = value;
      continue;
    }
    const names = pieces.map((_, i) => `${name}__${i}`);
    query = query.replaceAll(new RegExp(`\\{${name}:([^}]+)\\}`, "g"), (_, type: string) => {
      return `arrayConcat(${names.map((piece) => `{${piece}:${type}}`).join(", ")})`;
    });
    for (const [i, piece] of pieces.entries()) bound[`${name}__${i}`] = piece;
  }
  return { query, query_params: bound };
}

function piecesOf(list: readonly unknown[]): unknown[][] {
  const pieces: unknown[][] = [[]];
  let chars = 0;
  for (const element of list) {
    const own = String(element).length + 3;
    if (chars + own > PIECE_CHARS && chars > 0) {
      pieces.push([]);
      chars = 0;
    }
    pieces.at(-1)?.push(element);
    chars += own;
  }
  return pieces;
}

/** A statement for `exec`, which (unlike `query`) knows URLs only: parameters that are too long for one are its body, as a form. */
export function inBody<T extends BoundQuery>({ query_params, ...request }: T) {
  const told = Object.entries(query_params).map(([name, value]) => [`param_${name}`, parameterText(value)] as const);
  if (new URLSearchParams(told.map(([name, value]) => [name, value])).toString().length <= URL_CHARS)
    return { ...request, query_params };
  const boundary = `flowtrail-${randomUUID()}`;
  const parts = told.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    ...request,
    values: Readable.from([Buffer.from(`${parts.join("")}--${boundary}--\r\n`)], { objectMode: false }),
    http_headers: { "Content-Type": `multipart/form-data; boundary=${boundary}` },
  };
}

const ESCAPED: Readonly<Record<string, string>> = { "\\": "\\\\", "'": "\\'", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** As ClickHouse reads a parameter: `query` of the client does the same, but keeps it to itself. */
function parameterText(value: unknown, within = false): string {
  if (value === null || value === undefined) return within ? "NULL" : "\\N";
  if (Array.isArray(value)) return `[${value.map((element) => parameterText(element, true)).join(",")}]`;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (typeof value !== "string") throw new TypeError(`no parameter of a query: ${typeof value}`);
  const text = value.replace(/[\\'\t\n\r]/g, (char) => ESCAPED[char] ?? char);
  return within ? `'${text}'` : text;
}
