/** The API's answers about the largest groups, and what they would cost. */
import { call } from "./api.ts";
import type { AnalyzeAnswer, PlanAnswer } from "./types-analyze.ts";

/** `params`: as `GET /api/flows/top` takes them. Throws ApiError. */
export function fetchTop(params: URLSearchParams, signal?: AbortSignal): Promise<AnalyzeAnswer> {
  return call<AnalyzeAnswer>("GET", `/api/flows/top?${params}`, undefined, signal);
}

/** `params`: as `GET /api/flows/plan` takes them. Throws ApiError. */
export function fetchPlan(params: URLSearchParams, signal?: AbortSignal): Promise<PlanAnswer> {
  return call<PlanAnswer>("GET", `/api/flows/plan?${params}`, undefined, signal);
}

/** How many reports there are, whatever is asked of them: so many are read where no rollup answers. Throws ApiError. */
export async function fetchReportCount(params: URLSearchParams, signal?: AbortSignal): Promise<number> {
  return (await call<{ count: number }>("GET", `/api/flows/count?${params}`, undefined, signal)).count;
}
