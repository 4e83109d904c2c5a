/** Who asks: an agent or a program by its bearer token, a person by the session cookie that a one-time code was changed for. */
import type { IncomingHttpHeaders } from "node:http";
import { AuthError } from "./errors.ts";
import { type Access, EVERYTHING, type Grant, type Identity, rolesFor } from "./identity.ts";

/** The part of the store's tokens that is needed here. */
export interface TokenStore {
  find(secret: string): Promise<FoundToken | null>;
  spend(secret: string): Promise<FoundToken | null>;
  create(token: {
    kind: "session";
    name: string;
    grant: Grant;
    expiresMs: number;
  }): Promise<{ secret: string; token: { id: string } }>;
  revoke(id: string): Promise<boolean>;
}

export interface FoundToken {
  readonly id: string;
  readonly kind: "agent" | "api" | "session" | "signin";
  readonly name: string;
  readonly node: string | null;
  readonly grant: Grant;
}

export const SESSION_COOKIE = "flowtrail_session";
export const SESSION_MS = 30 * 24 * 3_600_000;
export const SIGNIN_MS = 15 * 60_000;

export class Auth {
  readonly #tokens: TokenStore;
  readonly #insecure: boolean;
  readonly #now: () => number;

  constructor(config: { insecure: boolean }, deps: { tokens: TokenStore; now: () => number }) {
    this.#insecure = config.insecure;
    this.#tokens = deps.tokens;
    this.#now = deps.now;
  }

  get insecure(): boolean {
    return this.#insecure;
  }

  /**
   * Whose credentials these are; null: there are none, or they are worthless.
   * @throws StoreError while the store is away
   */
  async identify(headers: IncomingHttpHeaders, sessionCookie: string | undefined): Promise<Identity | null> {
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    const token = bearer === undefined ? await this.#session(sessionCookie) : await this.#bearer(bearer);
    return token ?? (this.#insecure ? { kind: "anybody", ...EVERYTHING } : null);
  }

  async #bearer(secret: string): Promise<Identity | null> {
    const token = await this.#tokens.find(secret);
    if (token?.kind === "agent" && token.node !== null)
      return { kind: "agent", id: token.id, node: token.node, name: token.name };
    return token?.kind === "api" ? { kind: "api", id: token.id, name: token.name, ...token.grant } : null;
  }

  async #session(secret: string | undefined): Promise<Identity | null> {
    if (secret === undefined) return null;
    const token = await this.#tokens.find(secret);
    return token?.kind === "session" ? { kind: "session", id: token.id, name: token.name, account: null, ...token.grant } : null;
  }

  /**
   * Changes a one-time code (worthless from then on) or an API token for a session.
   * @returns the secret for the cookie
   * @throws AuthError UNAUTHENTICATED; StoreError
   */
  async signIn(code: string): Promise<{ secret: string; expiresMs: number }> {
    const known = await this.#tokens.find(code);
    const usable = known?.kind === "signin" ? await this.#tokens.spend(code) : known?.kind === "api" ? known : null;
    if (usable === null) {
      const advice =
        "The link was used already, or is too old. For a new one, run this where the server runs: npx flowtrail link";
      throw new AuthError({ code: "UNAUTHENTICATED" }, advice);
    }
    const expiresMs = this.#now() + SESSION_MS;
    const { secret } = await this.#tokens.create({ kind: "session", name: usable.name, grant: usable.grant, expiresMs });
    return { secret, expiresMs };
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
