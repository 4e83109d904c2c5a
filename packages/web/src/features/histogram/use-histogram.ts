import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchHistogram } from "../../lib/api-charts.ts";
import { askedParams } from "../../lib/asked.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { usePinned } from "../overview/pinned.ts";
import type { Group, Metric } from "./choices.ts";
import { refetchMs } from "./refetch.ts";

const BUCKETS = 120;

/** The traffic of the screen's window over time; while that ends now, asked again and again. */
export function useHistogram(metric: Metric, group: Group) {
  const { asked } = useAsked();
  const params = askedParams({ ...asked, q: usePinned()(asked.q) });
  params.set("metric", metric);
  params.set("buckets", String(BUCKETS));
  if (group !== "none") params.set("group", group);
  return useQuery({
    queryKey: ["histogram", params.toString()],
    queryFn: async ({ signal }) => ({ answer: await fetchHistogram(params, signal), asked: { metric, group } }),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs(asked.window, Date.now()),
  });
}
