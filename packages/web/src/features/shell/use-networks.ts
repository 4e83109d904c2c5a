import { useQuery } from "@tanstack/react-query";
import { fetchNetworks } from "../../lib/api-inventory.ts";
import { networksOf, SAMPLE_NETWORK } from "../health/networks.ts";
import { useHealth } from "../health/use-health.ts";

const ASK_AGAIN_MS = 60_000;

/** Which networks can be chosen: those that agents report of, the inventory knows or flows are of; the chosen one in any case. */
export function useNetworks(chosen: string | null): readonly string[] {
  const health = useHealth().data;
  const { data = [] } = useQuery({
    queryKey: ["networks"],
    queryFn: ({ signal }) => fetchNetworks(signal),
    staleTime: ASK_AGAIN_MS,
    refetchInterval: ASK_AGAIN_MS,
  });
  const known = new Set([...networksOf(health), ...data.map(({ id }) => id), ...(chosen === null ? [] : [chosen])]);
  known.delete(SAMPLE_NETWORK);
  const sample = health?.sample || chosen === SAMPLE_NETWORK ? [SAMPLE_NETWORK] : [];
  return [...[...known].sort(), ...sample];
}

export function networkLabel(name: string): string {
  return name === SAMPLE_NETWORK ? "sample (not real)" : name;
}
