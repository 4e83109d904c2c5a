import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { fetchList } from "../../lib/api-inventory.ts";
import { askedParams } from "../../lib/asked.ts";
import type { InventoryKind } from "../../lib/types-inventory.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { refetchMs } from "../histogram/refetch.ts";
import { type ListChoice, readChoice, writeChoice } from "./rows.ts";

/** All of one kind, in one request; while the window ends now, asked again and again. */
export function useInventoryList(kind: InventoryKind) {
  const { asked } = useAsked();
  const { network, window } = asked;
  return useQuery({
    queryKey: ["inventory list", kind, askedParams({ network, window, q: "" }).toString()],
    queryFn: async ({ signal }) => ({ kind, answer: await fetchList(kind, { network, window }, signal) }),
    placeholderData: keepPreviousData,
    refetchInterval: refetchMs(window, Date.now()),
  });
}

/** What of it is shown, as the address says it. */
export function useListChoice(): [ListChoice, (choice: ListChoice, options?: { replace?: boolean }) => void] {
  const { path, params } = useUrl();
  const choice = useMemo(() => readChoice(params), [params]);
  return [choice, (next, options) => navigate(path, writeChoice(next, params), options)];
}
