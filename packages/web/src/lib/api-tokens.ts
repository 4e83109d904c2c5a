/** Credentials. All of them throw ApiError. */
import { call } from "./api.ts";

export interface ApiToken {
  readonly id: string;
  readonly kind: "agent" | "api" | "enrol" | "session" | "signin";
  readonly name: string;
  readonly node: string | null;
  /** The server's time. */
  readonly created: string;
  readonly expires: string | null;
}

export interface MadeToken extends ApiToken {
  /** The secret, told this once. */
  readonly token: string;
}

export async function fetchTokens(signal?: AbortSignal): Promise<readonly ApiToken[]> {
  return (await call<{ tokens: readonly ApiToken[] }>("GET", "/api/tokens", undefined, signal)).tokens;
}

/** An agent's can report as its node and as no other; a program's can do what a signed-in person can. */
type NewToken = { readonly kind: "agent"; readonly node: string } | { readonly kind: "api"; readonly name: string };

export function makeToken(token: NewToken): Promise<MadeToken> {
  return call("POST", "/api/tokens", token);
}

export function revokeToken(id: string): Promise<null> {
  return call("DELETE", `/api/tokens/${encodeURIComponent(id)}`);
}
