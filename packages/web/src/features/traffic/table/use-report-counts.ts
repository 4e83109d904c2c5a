import { useEffect, useRef, useState } from "react";
import { fetchFlows } from "../../../lib/api.ts";
import { ApiError } from "../../../lib/errors.ts";
import type { FlowEntry } from "../list/flow-list.ts";
import { countReports, nearInTime, otherReportsOf } from "./report-counts.ts";

/** Rows that only pass by are not asked about. */
const SETTLED_MS = 350;
/** A report of another node may still come in. */
const YOUNG_MS = 30_000;
const MOST_KNOWN = 5000;
/** Rows of a screen that are sorted by bytes may be of any time. */
const MOST_QUESTIONS = 12;

/** Null: it could not be counted. */
export type ReportCounts = ReadonlyMap<string, number | null>;

/** Reports of each connection on the screen, by the key of its row, as far as it was asked. */
export function useReportCounts(shown: readonly FlowEntry[], isOn: boolean): ReportCounts {
  const [counts, setCounts] = useState<ReportCounts>(new Map());
  const asked = useRef(new Set<string>());
  const unknown = isOn ? shown.filter(({ key }) => !asked.current.has(key)) : [];
  const text = unknown.map(({ key }) => key).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `text` says which rows those are: their counters change all the time
  useEffect(() => {
    if (text === "") return;
    const leaving = new AbortController();
    const timer = setTimeout(async () => {
      const found = await countAll(unknown, leaving.signal);
      if (leaving.signal.aborted) return;
      const now = Date.now();
      if (asked.current.size > MOST_KNOWN) asked.current.clear();
      for (const { key, startMs } of unknown) if (now - startMs > YOUNG_MS && found.get(key) !== null) asked.current.add(key);
      setCounts((before) => new Map([...(before.size > MOST_KNOWN ? [] : before), ...found]));
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [text]);
  return counts;
}

/** Asks one after the other: this has time. */
async function countAll(entries: readonly FlowEntry[], signal: AbortSignal): Promise<ReportCounts> {
  const counts = new Map<string, number | null>(entries.map(({ key }) => [key, null]));
  try {
    for (const group of nearInTime(entries).slice(0, MOST_QUESTIONS)) {
      const { flows, next } = await fetchFlows(otherReportsOf(group.map(({ flow }) => flow)), signal);
      if (next !== null) continue; // not all of them are told
      for (const { key, flow } of group) counts.set(key, countReports(flow, flows));
    }
  } catch (error) {
    // A row without a number is no mistake: the list itself says what is wrong.
    if (!(error instanceof ApiError) && !signal.aborted) throw error;
  }
  return counts;
}
