/** What can go wrong between us and ClickHouse: foreign errors are translated here, once. */
import { ClickHouseError } from "@clickhouse/client";
import { FlowtrailError } from "@flowtrail/model";

export type StoreErrorData =
  /** Nobody answers: the engine is starting again, or the network is away. Trying again later helps. */
  | { code: "STORE_UNAVAILABLE"; retryAfterMs: number }
  /** ClickHouse has more to do than it can: too many parts or queries at once. Trying again later helps. */
  | { code: "STORE_BUSY"; retryAfterMs: number; clickhouse: number }
  /** More rows wait to be written than we are ready to keep in memory. Trying again later helps. */
  | { code: "STORE_OVERLOADED"; retryAfterMs: number; waitingRows: number }
  /** No space left, or less than the reserve. Only an operator (or retention) can help. */
  | { code: "STORE_DISK_FULL"; retryAfterMs: number }
  /** A query took longer than it may. */
  | { code: "STORE_TIMEOUT" }
  /** A query needed more memory or rows than it may, or has more rows as its result. */
  | { code: "STORE_LIMIT"; limit: "memory" | "rows" | "result"; clickhouse: number }
  /** The caller's signal ended the query. */
  | { code: "STORE_ABORTED" }
  /** Wrong user, password or key, or a missing grant. */
  | { code: "STORE_AUTH"; clickhouse: number }
  /** ClickHouse refused the statement or its data: ours to repair, trying again does not help. */
  | { code: "STORE_QUERY"; clickhouse: number; type: string };

export class StoreError extends FlowtrailError<StoreErrorData> {}

/** True when the same statement may succeed later: it was the store's state and not the statement. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof StoreError && error.code !== "STORE_QUERY" && error.code !== "STORE_AUTH" && error.code !== "STORE_ABORTED"
  );
}

// Codes of ClickHouse, src/Common/ErrorCodes.cpp.
const NOT_ENOUGH_SPACE = 243;
const CANNOT_WRITE = new Set([75 /* CANNOT_WRITE_TO_FILE_DESCRIPTOR */, 76 /* CANNOT_OPEN_FILE */]);
const TOO_BUSY = new Set([
  202 /* TOO_MANY_SIMULTANEOUS_QUERIES */, 252 /* TOO_MANY_PARTS */, 439 /* CANNOT_SCHEDULE_TASK */, 668 /* INVALID_STATE */,
  745 /* SERVER_OVERLOADED */,
]);
const TOO_SLOW = new Set([159 /* TIMEOUT_EXCEEDED */, 160 /* TOO_SLOW */]);
const TOO_MANY_ROWS = new Set([158 /* TOO_MANY_ROWS */, 307 /* TOO_MANY_BYTES */]);
const TOO_LARGE_RESULT = 396; // TOO_MANY_ROWS_OR_BYTES
const MEMORY_LIMIT_EXCEEDED = 241;
const QUERY_WAS_CANCELLED = new Set([394, 734 /* QUERY_WAS_CANCELLED_BY_CLIENT */]);
const NOT_ALLOWED = new Set([
  192 /* UNKNOWN_USER */, 193 /* WRONG_PASSWORD */, 194 /* REQUIRED_PASSWORD */, 195 /* IP_ADDRESS_NOT_ALLOWED */,
  497 /* ACCESS_DENIED */, 516 /* AUTHENTICATION_FAILED */,
]);
const UNREACHABLE = new Set([
  32 /* ATTEMPT_TO_READ_AFTER_EOF, of a node in the middle of an answer to another one */, 3 /* UNEXPECTED_END_OF_FILE */,
  198 /* DNS_ERROR */, 209 /* SOCKET_TIMEOUT */, 210 /* NETWORK_ERROR */, 236 /* ABORTED */, 242 /* TABLE_IS_READ_ONLY */,
  279 /* ALL_CONNECTION_TRIES_FAILED */, 999 /* KEEPER_EXCEPTION */,
]);
const WAIT_MS = { unavailable: 1_000, busy: 2_000, diskFull: 30_000 };

function fromClickHouse(error: ClickHouseError): StoreError {
  const clickhouse = Number(error.code);
  const type = error.type ?? "UNKNOWN";
  const text = `ClickHouse ${clickhouse} ${type}: ${error.message.trim()}`;
  const as = (data: StoreErrorData, message = text) => new StoreError(data, message, { cause: error });
  if (clickhouse === NOT_ENOUGH_SPACE || (CANNOT_WRITE.has(clickhouse) && /No space left|errno: 28\b/.test(error.message))) {
    return as(
      { code: "STORE_DISK_FULL", retryAfterMs: WAIT_MS.diskFull },
      `The disk of the store is full: free some space, or keep less (flowtrail store retention). ${text}`,
    );
  }
  // Also TOO_MANY_PARTS, but of this one INSERT: rows of so many different days will not fit tomorrow either.
  const tooManyDays = /Too many partitions for single INSERT/i.test(error.message);
  if (TOO_BUSY.has(clickhouse) && !tooManyDays) return as({ code: "STORE_BUSY", retryAfterMs: WAIT_MS.busy, clickhouse });
  if (TOO_SLOW.has(clickhouse)) return as({ code: "STORE_TIMEOUT" });
  if (clickhouse === TOO_LARGE_RESULT) return as({ code: "STORE_LIMIT", limit: "result", clickhouse });
  if (TOO_MANY_ROWS.has(clickhouse)) return as({ code: "STORE_LIMIT", limit: "rows", clickhouse });
  // The memory of the whole server: this one may need little, and fits in later.
  if (clickhouse === MEMORY_LIMIT_EXCEEDED && /\(total\)/.test(error.message))
    return as({ code: "STORE_BUSY", retryAfterMs: WAIT_MS.busy, clickhouse });
  if (clickhouse === MEMORY_LIMIT_EXCEEDED) return as({ code: "STORE_LIMIT", limit: "memory", clickhouse });
  if (QUERY_WAS_CANCELLED.has(clickhouse)) return as({ code: "STORE_ABORTED" });
  if (NOT_ALLOWED.has(clickhouse)) return as({ code: "STORE_AUTH", clickhouse });
  if (UNREACHABLE.has(clickhouse)) return as({ code: "STORE_UNAVAILABLE", retryAfterMs: WAIT_MS.unavailable });
  return as({ code: "STORE_QUERY", clickhouse, type });
}

const CONNECTION_ERRORS = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** True for an error of `@clickhouse/client` that means: nobody is there, or is not there any more. */
export function isUnreachable(error: unknown): boolean {
  return CONNECTION_ERRORS.has((error as NodeJS.ErrnoException | null)?.code ?? "");
}

/** True when the connection was closed at the other end before an answer came ("socket hang up"). */
export function isReset(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === "ECONNRESET";
}

/** An error for "there is nobody to ask right now". */
export function unavailable(message: string, cause?: unknown): StoreError {
  return new StoreError({ code: "STORE_UNAVAILABLE", retryAfterMs: WAIT_MS.unavailable }, message, { cause });
}

/** Translates whatever `@clickhouse/client` threw. `signal` tells an abort of ours from a broken connection. */
export function toStoreError(error: unknown, signal?: AbortSignal): StoreError {
  if (error instanceof StoreError) return error;
  if (signal?.aborted) return new StoreError({ code: "STORE_ABORTED" }, "The query was cancelled", { cause: error });
  if (error instanceof ClickHouseError) return fromClickHouse(error);
  const message = error instanceof Error ? error.message : String(error);
  if (message === "Timeout error.") {
    return new StoreError({ code: "STORE_TIMEOUT" }, "The store did not answer in time", { cause: error });
  }
  // The embedded engine answers so to anybody who does not have its key (engine/config-files.ts).
  if (message.includes("There is no handle")) {
    return new StoreError({ code: "STORE_AUTH", clickhouse: 0 }, "The store does not accept our key", { cause: error });
  }
  return unavailable(`The store does not answer: ${message.split("\n", 1)[0]}`, error);
}
