import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { fetchFlow } from "../../../lib/api.ts";
import { ApiError } from "../../../lib/errors.ts";
import { readFlowKey } from "../query.ts";
import type { Reports } from "./items.ts";

export interface Expanded {
  readonly reports: ReadonlyMap<string, Reports>;
  toggle(key: string): void;
}

/** Rows whose reports are shown beneath them. `generation`: of the list; another list has other rows. */
export function useExpanded(generation: number): Expanded {
  const [reports, setReports] = useState<ReadonlyMap<string, Reports>>(new Map());
  const shown = useRef(reports);
  shown.current = reports;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list is the reason
  useEffect(() => setReports((before) => (before.size === 0 ? before : new Map())), [generation]);

  const toggle = useCallback((key: string) => {
    const set = (value: Reports) => setReports((before) => (before.has(key) ? new Map(before).set(key, value) : before));
    if (shown.current.has(key)) {
      setReports((before) => new Map([...before].filter(([other]) => other !== key)));
      return;
    }
    const flow = readFlowKey(new URLSearchParams({ flow: key }));
    if (flow === null) return;
    setReports((before) => new Map(before).set(key, null));
    fetchFlow(flow).then(
      (found) => set([found.flow, ...found.reports]),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        set(`The reports could not be asked for: ${error.message}`);
      },
    );
  }, []);
  return useMemo(() => ({ reports, toggle }), [reports, toggle]);
}
