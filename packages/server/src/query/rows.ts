/** A row of the store → a row of `GET /api/flows`. */
import { type Column, formatAddress, type JsonRow, type JsonValue, parseAddress, STORED_COLUMNS } from "@flowtrail/model";
import { FLOW_COLUMNS } from "../store/schema/flow-tables.ts";
import type { FlowKey } from "./sql.ts";

/** As ClickHouse answers: 64-bit integers are strings, times ISO 8601. */
export type StoredRow = Readonly<Record<string, string | number | boolean | null>>;

export interface FlowRow {
  readonly key: FlowKey;
  readonly version: bigint;
  readonly ended: boolean;
  /** What a list is sorted by, unless it is the time. */
  readonly rank: string | null;
  readonly stored: StoredRow;
}

export function flowKey({ start, flow_id, reporter_id }: StoredRow): FlowKey {
  return { startMs: Date.parse(String(start)), flowId: String(flow_id), reporterId: String(reporter_id) };
}

export function flowRow(stored: StoredRow, ended: boolean): FlowRow {
  const rank = stored.row_rank === undefined ? null : String(stored.row_rank);
  return { key: flowKey(stored), version: BigInt(stored.row_version ?? 0), ended, rank, stored };
}

/** Negative where `a` stands before `b` in a list: newest start first. */
export function compareKeys(a: FlowKey, b: FlowKey): number {
  if (a.startMs !== b.startMs) return b.startMs - a.startMs;
  if (a.flowId !== b.flowId) return BigInt(a.flowId) > BigInt(b.flowId) ? -1 : 1;
  // By bytes, as ClickHouse does.
  return -Buffer.compare(Buffer.from(a.reporterId), Buffer.from(b.reporterId));
}

const notStored: JsonRow = Object.fromEntries(
  STORED_COLUMNS.filter((column) => !FLOW_COLUMNS.includes(column)).map(({ name }) => [name, null]),
);

/** @param isHeard whether something was heard of this reporter lately: an open flow of another one reads as lost */
export function toJson({ stored, key }: FlowRow, isHeard: (reporterId: string) => boolean): JsonRow {
  const json: JsonRow = {};
  for (const column of FLOW_COLUMNS) json[column.name] = value(column, stored[column.name] ?? null);
  Object.assign(json, notStored);
  if (json.state === "open" && !isHeard(key.reporterId)) json.state = "lost";
  return json;
}

function value(column: Column, stored: string | number | boolean | null): JsonValue {
  if (stored === null) return null;
  if (column.type === "address") return formatAddress(parseAddress(String(stored)) ?? new Uint8Array(16));
  if (column.type === "u64" && column.name !== "flow_id") return Number.isSafeInteger(Number(stored)) ? Number(stored) : stored;
  return stored;
}
