import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { fetchHealth } from "../../lib/api.ts";
import type { Health } from "../../lib/api-types.ts";

export const HEALTH_KEY = ["health"] as const;
const ASK_AGAIN_MS = 5000;

/** How server and agents are, asked again and again while somebody looks. */
export function useHealth(): UseQueryResult<Health> {
  return useQuery({ queryKey: HEALTH_KEY, queryFn: ({ signal }) => fetchHealth(signal), refetchInterval: ASK_AGAIN_MS });
}
