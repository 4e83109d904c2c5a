/** What the table shows besides its columns. */
import type { AnswerMeta } from "../../../lib/api-types.ts";
import { ApiError } from "../../../lib/errors.ts";
import type { FlowEntry } from "./flow-list.ts";

/** Does the list go on there? */
export type Edge = "none" | "yes" | "loading" | "failed";

export interface FeedState {
  /** `refreshing`: rows of the question before are still shown. `failed`, `cancelled`: the rows, if any, are old. */
  readonly phase: "loading" | "refreshing" | "ready" | "failed" | "cancelled";
  /** When the question that runs was asked, milliseconds since 1970. */
  readonly askedMs: number;
  readonly entries: readonly FlowEntry[];
  /** Only what has come in since somebody cleared the table is shown. */
  readonly cleared: boolean;
  /** Grows whenever all rows are others: the table begins at its top. */
  readonly generation: number;
  readonly error: ApiError | null;
  /** Behind the last row, and before the first one. */
  readonly more: Edge;
  readonly before: Edge;
  /** Of the last answer. */
  readonly meta: AnswerMeta | undefined;
  readonly note: string | null;
  /** `off`: nothing new comes into this list. */
  readonly live: "off" | "connecting" | "on" | "broken";
  /** New rows have a place in this list; else only the counters of its open flows go on. */
  readonly takesNew: boolean;
  readonly paused: boolean;
  /** New rows that wait until the reader comes back. */
  readonly held: number;
  /** One of so many live rows is shown; 1: all of them. */
  readonly sampled: number;
  /** Live rows that were left out so far because there were too many to follow. */
  readonly dropped: number;
}

export const START: FeedState = {
  phase: "loading",
  askedMs: 0,
  entries: [],
  cleared: false,
  generation: 0,
  error: null,
  more: "none",
  before: "none",
  meta: undefined,
  note: null,
  live: "off",
  takesNew: false,
  paused: false,
  held: 0,
  sampled: 1,
  dropped: 0,
};

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}
