import { type Asked, writeAsked } from "../../lib/asked.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { absoluteWindow } from "../../lib/time-window.ts";
import { navigate } from "../../lib/url.ts";
import type { Question } from "./question.ts";

/** The list of the rows behind something that is drawn. @param span ms since 1970; left out: all the time that is shown */
export function rowsParams(
  asked: Asked,
  { metric }: Pick<Question, "metric">,
  q: string,
  span?: { readonly fromMs: number; readonly toMs: number },
): URLSearchParams {
  const window = span === undefined ? asked.window : absoluteWindow(span.fromMs, span.toMs);
  const params = writeAsked({ ...asked, q, window });
  // What counts reports leads to reports.
  params.set("reports", metric === "reports" ? "all" : "merged");
  if (metric !== "reports") params.set("metric", metric);
  return params;
}

export function openRows(params: URLSearchParams): void {
  navigate(TRAFFIC_LOGS_PATH, params);
}
