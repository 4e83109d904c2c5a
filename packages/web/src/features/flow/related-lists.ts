/** What else there is about the two ends of a flow, as questions to the list. */
import { allFilters, anyFilter, type Filter, type FlowJson, printFilter } from "@flowtrail/model";
import { type Asked, askedParams } from "../../lib/asked.ts";
import { absoluteWindow, type TimeWindow } from "../../lib/time-window.ts";
import { endText } from "../traffic/describe.ts";

type End = "src" | "dst";

export interface RelatedList {
  readonly title: string;
  /** Behind the title: which time. Null: that of the screen. */
  readonly when: string | null;
  readonly asked: Asked;
}

const AROUND_MS = 300_000;

/** @param window of the screen */
export function relatedLists(flow: FlowJson, window: TimeWindow): readonly RelatedList[] {
  const startMs = Date.parse(flow.start);
  // Addresses may mean something else in another network.
  const list = (title: string, filter: Filter, own: TimeWindow | null = null): RelatedList => ({
    title,
    when: own === null ? null : "5 minutes before and after its start",
    asked: { network: flow.network, window: own ?? window, q: printFilter(filter) },
  });
  const [src, dst] = [whoIs(flow, "src"), whoIs(flow, "dst")];
  const there = allFilters([isAt("src", src), isAt("dst", dst)]);
  const back = allFilters([isAt("src", dst), isAt("dst", src)]);
  return [
    list("Same pair, either way", anyFilter([there, back])),
    list("Same source", isAt("src", src), absoluteWindow(startMs - AROUND_MS, startMs + AROUND_MS)),
    list("Same destination", isAt("dst", dst)),
  ];
}

interface Who {
  readonly field: string;
  readonly value: string;
}

function whoIs(flow: FlowJson, end: End): Who {
  const { main, field } = endText(flow, end);
  return { field, value: main };
}

function isAt(end: End, { field, value }: Who): Filter {
  return { kind: "is", field: `${end}.${field}`, values: [value], not: false };
}

/** To `GET /api/flows`. */
export function relatedParams({ asked }: RelatedList, limit: number): URLSearchParams {
  const params = askedParams(asked);
  params.set("reports", "merged");
  params.set("limit", String(limit));
  return params;
}
