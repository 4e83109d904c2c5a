/** What the traffic log is asked for, as it stands in the address and as the API takes it. */
import { DIRECTIONS, PARTICIPANT_TYPES, protocolNumber, STATES, VERDICTS } from "@flowtrail/model";
import type { FlowKey } from "../../lib/api.ts";
import { readWindow, type TimeWindow } from "../../lib/time-window.ts";

/** `merged`: one row per connection. `all`: one row per report. */
export type ReportsView = "merged" | "all";

/** Columns that the Filter button offers; several values of one column mean any of them. */
export const FILTER_COLUMNS = ["protocol", "direction", "src_type", "dst_type", "reporter", "verdict", "state"] as const;
export type FilterColumn = (typeof FILTER_COLUMNS)[number];
export type Filters = Readonly<Record<FilterColumn, readonly string[]>>;

export const NO_FILTERS: Filters = {
  protocol: [],
  direction: [],
  src_type: [],
  dst_type: [],
  reporter: [],
  verdict: [],
  state: [],
};

export interface TrafficQuery {
  /** Null: every network but the sample one. */
  readonly network: string | null;
  readonly window: TimeWindow;
  readonly reports: ReportsView;
  readonly filters: Filters;
}

/** Words that a column knows; null: any text (node names), or a protocol's name or number. */
const WORDS: Readonly<Record<FilterColumn, readonly string[] | null>> = {
  protocol: null,
  direction: DIRECTIONS,
  src_type: PARTICIPANT_TYPES,
  dst_type: PARTICIPANT_TYPES,
  reporter: null,
  verdict: VERDICTS,
  state: STATES,
};

/** ICMP is one thing to people; IPv4 and IPv6 number it differently. */
const PROTOCOL_GROUPS: Readonly<Record<string, readonly number[]>> = { icmp: [1, 58] };

/** Reads an address. Words that a column does not know are left out, so an old link shows more rather than nothing. */
export function readQuery(params: URLSearchParams, rememberedView: ReportsView, nowMs: number): TrafficQuery {
  const reports = params.get("reports");
  const filters = Object.fromEntries(FILTER_COLUMNS.map((column) => [column, readFilter(params, column)]));
  return {
    network: params.get("net"),
    window: readWindow(params.get("from"), params.get("to"), nowMs),
    reports: reports === "all" || reports === "merged" ? reports : rememberedView,
    filters: { ...NO_FILTERS, ...filters },
  };
}

function readFilter(params: URLSearchParams, column: FilterColumn): readonly string[] {
  const values = [...new Set(params.getAll(column))].filter((value) => value !== "");
  if (column === "protocol") return values.map((value) => value.toLowerCase()).filter((value) => protocolsOf(value).length > 0);
  return values.filter((value) => WORDS[column]?.includes(value) ?? true);
}

/** The query as address; what the page shows without being told is left out, but for the window, which people read. */
export function writeQuery(query: TrafficQuery): URLSearchParams {
  const params = new URLSearchParams();
  if (query.network !== null) params.set("net", query.network);
  params.set("from", query.window.from);
  if (query.window.to !== "now") params.set("to", query.window.to);
  params.set("reports", query.reports);
  for (const column of FILTER_COLUMNS) for (const value of query.filters[column]) params.append(column, value);
  return params;
}

/** The same question to `GET /api/flows` (without `from` and `to`: to `/live`). */
export function apiParams(query: TrafficQuery, forLive = false): URLSearchParams {
  const params = new URLSearchParams();
  if (!forLive) {
    params.set("from", query.window.from);
    params.set("to", query.window.to);
  }
  params.set("reports", query.reports);
  if (query.network !== null) params.set("network", query.network);
  for (const column of FILTER_COLUMNS) {
    for (const value of query.filters[column]) {
      if (column === "protocol") for (const number of protocolsOf(value)) params.append(column, String(number));
      else params.append(column, value);
    }
  }
  return params;
}

function protocolsOf(value: string): readonly number[] {
  const number = protocolNumber(value);
  return PROTOCOL_GROUPS[value] ?? (number === null ? [] : [number]);
}

export function countFilters(filters: Filters): number {
  return FILTER_COLUMNS.reduce((sum, column) => sum + filters[column].length, 0);
}

export function withoutFilter(filters: Filters, column: FilterColumn, value: string): Filters {
  return { ...filters, [column]: filters[column].filter((other) => other !== value) };
}

/** `flow=debian/123456`: the row whose panel is open. Node names may hold slashes, flow ids do not. */
export function readFlowKey(params: URLSearchParams): FlowKey | null {
  const match = /^(.+)\/(\d{1,20})$/.exec(params.get("flow") ?? "");
  return match?.[1] === undefined || match[2] === undefined ? null : { reporter: match[1], flowId: match[2] };
}

export function writeFlowKey(key: FlowKey): string {
  return `${key.reporter}/${key.flowId}`;
}
