/** How people may sign in. */
import { call } from "./api.ts";

export interface SignInMethods {
  /** Some account has a password. */
  readonly password: boolean;
  /** Null: there is no OpenID provider. */
  readonly oidc: { readonly name: string } | null;
}

export function fetchSignInMethods(signal?: AbortSignal): Promise<SignInMethods> {
  return call<SignInMethods>("GET", "/api/auth/methods", undefined, signal);
}
