import type { FlowJson } from "@flowtrail/model";
import { useQuery } from "@tanstack/react-query";
import { type FlowKey, fetchFlow } from "../../lib/api.ts";

export interface ShownFlow {
  readonly flow: FlowJson | null;
  /** Other reports of the connection; null while they are not known. */
  readonly others: readonly FlowJson[] | null;
  readonly error: Error | null;
  readonly isPending: boolean;
  refetch(): void;
}

const OPEN_ASK_AGAIN_MS = 5000;

/** A row by its key, in the newest revision that the table or the server knows. */
export function useFlow(key: FlowKey, known: FlowJson | null): ShownFlow {
  const answer = useQuery({
    queryKey: ["flow", key.reporter, key.flowId],
    queryFn: ({ signal }) => fetchFlow(key, signal),
    refetchInterval: ({ state }) => (state.data?.flow.state === "open" ? OPEN_ASK_AGAIN_MS : false),
  });
  const asked = answer.data?.flow ?? null;
  const flow = asked === null || (known !== null && known.revision > asked.revision) ? known : asked;
  return {
    flow,
    others: answer.data?.reports ?? null,
    error: answer.error,
    isPending: answer.isPending,
    refetch: () => void answer.refetch(),
  };
}
