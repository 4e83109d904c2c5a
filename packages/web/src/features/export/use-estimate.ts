import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { call } from "../../lib/api.ts";
import type { AnswerMeta } from "../../lib/api-types.ts";

interface Count {
  readonly count: number;
  readonly exact: boolean;
  readonly note: string | null;
  readonly meta: AnswerMeta;
}

/** How many rows it will be. */
export function useEstimate(asked: URLSearchParams) {
  const params = new URLSearchParams([...asked].filter(([name]) => name !== "sort" && name !== "order" && name !== "at"));
  return useQuery({
    queryKey: ["count", params.toString()],
    queryFn: ({ signal }) => call<Count>("GET", `/api/flows/count?${params}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}
