import { useMemo } from "react";
import { usePinned } from "../overview/pinned.ts";
import type { FlowQuestion, ListOrder } from "./list/question.ts";
import { apiParams, type TrafficQuery } from "./query.ts";

/** What the list is asked for; the same object as long as the same is asked, however else the address changes. */
export function useQuestion(asked: TrafficQuery, order: ListOrder): FlowQuestion {
  const query = { ...asked, q: usePinned()(asked.q) };
  const text = `${apiParams(query)} ${JSON.stringify(order)}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `text` says all that it is made of
  return useMemo(() => ({ ...order, window: query.window, reports: query.reports, flows: apiParams(query, true) }), [text]);
}
