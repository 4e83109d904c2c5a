/** Who looks at the page, and what may be offered to them. The server decides anyway. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { fetchViewer } from "./api.ts";
import type { Viewer } from "./api-types.ts";

export const VIEWER_KEY = ["viewer"] as const;

/** From most to least: sets and sees everything; sees everything; sees the flows of its scope. */
export const ROLES = ["admin", "auditor", "viewer"] as const;
export type Role = (typeof ROLES)[number];

/** Whose session it is; asked once, and again when it seems to be over. */
export function useViewer(enabled = true): UseQueryResult<Viewer> {
  return useQuery({
    queryKey: VIEWER_KEY,
    queryFn: ({ signal }) => fetchViewer(signal),
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface Me {
  readonly role: Role;
  /** May see what the whole installation knows of itself: settings, credentials, health. */
  readonly mayAudit: boolean;
  /** May change it. */
  readonly maySet: boolean;
}

/** As long as nobody knows: the least. */
export function useMe(): Me {
  const role = useViewer().data?.role ?? "viewer";
  return { role, mayAudit: role !== "viewer", maySet: role === "admin" };
}
