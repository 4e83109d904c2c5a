/** Credentials. All of them throw ApiError. */
import { call } from "./api.ts";
import type { Grant } from "./api-accounts.ts";
import type { Role } from "./me.ts";

export interface ApiToken {
  readonly id: string;
  readonly kind: "agent" | "api" | "enrol" | "session" | "signin";
  readonly name: string;
  readonly node: string | null;
  /** The server's time. */
  readonly created: string;
  readonly expires: string | null;
  /** Null for an agent's. */
  readonly role: Role | null;
  readonly networks: readonly string[] | null;
  readonly own: string | null;
  /** Name of the account whose session or link it is. */
  readonly account: string | null;
  /** The server's own, for the command line of its machine. */
  readonly machine: boolean;
  readonly last_used: string | null;
  readonly last_address: string | null;
}

export interface MadeToken extends ApiToken {
  /** The secret, told this once. */
  readonly token: string;
}

export async function fetchTokens(signal?: AbortSignal): Promise<readonly ApiToken[]> {
  return (await call<{ tokens: readonly ApiToken[] }>("GET", "/api/tokens", undefined, signal)).tokens;
}

/** An agent's can report as its node and as no other; a program's can do what its role and scope say, until it ends. */
type NewToken =
  | { readonly kind: "agent"; readonly node: string }
  | ({ readonly kind: "api"; readonly name: string; readonly expires?: string } & Grant);

export function makeToken(token: NewToken): Promise<MadeToken> {
  return call("POST", "/api/tokens", token);
}

export function revokeToken(id: string): Promise<null> {
  return call("DELETE", `/api/tokens/${encodeURIComponent(id)}`);
}
