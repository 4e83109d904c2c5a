/** A filter that a page is about, whatever else is asked on it. */
import { allFilters, type Filter, FilterError, printFilter } from "@flowtrail/model";
import { readFilter } from "./asked.ts";

export type PinnedFilter = Filter;

/** What passes both. A query that is none stays as it is: the server says what is wrong with it, and where. */
export function withPinned(pinned: PinnedFilter | null, q: string): string {
  if (pinned === null) return q;
  const filter = readFilter(q);
  return filter instanceof FilterError ? q : printFilter(allFilters([pinned, filter]));
}
