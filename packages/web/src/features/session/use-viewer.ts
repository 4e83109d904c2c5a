import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { fetchViewer } from "../../lib/api.ts";
import type { Viewer } from "../../lib/api-types.ts";

export const VIEWER_KEY = ["viewer"] as const;

/** Whose session it is; asked once, and again when it seems to be over. */
export function useViewer(enabled = true): UseQueryResult<Viewer> {
  return useQuery({
    queryKey: VIEWER_KEY,
    queryFn: ({ signal }) => fetchViewer(signal),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
