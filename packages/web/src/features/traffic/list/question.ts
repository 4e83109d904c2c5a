/** What the list is asked for: which flows, in which order, and from where on. */
import { isLive, type TimeWindow } from "../../../lib/time-window.ts";
import type { ReportsView } from "../query.ts";

/** As the API has them (`sort` of `GET /api/flows`). */
export const SORTS = ["time", "bytes", "packets", "duration"] as const;
export type Sort = (typeof SORTS)[number];
export type SortOrder = "desc" | "asc";

/** The list's own part of the address. */
export interface ListOrder {
  readonly sort: Sort;
  readonly order: SortOrder;
  /** The list begins at this time, RFC 3339, instead of at its end; only of lists by time. */
  readonly at: string | null;
}

export const NEWEST_FIRST: ListOrder = { sort: "time", order: "desc", at: null };

export interface FlowQuestion extends ListOrder {
  readonly window: TimeWindow;
  readonly reports: ReportsView;
  /** Which flows, as the API takes it: `network`, `q`, `reports`, … */
  readonly flows: URLSearchParams;
}

/** Reads the address. What cannot be is left out. */
export function readListOrder(params: URLSearchParams): ListOrder {
  const sort = SORTS.find((one) => one === params.get("sort")) ?? "time";
  const order = params.get("order") === "asc" ? "asc" : "desc";
  const at = params.get("at");
  const isTime = sort === "time" && at !== null && !Number.isNaN(Date.parse(at));
  return { sort, order, at: isTime ? at : null };
}

/** Puts it into an address, whose other parts stay; what everybody gets without asking is left out. */
export function writeListOrder({ sort, order, at }: ListOrder, rest: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams([...rest].filter(([name]) => !OWN.has(name)));
  if (sort !== "time") params.set("sort", sort);
  if (order !== "desc") params.set("order", order);
  if (at !== null) params.set("at", at);
  return params;
}
const OWN = new Set(["sort", "order", "at"]);

/** The first page, to `GET /api/flows`. */
export function pageParams({ flows, window, sort, order, at }: FlowQuestion): URLSearchParams {
  const params = new URLSearchParams(flows);
  params.set("from", window.from);
  params.set("to", window.to);
  if (sort !== "time") params.set("sort", sort);
  if (order !== "desc") params.set("order", order);
  if (at !== null) params.set("at", at);
  return params;
}

/** Newest first up to now: the only list in which what is new has its place, on top. */
export function takesNewRows({ window, sort, order }: FlowQuestion): boolean {
  return isLive(window) && sort === "time" && order === "desc";
}
