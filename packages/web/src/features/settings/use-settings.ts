/** What is set now. */
import { useQuery } from "@tanstack/react-query";
import { fetchCapture, fetchRetention } from "../../lib/api-settings.ts";
import { fetchTokens } from "../../lib/api-tokens.ts";
import { SETTINGS_KEY } from "./use-change.ts";

export const TOKENS_KEY = [SETTINGS_KEY, "tokens"] as const;

export const useCapture = () => useQuery({ queryKey: [SETTINGS_KEY, "capture"], queryFn: ({ signal }) => fetchCapture(signal) });

export const useRetention = () =>
  useQuery({ queryKey: [SETTINGS_KEY, "retention"], queryFn: ({ signal }) => fetchRetention(signal) });

export const useTokens = () => useQuery({ queryKey: TOKENS_KEY, queryFn: ({ signal }) => fetchTokens(signal) });
