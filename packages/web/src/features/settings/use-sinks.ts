import { useQuery } from "@tanstack/react-query";
import { fetchSinks } from "../../lib/api-sinks.ts";
import { SETTINGS_KEY } from "./use-change.ts";

const AGAIN_MS = 5000;
export const SINKS_KEY = [SETTINGS_KEY, "sinks"] as const;

/** Where records are handed to, and how that goes. */
export function useSinks() {
  return useQuery({ queryKey: SINKS_KEY, queryFn: ({ signal }) => fetchSinks(signal), refetchInterval: AGAIN_MS });
}
