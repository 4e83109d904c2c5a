/** How far the store is with what it computes and keeps, for questions about traffic. */
import type { Store } from "../store/store.ts";
import type { CountedSources } from "./flow-list-known.ts";

export function countedSources({ rollups, retention }: Pick<Store, "rollups" | "retention">, now: () => number): CountedSources {
  return {
    counted: () => rollups.counted(),
    throughMs: (rollup) => rollups.throughMs(rollup),
    rollupFromMs: (rollup) => Math.max(retention.keptFromMs(rollup, now()), rollups.fromMs(rollup)),
    deltasFromMs: () => retention.deltasFromMs(now()),
    flowsFromMs: () => retention.flowsFromMs(now()),
  };
}
