/** Who looks at the page, and what may be offered to them. The server decides anyway. */
import { type QueryClient, type UseQueryResult, useQuery } from "@tanstack/react-query";
import { fetchViewer } from "./api.ts";
import type { Viewer } from "./api-types.ts";
import { ApiError } from "./errors.ts";

const VIEWER_KEY = ["viewer"] as const;

/** From most to least: sets and sees everything; sees everything; sees the flows of its scope. */
export const ROLES = ["admin", "auditor", "viewer"] as const;
export type Role = (typeof ROLES)[number];

/** Whose session it is; null: nobody's. Asked again whenever it may have become another's (`askAgainWho`). */
export function useViewer(enabled = true): UseQueryResult<Viewer | null> {
  return useQuery({
    queryKey: VIEWER_KEY,
    queryFn: async ({ signal, client }) => {
      const viewer = await fetchViewer(signal).catch(nobody);
      const before = client.getQueryData<Viewer | null>(VIEWER_KEY);
      if (before === undefined || signedInAs(before) !== signedInAs(viewer)) forget(client);
      return viewer;
    },
    enabled,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Two answers with the same text: the same person, who may see the same. */
export function signedInAs(viewer: Viewer | null): string {
  if (viewer === null) return "";
  const { kind, name, role, networks, own, account } = viewer;
  return JSON.stringify([kind, account?.id ?? null, name, role, networks, own]);
}

/** The session may have ended, or become another's in another tab, or an administrator changed what they may do. */
export function askAgainWho(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: VIEWER_KEY });
}

/** What was answered to somebody else, or is on its way to them: also what is not on the screen now. */
function forget(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== VIEWER_KEY[0] });
}

function nobody(error: unknown): null {
  if (error instanceof ApiError && error.code === "SIGN_IN") return null;
  throw error;
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
