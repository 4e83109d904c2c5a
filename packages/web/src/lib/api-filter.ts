/** What the API says about a question itself: how many rows it has, what they have in common, how it could go on. */
import type { Suggestion, Value } from "@flowtrail/model";
import { call } from "./api.ts";
import type { AnswerMeta } from "./api-types.ts";

interface FlowCount {
  readonly count: number;
  readonly exact: boolean;
  /** How it was estimated, for people. */
  readonly note: string | null;
  readonly meta: AnswerMeta;
}

/** How many rows a list has. `params`: as `GET /api/flows` takes them. Throws ApiError. */
export function fetchCount(params: URLSearchParams, signal?: AbortSignal): Promise<FlowCount> {
  return call<FlowCount>("GET", `/api/flows/count?${params}`, undefined, signal);
}

export interface FacetValue {
  readonly value: Value;
  readonly count: number;
}

export interface FacetAnswer {
  /** By the name of the field. */
  readonly facets: Readonly<Record<string, readonly FacetValue[]>>;
  /** Fields that have more values than were told. */
  readonly more: readonly string[];
  readonly exact: boolean;
  readonly note: string | null;
  readonly meta: AnswerMeta;
}

/** The values that most rows have. `params`: as `GET /api/flows/facets` takes them. Throws ApiError. */
export function fetchFacets(params: URLSearchParams, signal?: AbortSignal): Promise<FacetAnswer> {
  return call<FacetAnswer>("GET", `/api/flows/facets?${params}`, undefined, signal);
}

export interface CountedSuggestion extends Suggestion {
  /** Reports that have this value, among those that were looked at. */
  readonly count: number | null;
}

interface CountedCompletion {
  readonly from: number;
  readonly to: number;
  readonly suggestions: readonly CountedSuggestion[];
  readonly meta: AnswerMeta;
}

/** What could be written next in a filter, values with their counts. Throws ApiError. */
export function fetchCompletion(params: URLSearchParams, signal?: AbortSignal): Promise<CountedCompletion> {
  return call<CountedCompletion>("GET", `/api/filter/complete?${params}`, undefined, signal);
}
