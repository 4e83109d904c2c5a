import { FlowtrailError } from "@flowtrail/model";

export type AuthErrorData =
  /** No credentials, or worthless ones. */
  | { code: "UNAUTHENTICATED" }
  /** Good credentials, but not for this. */
  | { code: "FORBIDDEN" }
  | { code: "RATE_LIMITED"; retryAfterMs: number };

export class AuthError extends FlowtrailError<AuthErrorData> {}
