import { useEffect, useRef, useState } from "react";
import { fetchFlows } from "../../../lib/api.ts";
import { ApiError } from "../../../lib/errors.ts";
import type { FlowEntry } from "../list/flow-list.ts";
import { countReports, otherReportsOf } from "./report-counts.ts";

/** Rows that only pass by are not asked about. */
const SETTLED_MS = 350;
/** A report of another node may still come in. */
const YOUNG_MS = 30_000;
const MOST_KNOWN = 5000;

/** Reports of each connection on the screen, by the key of its row, as far as it is known. */
export function useReportCounts(shown: readonly FlowEntry[], isOn: boolean): ReadonlyMap<string, number> {
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());
  const asked = useRef(new Set<string>());
  const unknown = isOn ? shown.filter(({ key }) => !asked.current.has(key)) : [];
  const text = unknown.map(({ key }) => key).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `text` says which rows those are: their counters change all the time
  useEffect(() => {
    if (text === "") return;
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      const params = otherReportsOf(unknown.map(({ flow }) => flow));
      if (params === null) return;
      fetchFlows(params, leaving.signal).then(
        ({ flows }) => {
          const now = Date.now();
          if (asked.current.size > MOST_KNOWN) asked.current.clear();
          for (const { key, startMs } of unknown) if (now - startMs > YOUNG_MS) asked.current.add(key);
          setCounts((before) => {
            const next = new Map(before.size > MOST_KNOWN ? [] : before);
            for (const { key, flow } of unknown) next.set(key, countReports(flow, flows));
            return next;
          });
        },
        (error: unknown) => {
          // A row without a badge is no mistake: the list itself says what is wrong.
          if (!(error instanceof ApiError) && !leaving.signal.aborted) throw error;
        },
      );
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [text]);
  return counts;
}
