/** What a person is looking at, on every screen: which network, which time, which flows. All of it is in the address. */
import { type Filter, FilterError, parseFilter } from "@flowtrail/model";
import { readWindow, type TimeWindow } from "./time-window.ts";

export interface Asked {
  /** Null: every network but the sample one. */
  readonly network: string | null;
  readonly window: TimeWindow;
  /** In the filter language, as it was written: it may be wrong. Empty: every flow. */
  readonly q: string;
}

/** Reads an address. */
export function readAsked(params: URLSearchParams, nowMs: number): Asked {
  return {
    network: params.get("net"),
    window: readWindow(params.get("from"), params.get("to"), nowMs),
    q: params.get("q")?.trim() ?? "",
  };
}

/** Puts what is asked into an address, in place of what it asked before; the rest of it stays. */
export function writeAsked({ network, window, q }: Asked, rest: URLSearchParams = new URLSearchParams()): URLSearchParams {
  const params = new URLSearchParams();
  if (network !== null) params.set("net", network);
  params.set("from", window.from);
  if (window.to !== "now") params.set("to", window.to);
  if (q !== "") params.set("q", q);
  for (const [name, value] of rest) if (!OWN.has(name)) params.append(name, value);
  return params;
}
const OWN = new Set(["net", "from", "to", "q"]);

/** Something else is asked on the same screen: a list of other flows begins at its own beginning, not where the one before did. */
export function writeChanged(asked: Asked, rest: URLSearchParams): URLSearchParams {
  const params = writeAsked(asked, rest);
  params.delete("at");
  return params;
}

/** The address with another network in it, null: all. A row of the one before, its panel, its place in the list and what it is compared with go. */
export function withNetwork(network: string | null, rest: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams([...rest].filter(([name]) => !["net", "flow", "tab", "at", "compare"].includes(name)));
  if (network !== null) params.set("net", network);
  return params;
}

/** What an address keeps on the way to another screen: network, time and filter, but nothing of the screen's own. */
export function carriedParams(params: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...params].filter(([name]) => OWN.has(name)));
}

/** The same question to the API: `/api/flows`, `…/histogram`, `…/facets` and all others that take a filter. */
export function askedParams({ network, window, q }: Asked): URLSearchParams {
  const params = new URLSearchParams({ from: window.from, to: window.to });
  if (network !== null) params.set("network", network);
  if (q !== "") params.set("q", q);
  return params;
}

/** What the text means, or what is wrong with it and where. */
export function readFilter(q: string): Filter | FilterError {
  try {
    return parseFilter(q);
  } catch (error) {
    if (error instanceof FilterError) return error;
    throw error;
  }
}

/** What is wrong with it, if anything: such a query is asked of nobody. */
export function mistakeIn(q: string): FilterError | null {
  const filter = readFilter(q);
  return filter instanceof FilterError ? filter : null;
}
