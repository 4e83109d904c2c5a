/** One row of a FlowBatch ⇄ one JSON object with the names of the column table: for `GET /api/flows`, SSE and NDJSON, at the edges only. */
import { formatAddress, parseAddress } from "./address.ts";
import type { FlowBatch } from "./batch.ts";
import { AddressColumn, type AnyColumn, BoolColumn, EnumColumn, NumberColumn, WideColumn } from "./batch-columns.ts";
import { type Column, SENDER_COLUMNS, STORED_COLUMNS } from "./columns.ts";
import { rfc3339Ms } from "./time-range.ts";

/** flow_id is a string, times are RFC 3339 UTC, counters are numbers (strings above 2^53), null where there is none. */
export type JsonValue = string | number | boolean | null;
export type JsonRow = Record<string, JsonValue>;

export function rowToJson(batch: FlowBatch, row: number): JsonRow {
  const json: JsonRow = {};
  for (const column of STORED_COLUMNS) json[column.name] = readValue(batch.column(column.name), column, row);
  return json;
}

function readValue(data: AnyColumn, column: Column, row: number): JsonValue {
  if (!data.has(row)) return null;
  if (data instanceof AddressColumn) return formatAddress(data.bytes, row * 16);
  if (!(data instanceof WideColumn)) return data.get(row);
  if (column.type === "time") return new Date(data.get(row) ?? 0).toISOString();
  if (column.name === "flow_id") return String(data.getBigInt(row));
  const value = data.get(row) ?? 0;
  return Number.isSafeInteger(value) ? value : String(data.getBigInt(row));
}

export interface FieldError {
  readonly column: string;
  readonly message: string;
}

/** Adds a sender's JSON object as a row. Columns that only the server knows, and unknown ones, are ignored. Adds nothing if a value is wrong. */
export function addJsonRow(batch: FlowBatch, json: Readonly<Record<string, unknown>>): FieldError | null {
  for (const column of SENDER_COLUMNS) {
    const value = json[column.name];
    if (value === undefined || value === null) continue;
    const expected = misfit(column, value);
    if (expected) return { column: column.name, message: `expected ${expected}, got ${described(value)}` };
  }
  const row = batch.addRow();
  for (const column of SENDER_COLUMNS) {
    const value = json[column.name];
    if (value !== undefined && value !== null) writeValue(batch.column(column.name), column, row, value);
  }
  return null;
}

/** Short and safe: a sender's JSON may be nested deeper than JSON.stringify can go. */
function described(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : String(value);
}

const MAX = { u8: 0xff, u16: 0xffff, u32: 0xffffffff } as const;

/** What was expected, or null if the value fits the column. */
function misfit(column: Column, value: unknown): string | null {
  switch (column.type) {
    case "u8":
    case "u16":
    case "u32":
      return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX[column.type]
        ? null
        : `a whole number from 0 to ${MAX[column.type]}`;
    case "u64":
      return parseWide(value) === null ? "a whole number from 0 to 2^64-1 (as a string above 2^53)" : null;
    case "time":
      return parseTime(value) === null ? "an RFC 3339 time, such as 2026-11-22T09:51:00.123Z, or ms since 1970" : null;
    case "address":
      return typeof value === "string" && parseAddress(value) ? null : "an IPv4 or IPv6 address";
    case "enum":
      return typeof value === "string" && column.values?.includes(value) ? null : `one of ${column.values?.join(", ")}`;
    case "bool":
      return typeof value === "boolean" ? null : "true or false";
    case "text":
      return typeof value === "string" && value.length <= MAX_TEXT ? null : `a text of at most ${MAX_TEXT} characters`;
  }
}
/** Longer than any name of the field (a domain has at most 253). */
export const MAX_TEXT = 1024;

function writeValue(data: AnyColumn, column: Column, row: number, value: unknown): void {
  if (data instanceof AddressColumn) data.set(row, parseAddress(String(value)) ?? new Uint8Array(16));
  else if (data instanceof WideColumn)
    data.setBigInt(row, column.type === "time" ? BigInt(parseTime(value) ?? 0) : (parseWide(value) ?? 0n));
  else if (data instanceof NumberColumn) data.set(row, Number(value));
  else if (data instanceof BoolColumn) data.set(row, value === true);
  else if (data instanceof EnumColumn) data.set(row, String(value));
  else data.set(row, String(value));
}

/** A whole number from 0 to 2^64-1, as a number up to 2^53 or as decimal digits. Null if it is none. */
export function parseWide(value: unknown): bigint | null {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : null;
  if (typeof value !== "string" || !/^\d{1,20}$/.test(value)) return null;
  const n = BigInt(value);
  return n < 1n << 64n ? n : null;
}

/** Later than any time of a row: the last one that JavaScript's Date has (ECMA-262, "Time Values and Time Range"). */
export const MAX_TIME_MS = 8.64e15;
/** An RFC 3339 text or a number of ms since 1970 → whole ms since 1970. Null if it is neither, or before 1970. */
export function parseTime(value: unknown): number | null {
  const ms = typeof value === "string" ? rfc3339Ms(value) : value;
  return typeof ms === "number" && ms >= 0 && ms <= MAX_TIME_MS ? Math.floor(ms) : null;
}
