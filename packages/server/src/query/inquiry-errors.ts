/** What becomes of a question that asks for too much: what the limit was, and what to do. */
import { FlowtrailError, formatBytes } from "@flowtrail/model";
import type { StoreError } from "../store/errors.ts";
import type { Caps } from "./inquiry-caps.ts";

export type QuestionErrorData =
  /** It needs more rows or memory than it may, or has more rows as its answer. */
  | { code: "QUERY_TOO_LARGE"; limit: "rows" | "memory" | "result"; max: number; option?: string }
  | { code: "QUERY_TOO_SLOW"; limit: "time"; max_seconds: number; option?: string }
  /** Too many others are asking. */
  | { code: "QUERY_BUSY"; retryAfterMs: number };

export class QuestionError extends FlowtrailError<QuestionErrorData> {}

const SMALLER = "Ask for a shorter time range, or add a filter that an index serves: an address, a name, a domain";

const raise = (option: string | null) => (option === null ? "" : `. An administrator can raise ${option}`);

export function tooSlow({ maxExecutionMs, options }: Caps, cause?: unknown): QuestionError {
  const max_seconds = maxExecutionMs / 1000;
  return new QuestionError(
    { code: "QUERY_TOO_SLOW", limit: "time", max_seconds, ...(options.time === null ? {} : { option: options.time }) },
    `the question took longer than ${max_seconds} s and was stopped. ${SMALLER}${raise(options.time)}`,
    { cause },
  );
}

export function tooBusy(retryAfterMs: number, what = "questions"): QuestionError {
  const seconds = Math.ceil(retryAfterMs / 1000);
  return new QuestionError(
    { code: "QUERY_BUSY", retryAfterMs },
    `too many ${what} are under way or wait already: try again in ${seconds} s`,
  );
}

/** What a limit of the store's means to whoever asked; any other error as it is. */
export function explained(error: StoreError, caps: Caps): StoreError | QuestionError {
  if (error.data.code === "STORE_TIMEOUT") return tooSlow(caps, error);
  if (error.data.code !== "STORE_LIMIT") return error;
  const { limit } = error.data;
  const { max, needs, option } = {
    rows: {
      max: caps.maxRowsToRead,
      needs: `would read more than ${caps.maxRowsToRead.toLocaleString("en-US")} rows`,
      option: caps.options.rows,
    },
    memory: {
      max: caps.maxMemoryBytes,
      needs: `needs more than ${formatBytes(caps.maxMemoryBytes)} of the store's memory`,
      option: caps.options.memory,
    },
    result: {
      max: caps.maxResultRows,
      needs: `has an answer of more than ${caps.maxResultRows.toLocaleString("en-US")} rows`,
      option: null,
    },
  }[limit];
  return new QuestionError(
    { code: "QUERY_TOO_LARGE", limit, max, ...(option === null ? {} : { option }) },
    `the question ${needs} and was stopped. ${SMALLER}${raise(option)}`,
    { cause: error },
  );
}
