/** What a page about one thing asks for, besides what every overview asks for. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchHistogram } from "../../lib/api-charts.ts";
import { fetchHistory, fetchKnown, fetchSeen, fetchTop } from "../../lib/api-entity.ts";
import { askedParams, mistakeIn } from "../../lib/asked.ts";
import type { EntityKind } from "../../lib/paths.ts";
import { type PinnedFilter, withPinned } from "../../lib/pinned-filter.ts";
import { exactWindow } from "../../lib/time-window.ts";
import { useAsked } from "../../lib/use-asked.ts";
import type { Metric } from "../histogram/choices.ts";
import { refetchMs } from "../histogram/refetch.ts";
import type { EntityEnds } from "./ends.ts";

/** What the inventory tells of it. */
export function useKnown(kind: EntityKind, name: string) {
  const { network } = useAsked().asked;
  return useQuery({
    queryKey: ["known", kind, name, network],
    queryFn: ({ signal }) => fetchKnown(kind, name, network, signal),
  });
}

/** What it told of it, change by change; of what it has no more, by its name. */
export function useHistory(kind: EntityKind, name: string) {
  const { network } = useAsked().asked;
  const known = useKnown(kind, name).data;
  const ids = [...new Set([name, ...(known ?? []).map(({ id }) => id)])];
  return useQuery({
    queryKey: ["history", kind, ids, network],
    queryFn: ({ signal }) => fetchHistory(kind, ids, network, signal),
    enabled: known !== undefined,
  });
}

const SEEN_AGAIN_MS = 60_000;

/** Since when it is known, of all that is stored: whatever time and filter the page asks for. */
export function useSeen({ field }: EntityEnds, kind: EntityKind, value: string) {
  const { network } = useAsked().asked;
  const params = new URLSearchParams({ by: field, value });
  if (field === "name") params.set("type", kind);
  if (network !== null) params.set("network", network);
  return useQuery({
    queryKey: ["seen", params.toString()],
    queryFn: ({ signal }) => fetchSeen(params, signal),
    refetchInterval: SEEN_AGAIN_MS,
  });
}

const BUCKETS = 60;
const MOST_PEERS = 6;

/** Who was at the other end: traffic over time and the largest, of what it opened and of what others opened to it. */
export function usePeers({ source, destination }: EntityEnds, metric: Metric) {
  const { asked } = useAsked();
  const text = `${askedParams({ ...asked, q: withPinned(source, asked.q) })}&metric=${metric}`;
  return useQuery({
    queryKey: ["peers", text],
    queryFn: async ({ signal }) => {
      // One and the same range for all of them: their steps lie beside each other.
      const window = exactWindow(asked.window, Date.now());
      const ask = async (pinned: PinnedFilter, other: "src" | "dst") => {
        const params = askedParams({ ...asked, window, q: withPinned(pinned, asked.q) });
        params.set("metric", metric);
        const [steps, top] = await Promise.all([
          fetchHistogram(withParams(params, { buckets: BUCKETS }), signal),
          fetchTop(withParams(params, { by: `${other}.type,${other}.name`, limit: MOST_PEERS, previous: true }), signal),
        ]);
        return { steps, top };
      };
      const [opened, taken] = await Promise.all([ask(source, "dst"), ask(destination, "src")]);
      return { opened, taken, metric };
    },
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs(asked.window, Date.now()),
    enabled: mistakeIn(asked.q) === null,
  });
}
export type Peers = NonNullable<ReturnType<typeof usePeers>["data"]>;

function withParams(params: URLSearchParams, more: Readonly<Record<string, string | number | boolean>>): URLSearchParams {
  return new URLSearchParams([...params, ...Object.entries(more).map(([name, value]) => [name, String(value)])]);
}
