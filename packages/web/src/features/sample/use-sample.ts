import { type UseMutationResult, useMutation, useQueryClient } from "@tanstack/react-query";
import { setSample } from "../../lib/api.ts";
import { HEALTH_KEY } from "../health/use-health.ts";

/** Starts (true) or stops the generator of sample traffic. */
export function useSample(): UseMutationResult<unknown, Error, boolean> {
  const client = useQueryClient();
  return useMutation({ mutationFn: setSample, onSuccess: () => client.invalidateQueries({ queryKey: HEALTH_KEY }) });
}
