import type { AlertList } from "@flowtrail/model";
import { type InfiniteData, type UseInfiniteQueryResult, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { fetchAlert, fetchAlertCount, fetchAlerts, fetchRules, fetchSilences } from "../../lib/api-alerts.ts";
import { useMe } from "../../lib/me.ts";

/** The cache of all that alerts are begins with this. */
export const ALERTS_KEY = "alerts";
const AGAIN_MS = 10_000;
const PAGE = "50";

/** Alerts in this state, newest first, asked again and again while somebody looks. */
export function useAlertList(state: string, rule: string | null): UseInfiniteQueryResult<InfiniteData<AlertList, string | null>> {
  return useInfiniteQuery({
    queryKey: [ALERTS_KEY, "list", state, rule],
    initialPageParam: null as string | null,
    queryFn: ({ signal, pageParam }) => {
      const params = new URLSearchParams({ state, limit: PAGE });
      if (rule !== null) params.set("rule", rule);
      if (pageParam !== null) params.set("cursor", pageParam);
      return fetchAlerts(params, signal);
    },
    getNextPageParam: ({ next }) => next,
    refetchInterval: AGAIN_MS,
  });
}

/** One that may be in none of the lists that are shown. */
export function useAlert(id: string) {
  return useQuery({
    queryKey: [ALERTS_KEY, "one", id],
    queryFn: ({ signal }) => fetchAlert(id, signal),
    refetchInterval: AGAIN_MS,
  });
}

/** How many there are in each state: for those who may see them. */
export function useAlertCount() {
  const { mayAudit } = useMe();
  return useQuery({
    queryKey: [ALERTS_KEY, "counts"],
    queryFn: ({ signal }) => fetchAlertCount(signal),
    refetchInterval: AGAIN_MS,
    enabled: mayAudit,
  });
}

export function useRules() {
  return useQuery({ queryKey: [ALERTS_KEY, "rules"], queryFn: ({ signal }) => fetchRules(signal), refetchInterval: AGAIN_MS });
}

/** Silences of rules and values, also where nothing was found since. */
export function useSilences() {
  return useQuery({
    queryKey: [ALERTS_KEY, "silences"],
    queryFn: ({ signal }) => fetchSilences(signal),
    refetchInterval: AGAIN_MS,
  });
}

/** How far back it is looked for when a rule fired last: so many alerts. */
const LATELY = "200";

/** When each rule fired last, of those that did lately; ms since 1970, by rule. */
export function useLastFired(): ReadonlyMap<string, number> {
  const { data } = useQuery({
    queryKey: [ALERTS_KEY, "lately"],
    queryFn: ({ signal }) => fetchAlerts(new URLSearchParams({ limit: LATELY }), signal),
    refetchInterval: AGAIN_MS,
  });
  const last = new Map<string, number>();
  for (const { rule, since } of data?.alerts ?? []) last.set(rule, Math.max(last.get(rule) ?? 0, Date.parse(since)));
  return last;
}
