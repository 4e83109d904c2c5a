/** The API's answers about one flow, beside the row itself. */
import { call, type FlowKey, flowPath } from "./api.ts";
import type { TimelineAnswer } from "./types-flow.ts";

/** What each end sent over the flow's life, in so many steps at most. Throws ApiError. */
export function fetchTimeline(key: FlowKey, buckets: number, signal?: AbortSignal): Promise<TimelineAnswer> {
  return call<TimelineAnswer>("GET", `${flowPath(key)}/timeline?buckets=${buckets}`, undefined, signal);
}
