/** Signing in with a name and a password, and changing the password. Wrong name or wrong password: the answer and its time are the same. */
import type { Account } from "../store/account-rows.ts";
import { comparable } from "../store/account-rows.ts";
import { knownDevice } from "./device.ts";
import { AuthError } from "./errors.ts";
import type { Passwords } from "./password.ts";
import { checkPassword } from "./password-rules.ts";
import type { Attempt, Patience } from "./patience.ts";

/** The part of the store's accounts that is needed here. */
export interface PasswordStore {
  findLocal(name: string): Promise<Account | null>;
  change(
    id: string,
    change: (account: Account) => { readonly password?: string; readonly endSessions?: boolean },
  ): Promise<Account | null>;
}

export interface PasswordAttempt {
  readonly name: string;
  readonly password: string;
  readonly address: string;
  /** Its cookie. */
  readonly device: string | undefined;
}

export class PasswordSignIn {
  readonly #accounts: PasswordStore;
  readonly #passwords: Passwords;
  readonly #patience: Patience;

  constructor(deps: { accounts: PasswordStore; passwords: Passwords; patience: Patience }) {
    this.#accounts = deps.accounts;
    this.#passwords = deps.passwords;
    this.#patience = deps.patience;
  }

  /**
   * Whose name and password these are.
   * @throws AuthError UNAUTHENTICATED, RATE_LIMITED; StoreError
   */
  async check({ name, password, address, device: cookie }: PasswordAttempt): Promise<Account> {
    const account = await this.#accounts.findLocal(name);
    const device = account === null ? null : knownDevice(cookie, account.deviceKey);
    const attempt = { account: comparable(name), exists: account !== null, address, device };
    if (!(await this.#isRight(attempt, password, account?.password ?? "")) || account === null || account.disabledMs !== null)
      throw new AuthError({ code: "UNAUTHENTICATED" }, "the name or the password is wrong");
    this.#patience.succeeded(attempt);
    return account;
  }

  /** What to keep of a new account's password. @throws AuthError WEAK_PASSWORD, RATE_LIMITED */
  async first(password: string, name: string): Promise<string> {
    checkPassword(password, name);
    return this.#passwords.hash(password);
  }

  /**
   * Changes an account's own password. All its sessions end.
   * @param by the session that asks: whoever took one over must not be able to guess on
   * @throws AuthError WRONG_PASSWORD, WEAK_PASSWORD, RATE_LIMITED, UNAUTHENTICATED; StoreError
   */
  async change(account: Account, { old, password, by }: { old: string; password: string; by: string }): Promise<Account> {
    // Whoever came by a link that was made for this has none yet.
    if (account.password !== "") {
      const attempt = { account: account.subject, exists: true, address: "", device: `session ${by}` };
      if (!(await this.#isRight(attempt, old, account.password)))
        throw new AuthError({ code: "WRONG_PASSWORD" }, "the old password is wrong");
      this.#patience.succeeded(attempt);
    }
    const kept = await this.first(password, account.name);
    const changed = await this.#accounts.change(account.id, (now) => {
      // A password takes a while to work out: a reset, another password or an end of all sessions in that time counts, not this.
      if (now.epoch !== account.epoch || now.password !== account.password || now.disabledMs !== null)
        throw new AuthError({ code: "UNAUTHENTICATED" }, "this account was changed at the same time: sign in again");
      return { password: kept, endSessions: true };
    });
    if (changed === null) throw new AuthError({ code: "UNAUTHENTICATED" }, "this account is gone");
    return changed;
  }

  /** Keeps a password that is right with today's parameters. @throws StoreError, AuthError RATE_LIMITED */
  async renew(account: Account, password: string): Promise<void> {
    if (!this.#passwords.isOutdated(account.password)) return;
    const kept = await this.#passwords.hash(password);
    await this.#accounts.change(account.id, (now) => (now.password === account.password ? { password: kept } : {}));
  }

  async #isRight(attempt: Attempt, password: string, kept: string): Promise<boolean> {
    const lane = attempt.device === null ? "other" : "known";
    // Who is turned away before the password was looked at did not fail.
    this.#passwords.assertRoom(lane);
    const retryAfterMs = this.#patience.begin(attempt);
    if (retryAfterMs > 0)
      throw new AuthError({ code: "RATE_LIMITED", retryAfterMs }, "there were too many wrong passwords: wait, then try again");
    return this.#passwords.verify(password, kept, lane);
  }
}
