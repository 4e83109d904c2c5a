/** Goes through stored rows page by page, at a pace that leaves most of the machine to what comes in. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Editions, FLOW_TABLES, type FlowTable, type Page, type PageQuery, type StoredFlow } from "../../store/editions.ts";

const PAGE_ROWS = 2000;
const PAUSE_MS = 20;
/** As long as the work took, so that at most half of the time is spent on it. */
const PAUSE_SHARE = 1;

/**
 * Open flows first: one that ends in between is found again among those that have ended.
 * @throws StoreError, or the signal's reason
 */
export async function walk(
  editions: Pick<Editions, "page">,
  query: Pick<PageQuery, "fromMs" | "toMs" | "byStart" | "network" | "onlyContested">,
  signal: AbortSignal,
  visit: (table: FlowTable, flows: readonly StoredFlow[]) => Promise<void>,
): Promise<void> {
  for (const table of FLOW_TABLES) {
    let after: PageQuery["after"] = null;
    for (;;) {
      const began = performance.now();
      const { flows, next }: Page = await editions.page({ ...query, table, after, limit: PAGE_ROWS }, signal);
      if (flows.length > 0) await visit(table, flows);
      if (next === null) break;
      after = next;
      await sleep(PAUSE_MS + (performance.now() - began) * PAUSE_SHARE, undefined, { signal });
    }
  }
}
