/** People: accounts, passwords, sessions. All of them throw ApiError. */
import { call } from "./api.ts";
import type { Role } from "./me.ts";

/** What somebody may do. */
export interface Grant {
  readonly role: Role;
  /** Ids; null: all. */
  readonly networks: readonly string[] | null;
  /** A user of the inventory; null: everybody's flows. */
  readonly own: string | null;
}

export interface Account extends Grant {
  readonly id: string;
  readonly name: string;
  readonly source: "local" | "oidc" | "proxy";
  readonly has_password: boolean;
  readonly created: string;
  readonly disabled: string | null;
  readonly last_sign_in: string | null;
  /** Browsers that are signed in. */
  readonly sessions: number;
}

export interface ChangedAccount extends Account {
  /** Signs one browser in, once; told this once. */
  readonly link?: string;
  readonly link_expires?: string;
}

export async function fetchAccounts(signal?: AbortSignal): Promise<readonly Account[]> {
  return (await call<{ accounts: readonly Account[] }>("GET", "/api/accounts", undefined, signal)).accounts;
}

export function makeAccount(account: Grant & { readonly name: string }): Promise<ChangedAccount> {
  return call("POST", "/api/accounts", account);
}

type AccountChange = Partial<Grant> & { readonly disabled?: boolean; readonly reset?: true };

export function changeAccount(id: string, change: AccountChange): Promise<ChangedAccount> {
  return call("PATCH", `/api/accounts/${encodeURIComponent(id)}`, change);
}

export function signInByName(name: string, password: string): Promise<unknown> {
  return call("POST", "/api/auth/signin", { name, password });
}

export function changePassword(old: string, password: string): Promise<unknown> {
  return call("POST", "/api/auth/password", { old, password });
}

export function signOutEverywhere(): Promise<unknown> {
  return call("POST", "/api/auth/signout/everywhere", {});
}
