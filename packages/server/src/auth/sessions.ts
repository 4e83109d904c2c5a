/** What a browser is known by after somebody signed in. Role and scope are those of its account, or of the token it came by, as they are now. */
import type { Account } from "../store/account-rows.ts";
import type { NewToken, Token } from "../store/token-rows.ts";
import type { AuthConfig } from "./config.ts";
import { AuthError } from "./errors.ts";
import type { Grant, Identity } from "./identity.ts";

/** The part of the store's tokens that is needed here. */
export interface TokenStore {
  find(secret: string): Promise<Token | null>;
  get(id: string): Promise<Token | null>;
  list(): Promise<Token[]>;
  spend(secret: string): Promise<Token | null>;
  create(token: NewToken): Promise<{ secret: string; token: Token }>;
  change(id: string, change: { expiresMs: number }): Promise<void>;
  revoke(id: string): Promise<boolean>;
}

/** The part of the store's accounts that is needed here. */
export interface AccountStore {
  find(id: string): Promise<Account | null>;
}

export interface OpenedSession {
  readonly secret: string;
  /** When it ends in any case. */
  readonly expiresMs: number;
}

/** Of its time until it is idle; what was used less long ago is not noted again. */
const NOTED_AFTER = 0.1;

/** Of one account, or by one API token. With one more the oldest ends. */
export const MAX_SESSIONS = 100;

export class Sessions {
  readonly #config: AuthConfig;
  readonly #tokens: TokenStore;
  readonly #accounts: AccountStore;
  readonly #now: () => number;
  /** Those whose use is being noted. */
  readonly #noting = new Set<string>();

  constructor(config: AuthConfig, deps: { tokens: TokenStore; accounts: AccountStore; now: () => number }) {
    this.#config = config;
    this.#tokens = deps.tokens;
    this.#accounts = deps.accounts;
    this.#now = deps.now;
  }

  /**
   * @param from what it is told from others by, such as the browser
   * @throws AuthError FORBIDDEN for an account that is disabled; StoreError
   */
  async open(account: Account, from: string): Promise<OpenedSession> {
    if (account.disabledMs !== null)
      throw new AuthError({ code: "FORBIDDEN" }, "this account is disabled: an administrator can enable it again");
    return this.#open({ name: from, grant: account.grant, account: account.id, epoch: account.epoch });
  }

  /**
   * For who has no account: it came by an API token, or by a one-time link that one made, and lasts as long as that.
   * @throws AuthError UNAUTHENTICATED if that token has ended; StoreError
   */
  async openFor(token: Token): Promise<OpenedSession> {
    const { id, kind, name, grant } = token;
    const via = kind === "api" ? id : token.via;
    if (via === null) return this.#open({ name, grant });
    const program = await this.#tokens.get(via);
    if (program === null) throw new AuthError({ code: "UNAUTHENTICATED" }, "the API token that this came of has ended");
    return this.#open({ name, grant, via }, program.expiresMs ?? Number.POSITIVE_INFINITY);
  }

  async #open(given: Omit<NewToken, "kind" | "expiresMs">, atMostMs = Number.POSITIVE_INFINITY): Promise<OpenedSession> {
    const { idleMs, lifetimeMs } = this.#config;
    await this.#makeRoom(given);
    const now = this.#now();
    const endMs = Math.min(now + lifetimeMs, atMostMs);
    const { secret } = await this.#tokens.create({ ...given, kind: "session", expiresMs: Math.min(now + idleMs, endMs) });
    return { secret, expiresMs: endMs };
  }

  async #makeRoom({ account, via }: { account?: string; via?: string }): Promise<void> {
    if (account === undefined && via === undefined) return;
    const own = (await this.#tokens.list()).filter(
      (token) =>
        token.kind === "session" &&
        (account === undefined ? token.via === via : token.account === account) &&
        token.revokedMs === null &&
        (token.expiresMs ?? 0) > this.#now(),
    );
    for (const { id } of own.slice(MAX_SESSIONS - 1)) await this.#tokens.revoke(id);
  }

  /** Whose session this is, and notes that it is used. Null: it is none, or over. @throws StoreError */
  async find(secret: string): Promise<Identity | null> {
    const token = await this.#tokens.find(secret);
    if (token?.kind !== "session") return null;
    const whose = await this.#whose(token);
    if (whose === null || token.createdMs + this.#config.lifetimeMs <= this.#now()) return null;
    await this.#noteUse(token);
    return { kind: "session", id: token.id, account: token.account, ...whose };
  }

  /** Those of an account that are not over, newest first. @throws StoreError */
  async list(account: Account): Promise<Token[]> {
    return this.live(account, await this.#tokens.list());
  }

  /** Of these tokens, the account's sessions that are not over. */
  live(account: Account, tokens: readonly Token[]): Token[] {
    const { lifetimeMs } = this.#config;
    const now = this.#now();
    return tokens.filter(
      ({ kind, account: id, epoch, revokedMs, expiresMs, createdMs }) =>
        kind === "session" &&
        id === account.id &&
        account.disabledMs === null &&
        epoch === account.epoch &&
        revokedMs === null &&
        (expiresMs ?? 0) > now &&
        createdMs + lifetimeMs > now,
    );
  }

  async #whose({ account, epoch, via, name, grant }: Token): Promise<({ name: string } & Grant) | null> {
    if (account !== null) {
      const found = await this.#accounts.find(account);
      return found === null || found.disabledMs !== null || found.epoch !== epoch ? null : { name: found.name, ...found.grant };
    }
    if (via === null) return { name, ...grant };
    const token = await this.#tokens.get(via);
    return token?.kind === "api" ? { name, ...token.grant } : null;
  }

  async #noteUse({ id, createdMs, expiresMs }: Token): Promise<void> {
    const { idleMs, lifetimeMs } = this.#config;
    const laterMs = Math.min(this.#now() + idleMs, createdMs + lifetimeMs);
    if (expiresMs === null || laterMs - expiresMs < idleMs * NOTED_AFTER || this.#noting.has(id)) return;
    this.#noting.add(id);
    try {
      await this.#tokens.change(id, { expiresMs: laterMs });
    } finally {
      this.#noting.delete(id);
    }
  }
}
