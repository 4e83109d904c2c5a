import { FlowtrailError } from "@flowtrail/model";

export type AuthErrorData =
  /** No credentials, or worthless ones. */
  | { code: "UNAUTHENTICATED" }
  /** Good credentials, but not for this. */
  | { code: "FORBIDDEN" }
  /** The old password, of who is signed in. */
  | { code: "WRONG_PASSWORD" }
  /** It would be guessed soon. */
  | { code: "WEAK_PASSWORD" }
  /** Nobody could set anything any more. */
  | { code: "LAST_ADMIN" }
  | { code: "RATE_LIMITED"; retryAfterMs: number };

export class AuthError extends FlowtrailError<AuthErrorData> {}
