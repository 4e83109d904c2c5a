import { createContext, useContext } from "react";
import { type PinnedFilter, withPinned } from "../../lib/pinned-filter.ts";

/** What everything below asks for besides the query of the address, as the page of a node does: it is no part of the address. */
export const Pinned = createContext<PinnedFilter | null>(null);

/** A query together with what is pinned here. */
export function usePinned(): (q: string) => string {
  const pinned = useContext(Pinned);
  return (q) => withPinned(pinned, q);
}
