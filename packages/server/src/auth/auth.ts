/** Who asks: an agent or a program by its bearer token, a person by the cookie of a session. */
import type { IncomingHttpHeaders } from "node:http";
import type { Account } from "../store/account-rows.ts";
import type { AuthConfig } from "./config.ts";
import { AuthError } from "./errors.ts";
import { type Access, EVERYTHING, type Identity, rolesFor } from "./identity.ts";
import { type AccountStore, type OpenedSession, Sessions, type TokenStore } from "./sessions.ts";

export const SIGNIN_MS = 15 * 60_000;

export class Auth {
  readonly #config: AuthConfig;
  readonly #tokens: TokenStore;
  readonly #accounts: AccountStore;
  readonly sessions: Sessions;

  constructor(config: AuthConfig, deps: { tokens: TokenStore; accounts: AccountStore; now: () => number }) {
    this.#config = config;
    this.#tokens = deps.tokens;
    this.#accounts = deps.accounts;
    this.sessions = new Sessions(config, deps);
  }

  get insecure(): boolean {
    return this.#config.insecure;
  }

  /**
   * Whose credentials these are; null: there are none, or they are worthless.
   * @throws StoreError while the store is away
   */
  async identify(headers: IncomingHttpHeaders, sessionCookie: string | undefined): Promise<Identity | null> {
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    const session = sessionCookie === undefined ? null : () => this.sessions.find(sessionCookie);
    const identity = bearer === undefined ? await session?.() : await this.#bearer(bearer);
    return identity ?? (this.insecure ? { kind: "anybody", ...EVERYTHING } : null);
  }

  async #bearer(secret: string): Promise<Identity | null> {
    const token = await this.#tokens.find(secret);
    if (token?.kind === "agent" && token.node !== null)
      return { kind: "agent", id: token.id, node: token.node, name: token.name };
    if (token?.kind !== "api") return null;
    return { kind: "api", id: token.id, name: token.name, isMachine: token.mark === "machine", ...token.grant };
  }

  /**
   * A session for somebody who proved to be this account's person.
   * @param from what it is told from others by, such as the browser
   * @throws AuthError FORBIDDEN for an account that is disabled; StoreError
   */
  openSession(account: Account, from = account.name): Promise<OpenedSession> {
    return this.sessions.open(account, from);
  }

  /**
   * Changes a one-time code (worthless from then on) or an API token for a session.
   * @throws AuthError UNAUTHENTICATED; StoreError
   */
  async signIn(code: string, from?: string): Promise<OpenedSession & { account: Account | null }> {
    const known = await this.#tokens.find(code);
    const usable = known?.kind === "signin" ? await this.#tokens.spend(code) : known?.kind === "api" ? known : null;
    if (usable?.account === null) return { ...(await this.sessions.openFor(usable)), account: null };
    const account = usable === null ? null : await this.#accounts.find(usable.account);
    if (usable === null || account === null || account.disabledMs !== null || account.epoch !== usable.epoch) {
      const advice =
        "The link was used already, or is too old. For a new one, run this where the server runs: npx flowtrail link";
      throw new AuthError({ code: "UNAUTHENTICATED" }, advice);
    }
    return { ...(await this.openSession(account, from)), account };
  }

  /** @throws StoreError */
  async signOut(identity: Identity | null): Promise<void> {
    if (identity?.kind === "session") await this.#tokens.revoke(identity.id);
  }
}

/** Null if the identity may do what the route is for; else what is wrong. */
export function refusal(identity: Identity | null, access: Access): AuthError | null {
  if (access === "public" || identity?.kind === "anybody") return null;
  if (identity === null) {
    const what = access === "agent" ? "an agent's token" : "an API token or a session";
    return new AuthError({ code: "UNAUTHENTICATED" }, `credentials are needed here: ${what} (Authorization: Bearer …)`);
  }
  if (access === "agent") {
    const needed = "an agent's token (flowtrail token create --node NAME) is needed here, and this is none";
    return identity.kind === "agent" ? null : new AuthError({ code: "FORBIDDEN" }, needed);
  }
  if (identity.kind === "agent")
    return new AuthError({ code: "FORBIDDEN" }, "an API token or a session is needed here, and this is an agent's token");
  const roles = rolesFor(access);
  if (roles === null || roles.includes(identity.role)) return null;
  return new AuthError({ code: "FORBIDDEN" }, `this is for the role ${roles.join(" or ")}; yours is ${identity.role}`);
}
