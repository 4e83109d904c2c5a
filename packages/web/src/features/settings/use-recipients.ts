import { useQuery } from "@tanstack/react-query";
import { fetchRecipients } from "../../lib/api-recipients.ts";
import { SETTINGS_KEY } from "./use-change.ts";

const AGAIN_MS = 10_000;
export const RECIPIENTS_KEY = [SETTINGS_KEY, "recipients"] as const;

/** Who is told, and how that goes. */
export function useRecipients() {
  return useQuery({
    queryKey: RECIPIENTS_KEY,
    queryFn: ({ signal }) => fetchRecipients(signal),
    refetchInterval: AGAIN_MS,
  });
}
