/** What is set now. */
import { useQuery } from "@tanstack/react-query";
import { fetchAccounts } from "../../lib/api-accounts.ts";
import { fetchCapture, fetchRetention } from "../../lib/api-settings.ts";
import { fetchTokens } from "../../lib/api-tokens.ts";
import { SETTINGS_KEY } from "./use-change.ts";

const AGAIN_MS = 10_000;
export const TOKENS_KEY = [SETTINGS_KEY, "tokens"] as const;
export const ACCOUNTS_KEY = [SETTINGS_KEY, "accounts"] as const;
export const CAPTURE = {
  queryKey: [SETTINGS_KEY, "capture"],
  queryFn: ({ signal }: { signal: AbortSignal }) => fetchCapture(signal),
};
export const RETENTION = {
  queryKey: [SETTINGS_KEY, "retention"],
  queryFn: ({ signal }: { signal: AbortSignal }) => fetchRetention(signal),
};

export const useCapture = () => useQuery(CAPTURE);

export const useRetention = () => useQuery(RETENTION);

export const useTokens = () => useQuery({ queryKey: TOKENS_KEY, queryFn: ({ signal }) => fetchTokens(signal) });

export const useAccounts = () => useQuery({ queryKey: ACCOUNTS_KEY, queryFn: ({ signal }) => fetchAccounts(signal) });

interface Asked<T> {
  readonly queryKey: readonly string[];
  queryFn(context: { signal: AbortSignal }): Promise<T>;
}

/** Has it asked again and again, as long as nothing is being edited: others set something, agents follow. Returns when it was answered. */
export function useFresh<T>(asked: Asked<T>, isClean: boolean): number {
  return useQuery({ ...asked, refetchInterval: isClean ? AGAIN_MS : false, refetchOnMount: false }).dataUpdatedAt;
}
