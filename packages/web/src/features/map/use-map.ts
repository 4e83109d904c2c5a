import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchTop } from "../../lib/api-analyze.ts";
import { fetchPairs } from "../../lib/api-map.ts";
import { askedParams, mistakeIn } from "../../lib/asked.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { refetchMs } from "../histogram/refetch.ts";
import type { MapChoices, MapMetric } from "./choices.ts";
import type { MapGraph } from "./graph.ts";
import { graphOfPairs } from "./graph-of-pairs.ts";
import { graphOfTop } from "./graph-of-top.ts";

export interface AnsweredMap {
  readonly graph: MapGraph;
  readonly metric: MapMetric;
  /** As long as it is the same, what stands on the map goes on to stand where it does. */
  readonly question: string;
}

/** Most groups that the server tells at once. */
const MOST_GROUPS = "100";

/** Who talks to whom in the screen's window; while that ends now, asked again and again, unless it reads too much. */
export function useMap(choices: Pick<MapChoices, "by" | "metric" | "most" | "domains">) {
  const { asked } = useAsked();
  const { by, metric, most, domains } = choices;
  const params = askedParams(asked);
  const question = [by, by === "participant" ? `${most} ${domains}` : "", params.toString()].join(" ");
  return useQuery({
    queryKey: ["map", metric, question],
    queryFn: async ({ signal }): Promise<AnsweredMap> => {
      if (by === "participant") {
        for (const [name, value] of [
          ["metric", metric],
          ["limit", most],
          ["externals", domains ? "domain" : "auto"],
        ] as const)
          params.set(name, value);
        return { graph: graphOfPairs(await fetchPairs(params, signal), metric), metric, question };
      }
      const groups = (metric: MapMetric) => {
        const types = "src.type,dst.type";
        const own = { by: by === "network" ? `network,${types}` : types, metric, limit: MOST_GROUPS };
        return fetchTop(new URLSearchParams([...params, ...Object.entries(own)]), signal);
      };
      const [bytes, connections] = await Promise.all([groups("bytes"), groups("connections")]);
      return { graph: graphOfTop({ bytes, connections }, by === "network", metric), metric, question };
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => refetchMs(asked.window, Date.now(), state.data?.graph.meta.rows_read ?? 0),
    enabled: mistakeIn(asked.q) === null,
  });
}
