import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchOverview } from "../../lib/api-charts.ts";
import { askedParams, mistakeIn } from "../../lib/asked.ts";
import { useAsked } from "../../lib/use-asked.ts";
import type { Group, Metric } from "../histogram/choices.ts";
import { refetchMs } from "../histogram/refetch.ts";
import { usePinned } from "./pinned.ts";

/** All that the screen shows, in one request; while the window ends now, asked again and again. */
export function useOverview(metric: Metric, group: Group) {
  const { asked } = useAsked();
  const params = askedParams({ ...asked, q: usePinned()(asked.q) });
  params.set("metric", metric);
  params.set("group", group === "none" ? "" : group);
  return useQuery({
    queryKey: ["overview", params.toString()],
    queryFn: async ({ signal }) => ({ answer: await fetchOverview(params, signal), asked: { metric, group } }),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs(asked.window, Date.now()),
    enabled: mistakeIn(asked.q) === null,
  });
}
