import { useMemo } from "react";
import { boundsOf, type TimeWindow } from "../../../lib/time-window.ts";
import { navigate, useUrl } from "../../../lib/url.ts";
import type { TableColumn } from "../columns/column.ts";
import { type ListOrder, readListOrder, writeListOrder } from "./question.ts";

export interface OrderUrl {
  readonly order: ListOrder;
  change(order: ListOrder): void;
  /** A click on a column's head. */
  sortBy(column: TableColumn): void;
}

/** In which order the list stands and where it begins, as the address says it. */
export function useListOrder(window: TimeWindow): OrderUrl {
  const { path, params } = useUrl();
  const [sort, direction, at] = [params.get("sort"), params.get("order"), params.get("at")];
  // biome-ignore lint/correctness/useExhaustiveDependencies: these three are all that is read of `params`
  const order = useMemo(() => {
    const read = readListOrder(params);
    const bounds = boundsOf(window, Date.now());
    const isThere = read.at !== null && bounds !== null && isWithin(Date.parse(read.at), bounds);
    return isThere ? read : { ...read, at: null };
  }, [sort, direction, at, window]);
  const change = (next: ListOrder) => navigate(path, writeListOrder(next, params));
  return {
    order,
    change,
    sortBy({ sort: by }) {
      if (by === undefined) return;
      change({ sort: by, order: order.sort === by && order.order === "desc" ? "asc" : "desc", at: null });
    },
  };
}

function isWithin(ms: number, { fromMs, toMs }: { fromMs: number; toMs: number }): boolean {
  return ms >= fromMs && ms <= toMs;
}
