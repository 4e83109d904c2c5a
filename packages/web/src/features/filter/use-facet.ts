import { keepPreviousData, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { type FacetAnswer, fetchFacets } from "../../lib/api-filter.ts";
import { type Asked, askedParams } from "../../lib/asked.ts";
import { isLive } from "../../lib/time-window.ts";
import { usePinned } from "../overview/pinned.ts";
import { FACET_FIELDS, FIRST_VALUES, MOST_VALUES } from "./facet-fields.ts";

/** What is asked on the screen; `reports` where it has views. */
export interface FacetAsked extends Asked {
  readonly reports?: "merged" | "all";
}

const LIVE_MS = 15_000;

function useFacets(fields: string, limit: number, asked: FacetAsked, enabled: boolean): UseQueryResult<FacetAnswer> {
  const params = askedParams({ ...asked, q: usePinned()(asked.q) });
  if (asked.reports !== undefined) params.set("reports", asked.reports);
  params.set("fields", fields);
  params.set("limit", String(limit));
  return useQuery({
    queryKey: ["facets", params.toString()],
    queryFn: ({ signal }) => fetchFacets(params, signal),
    placeholderData: keepPreviousData,
    // All values that can be had are read once: to count so many again and again costs more than it tells.
    refetchInterval: isLive(asked.window) && limit < MOST_VALUES ? LIVE_MS : false,
    enabled,
  });
}

const FEW = FACET_FIELDS.filter(({ few }) => few)
  .map(({ name }) => name)
  .join(",");

/** The fields with few values: one question for all of them. */
export function useFewFacets(asked: FacetAsked, enabled: boolean): UseQueryResult<FacetAnswer> {
  return useFacets(FEW, FIRST_VALUES, asked, enabled);
}

/** One field. */
export function useFacet(field: string, limit: number, asked: FacetAsked, enabled: boolean): UseQueryResult<FacetAnswer> {
  return useFacets(field, limit, asked, enabled);
}
