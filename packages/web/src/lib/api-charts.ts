/** The API's answers about traffic as a whole. */
import { call } from "./api.ts";
import type { HistogramAnswer, OverviewAnswer } from "./types-charts.ts";

/** `params`: as `GET /api/flows/histogram` takes them. Throws ApiError. */
export function fetchHistogram(params: URLSearchParams, signal?: AbortSignal): Promise<HistogramAnswer> {
  return call<HistogramAnswer>("GET", `/api/flows/histogram?${params}`, undefined, signal);
}

/** `params`: as `GET /api/overview` takes them. Throws ApiError. */
export function fetchOverview(params: URLSearchParams, signal?: AbortSignal): Promise<OverviewAnswer> {
  return call<OverviewAnswer>("GET", `/api/overview?${params}`, undefined, signal);
}
