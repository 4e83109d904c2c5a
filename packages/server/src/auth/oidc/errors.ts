import { FlowtrailError } from "@flowtrail/model";

/** What went wrong with signing in at a provider. The page has a sentence for each. */
export const OIDC_FAILURES = [
  "away",
  "denied",
  "refused",
  "lapsed",
  "not_begun",
  "not_verified",
  "no_grant",
  "disabled",
  "failed",
] as const;
export type OidcFailure = (typeof OIDC_FAILURES)[number];

export type OidcErrorData = { code: "OIDC_FAILED"; failure: OidcFailure };

/** Its message is for the log: it never holds a code, a token or a secret. */
export class OidcError extends FlowtrailError<OidcErrorData> {
  get failure(): OidcFailure {
    return this.data.failure;
  }
}

export const oidcError = (failure: OidcFailure, message: string, cause?: unknown) =>
  new OidcError({ code: "OIDC_FAILED", failure }, message, { cause });
