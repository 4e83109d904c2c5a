import { useLocalStorage } from "@mantine/hooks";
import { useMemo } from "react";
import type { FlowKey } from "../../lib/api.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { type ReportsView, readFlowKey, readQuery, type TrafficQuery, writeFlowKey, writeQuery } from "./query.ts";

export interface TrafficUrl {
  readonly query: TrafficQuery;
  readonly openFlow: FlowKey | null;
  /** Asks something else; a step that the back button takes back. */
  change(change: Partial<TrafficQuery>): void;
  /** Opens a row's panel, or closes it with null. */
  open(key: FlowKey | null): void;
}

/** What the address asks the traffic log for. */
export function useTrafficQuery(): TrafficUrl {
  const { path, params } = useUrl();
  const [view, rememberView] = useLocalStorage<ReportsView>({
    key: "flowtrail.reports",
    defaultValue: "merged",
    getInitialValueInEffect: false,
  });
  const query = useMemo(() => readQuery(params, view, Date.now()), [params, view]);
  const openFlow = useMemo(() => readFlowKey(params), [params]);
  const go = (next: TrafficQuery, key: FlowKey | null, { replace = false, isOther = false } = {}) => {
    const address = writeQuery(next, params);
    address.delete("flow");
    if (isOther) address.delete("at"); // of the list before
    if (key !== null) address.set("flow", writeFlowKey(key));
    else address.delete("tab"); // of the panel
    navigate(path, address, { replace });
  };
  return {
    query,
    openFlow,
    change(change) {
      const { reports, ...other } = change;
      if (reports !== undefined) rememberView(reports);
      go({ ...query, ...change }, openFlow, { isOther: Object.keys(other).length > 0 });
    },
    open(key) {
      // Going from row to row is one step: back closes the panel.
      go(query, key, { replace: openFlow !== null && key !== null });
    },
  };
}
