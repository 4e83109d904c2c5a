import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchHistogram } from "../../lib/api-charts.ts";
import { askedParams } from "../../lib/asked.ts";
import { isLive } from "../../lib/time-window.ts";
import { useAsked } from "../../lib/use-asked.ts";
import type { Group, Metric } from "./choices.ts";

const BUCKETS = 120;
const REFETCH_MS = 10_000;

/** The traffic of the screen's window over time; while that ends now, asked again and again. */
export function useHistogram(metric: Metric, group: Group) {
  const { asked } = useAsked();
  const params = askedParams(asked);
  params.set("metric", metric);
  params.set("buckets", String(BUCKETS));
  if (group !== "none") params.set("group", group);
  return useQuery({
    queryKey: ["histogram", params.toString()],
    queryFn: async ({ signal }) => ({
      answer: await fetchHistogram(params, signal),
      group: group === "none" ? null : group,
      metric,
    }),
    placeholderData: keepPreviousData,
    refetchInterval: isLive(asked.window) ? REFETCH_MS : false,
  });
}
