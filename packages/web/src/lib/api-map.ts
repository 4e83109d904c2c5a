/** Who talks to whom. */
import { call } from "./api.ts";
import type { PairsAnswer } from "./types-map.ts";

/** `params`: as `GET /api/flows/pairs` takes them. Throws ApiError. */
export function fetchPairs(params: URLSearchParams, signal?: AbortSignal): Promise<PairsAnswer> {
  return call<PairsAnswer>("GET", `/api/flows/pairs?${params}`, undefined, signal);
}
