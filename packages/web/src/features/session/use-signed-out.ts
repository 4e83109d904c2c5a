import { useQueryClient } from "@tanstack/react-query";
import { navigate } from "../../lib/url.ts";

/** Forgets, after a sign-out, whatever the page knew, and what was asked last: the next person in this browser may be another. */
export function useSignedOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    // First what is shown: nothing is left then that asks before it is left.
    await client.resetQueries();
    navigate("/", new URLSearchParams(), { replace: true });
  };
}
