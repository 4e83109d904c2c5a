import { useQuery } from "@tanstack/react-query";
import { fetchHealth } from "../../lib/api.ts";
import type { AgentHealth } from "../../lib/api-types.ts";
import { HEALTH_KEY } from "../health/use-health.ts";

const OFTEN_MS = 1000;

/** The agent of a node, once it has said something since then. Asked for again and again, as long as somebody looks. */
export function useAgent(node: string, since: string): { readonly agent: AgentHealth | null; readonly error: Error | null } {
  const { data, error } = useQuery({
    queryKey: HEALTH_KEY,
    queryFn: ({ signal }) => fetchHealth(signal),
    refetchInterval: OFTEN_MS,
  });
  const found = data?.agents?.find((one) => one.name === node || one.id === node);
  return { agent: found !== undefined && Date.parse(found.last_seen) >= Date.parse(since) ? found : null, error };
}
