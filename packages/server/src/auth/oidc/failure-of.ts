/** What openid-client throws, as one of our failures. */
import { AuthorizationResponseError, ClientError, ResponseBodyError } from "openid-client";
import { OidcError, oidcError } from "./errors.ts";
import { reasonOf } from "./provider.ts";

const AWAY = new Set(["OAUTH_TIMEOUT", "OAUTH_ABORT"]);

export function failureOf(error: unknown): OidcError {
  if (error instanceof OidcError) return error;
  if (error instanceof AuthorizationResponseError) {
    const failure = error.error === "access_denied" ? "denied" : "refused";
    return oidcError(failure, `the provider did not sign anybody in: ${told(error)}`, error);
  }
  if (error instanceof ResponseBodyError) {
    const failure = error.error === "invalid_grant" ? "lapsed" : error.status >= 500 ? "away" : "refused";
    return oidcError(failure, `the provider did not change the code for tokens: ${told(error)}`, error);
  }
  const code = error instanceof ClientError ? (error.code ?? "") : "";
  if (AWAY.has(code) || error instanceof TypeError || (code === "OAUTH_RESPONSE_IS_NOT_CONFORM" && statusOf(error) >= 500))
    return oidcError("away", `the provider does not answer: ${reasonOf(error)}`, error);
  return oidcError("not_verified", `the provider's answer was not accepted: ${code} ${reasonOf(error)}`.trim(), error);
}

/** Codes of the standard; what a provider writes besides may be long, and is its own. */
function told({ error, error_description: description }: AuthorizationResponseError | ResponseBodyError): string {
  return `${error}${description ? ` (${description.slice(0, 200)})` : ""}`;
}

function statusOf(error: unknown): number {
  const cause = (error as { cause?: unknown }).cause;
  return cause instanceof Response ? cause.status : 0;
}
