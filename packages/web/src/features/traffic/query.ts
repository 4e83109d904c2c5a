/** What the traffic log is asked for, as it stands in the address and as the API takes it. */
import type { FlowKey } from "../../lib/api.ts";
import { type Asked, askedParams, readAsked, writeAsked } from "../../lib/asked.ts";

/** `merged`: one row per connection. `all`: one row per report. */
export type ReportsView = "merged" | "all";

export interface TrafficQuery extends Asked {
  readonly reports: ReportsView;
}

/** Reads an address. */
export function readQuery(params: URLSearchParams, rememberedView: ReportsView, nowMs: number): TrafficQuery {
  const reports = params.get("reports");
  return {
    ...readAsked(params, nowMs),
    reports: reports === "all" || reports === "merged" ? reports : rememberedView,
  };
}

/** The query as address; what else the address says stays. */
export function writeQuery(query: TrafficQuery, rest: URLSearchParams = new URLSearchParams()): URLSearchParams {
  const params = writeAsked(query, rest);
  params.set("reports", query.reports);
  return params;
}

/** The same question to `GET /api/flows` (without `from` and `to`: to `/live`). */
export function apiParams(query: TrafficQuery, forLive = false): URLSearchParams {
  const params = askedParams(query);
  if (forLive) for (const name of ["from", "to"]) params.delete(name);
  params.set("reports", query.reports);
  return params;
}

/** `flow=debian/123456`: the row whose panel is open. Node names may hold slashes, flow ids do not. */
export function readFlowKey(params: URLSearchParams): FlowKey | null {
  const match = /^(.+)\/(\d{1,20})$/.exec(params.get("flow") ?? "");
  return match?.[1] === undefined || match[2] === undefined ? null : { reporter: match[1], flowId: match[2] };
}

export function writeFlowKey(key: FlowKey): string {
  return `${key.reporter}/${key.flowId}`;
}
