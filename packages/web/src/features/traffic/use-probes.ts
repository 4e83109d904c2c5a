import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { fetchFlows } from "../../lib/api.ts";
import { fetchCount } from "../../lib/api-filter.ts";
import { partsOf, withoutPart } from "../../lib/filter-edit-parts.ts";
import { partLabel } from "../../lib/filter-text.ts";
import { usePinned } from "../overview/pinned.ts";
import type { Culprit, Probes } from "./empty-cause.ts";
import { apiParams as plainParams, type TrafficQuery } from "./query.ts";

/** Conditions that are tried: each is a question of its own. */
const MOST_TRIED = 8;

/** Cheap questions that tell apart why there are no rows. */
export function useProbes(query: TrafficQuery): UseQueryResult<Probes> {
  const pin = usePinned();
  // What is pinned is no condition that could be taken away.
  const apiParams = (asked: TrafficQuery) => plainParams({ ...asked, q: pin(asked.q) });
  return useQuery({
    queryKey: ["probes", apiParams(query).toString()],
    queryFn: async ({ signal }) => {
      const unfiltered = { ...query, q: "" };
      const inWindow = query.q === "" ? undefined : await newestOf(apiParams(unfiltered), signal);
      const newest =
        inWindow ?? (await newestOf(apiParams({ ...unfiltered, reports: "all", window: { from: "0", to: "now" } }), signal));
      return {
        hasUnfiltered: inWindow !== undefined,
        culprits: inWindow === undefined ? [] : await culpritsOf(query, apiParams, signal),
        newestMs: newest === undefined ? null : Date.parse(newest.last_seen),
      };
    },
  });
}

async function newestOf(params: URLSearchParams, signal: AbortSignal) {
  params.set("limit", "1");
  return (await fetchFlows(params, signal)).flows[0];
}

function culpritsOf(
  query: TrafficQuery,
  apiParams: (asked: TrafficQuery) => URLSearchParams,
  signal: AbortSignal,
): Promise<Culprit[]> {
  const tried = partsOf(query.q).slice(0, MOST_TRIED);
  return Promise.all(
    tried.map(async (part, index) => {
      const q = withoutPart(query.q, index);
      const { count, exact } = await fetchCount(apiParams({ ...query, q }), signal);
      return { label: partLabel(part), q, count, exact };
    }),
  );
}
