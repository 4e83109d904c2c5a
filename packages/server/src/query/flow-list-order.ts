/** In which order a list stands, and a place in it. */
import type { TimeRange } from "@flowtrail/model";
import type { Narrowed } from "./narrowed.ts";
import type { FlowKey } from "./sql.ts";

export const SORTS = ["time", "bytes", "packets", "duration"] as const;
export type Sort = (typeof SORTS)[number];
export const ORDERS = ["desc", "asc"] as const;

export interface ListOrder {
  readonly sort: Sort;
  readonly order: (typeof ORDERS)[number];
}

/** Between two rows of a list: right behind (`next`) or right before (`prev`) the row of this key, which is not told again. */
export interface ListPlace {
  readonly key: FlowKey;
  readonly toward: "next" | "prev";
  /** What the list is sorted by, of that row; null: it is sorted by time. */
  readonly rank: string | null;
  /** Flows that began earlier were too many to be sorted, too, ms since 1970. */
  readonly looksFromMs: number | null;
}

export interface FlowListQuery extends ListOrder {
  /** A flow is in it if it was active in it. */
  readonly range: TimeRange;
  readonly filter: Narrowed;
  readonly limit: number;
  /** Null: the beginning of the list. */
  readonly place: ListPlace | null;
}

/** Do keys and ranks grow from row to row, as they are looked for? */
export function isAscending({ order, place }: Pick<FlowListQuery, "order" | "place">): boolean {
  return (order === "asc") !== (place?.toward === "prev");
}

/** The place at which a list begins that is to show what happened at this time, rather than its end. */
export function placeAt(atMs: number, order: ListOrder["order"]): ListPlace {
  // No flow has this key: it is before all that began in its millisecond.
  const key = { startMs: order === "desc" ? atMs + 1 : atMs, flowId: "0", reporterId: "" };
  return { key, toward: "next", rank: null, looksFromMs: null };
}
