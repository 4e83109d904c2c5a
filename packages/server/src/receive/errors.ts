import { FlowtrailError } from "@flowtrail/model";

export type ReceiveErrorData =
  /** Larger than a limit says. The sender may cut it in two. */
  | { code: "TOO_LARGE"; what: "body" | "batch" | "rows"; limit: number }
  /** No Arrow, no NDJSON, or a broken compression: sending it again can't help. */
  | { code: "BAD_BATCH" }
  /** Others fill the memory that there is for them: it may come again. */
  | { code: "TOO_MANY_UPLOADS"; retryAfterMs: number; bytes: number; limit: number }
  | { code: "UNSUPPORTED_ENCODING"; encoding: string }
  | { code: "UNSUPPORTED_TYPE"; type: string }
  /** A header that is not what it should be. */
  | { code: "BAD_HEADER"; header: string };

export class ReceiveError extends FlowtrailError<ReceiveErrorData> {}
