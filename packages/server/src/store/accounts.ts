/** Who may sign in, as it is now: read from the store, kept for a moment, changed by adding versions. */
import { randomBytes, randomUUID } from "node:crypto";
import { type Grant, ROLES } from "../auth/identity.ts";
import {
  type Account,
  AccountError,
  type AccountRow,
  type AccountSource,
  accountFromRow,
  accountId,
  accountToRow,
  comparable,
  type StoredAccount,
} from "./account-rows.ts";
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { ACCOUNTS } from "./schema/account-table.ts";

/** What can be changed. */
export type AccountChange = Partial<Pick<Account, "name" | "grant" | "password" | "disabledMs">> & {
  /** All its sessions and links become worthless, and no device is known any more. */
  readonly endSessions?: boolean;
};

export interface NewAccount {
  readonly name: string;
  readonly grant: Grant;
  /** As `auth/password.ts` makes it; left out: nobody can sign in with one. */
  readonly password?: string;
}

export interface ExternalAccount {
  readonly source: Exclude<AccountSource, "local">;
  /** What never changes of it at its source. */
  readonly subject: string;
  readonly name: string;
  readonly grant: Grant;
}

/** A change made by another server is seen after this at the latest. */
const FRESH_MS = 5_000;
/**
 * Of two servers' changes of one version the same one counts everywhere: the one that takes most away, else the first by the servers' clocks. So
 * one that is stored late can't undo what shut somebody out, though whoever did that was told "done" before.
 */
const NEWEST = `ORDER BY id, version DESC, isNotNull(disabled) DESC, epoch DESC, indexOf([${ROLES.map((role) => `'${role}'`)}], role) DESC,
  changed, change_id LIMIT 1 BY id`;

export class Accounts {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;
  readonly #now: () => number;
  #known = new Map<string, StoredAccount>();
  #loadedMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | null = null;
  /** One change after the other: each begins with what the one before left. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">, deps: { now?: () => number } = {}) {
    this.#clickhouse = clickhouse;
    this.#now = deps.now ?? Date.now;
  }

  /** All of them by name, those that are disabled too. @throws StoreError */
  async list(): Promise<Account[]> {
    await this.#fresh();
    return [...this.#known.values()].sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
  }

  /** @throws StoreError */
  async find(id: string): Promise<Account | null> {
    await this.#fresh();
    return this.#known.get(id) ?? null;
  }

  /** The local account that somebody means who types this name. @throws StoreError */
  findLocal(name: string): Promise<Account | null> {
    return this.find(accountId("local", comparable(name)));
  }

  /** @throws AccountError ACCOUNT_EXISTS; StoreError */
  create({ name, grant, password = "" }: NewAccount): Promise<Account> {
    return this.#inTurn(() => {
      const account = this.#made({ source: "local", subject: comparable(name), name, grant, password });
      if (this.#known.has(account.id))
        throw new AccountError({ code: "ACCOUNT_EXISTS" }, `there is an account ${JSON.stringify(name)} already`);
      return this.#append(account);
    });
  }

  /**
   * Null: there is none. `change` may look at how all accounts are right now, and throw.
   * @throws AccountError ACCOUNT_CONFLICT; StoreError
   */
  change(
    id: string,
    change: AccountChange | ((account: Account, all: readonly Account[]) => AccountChange),
  ): Promise<Account | null> {
    return this.#inTurn(async () => {
      const known = this.#known.get(id);
      if (known === undefined) return null;
      const { endSessions = false, ...rest } = typeof change === "function" ? change(known, [...this.#known.values()]) : change;
      const ended = endSessions ? { epoch: known.epoch + 1, deviceKey: newKey() } : {};
      return this.#append({ ...known, ...rest, ...ended, version: known.version + 1 });
    });
  }

  /**
   * The account of somebody whom another service vouches for: made if there is none, and as that service says now. It may be disabled.
   * @throws AccountError ACCOUNT_CONFLICT; StoreError
   */
  async upsertExternal({ source, subject, name, grant }: ExternalAccount): Promise<Account> {
    await this.#fresh();
    const known = this.#known.get(accountId(source, subject));
    const isSame = known?.name === name && JSON.stringify(known.grant) === JSON.stringify(grant);
    if (known !== undefined && isSame) return known;
    return this.#inTurn(() => {
      const made = this.#made({ source, subject, name, grant, password: "" });
      const before = this.#known.get(made.id);
      return this.#append(before === undefined ? made : { ...before, name, grant, version: before.version + 1 });
    });
  }

  #made(given: Pick<Account, "source" | "subject" | "name" | "grant" | "password">): StoredAccount {
    const { source, subject } = given;
    const id = accountId(source, subject);
    return { ...given, id, deviceKey: newKey(), epoch: 0, createdMs: this.#now(), disabledMs: null, version: 1 };
  }

  /** Begins with what is stored now. */
  #inTurn<T>(change: () => T | Promise<T>): Promise<T> {
    const done = this.#changing.then(async () => {
      await this.#load();
      return change();
    });
    // Whoever asked is told.
    this.#changing = done.catch(() => undefined);
    return done;
  }

  async #append(account: StoredAccount): Promise<Account> {
    const changeId = randomUUID();
    const row = accountToRow(account, { id: changeId, changedMs: this.#now() });
    await insertObjects(this.#clickhouse, ACCOUNTS.name, [row]);
    const [counted] = await this.#clickhouse.rows<AccountRow>(`SELECT * FROM ${ACCOUNTS.name} WHERE id = {id:String} ${NEWEST}`, {
      id: account.id,
    });
    if (counted !== undefined && counted.change_id !== changeId) {
      await this.#load();
      const message = `the account ${JSON.stringify(account.name)} was changed on another server at the same time: look at it, and try again`;
      throw new AccountError({ code: "ACCOUNT_CONFLICT" }, message);
    }
    this.#known.set(account.id, account);
    return account;
  }

  async #fresh(): Promise<void> {
    if (this.#now() - this.#loadedMs > FRESH_MS) await this.#load();
  }

  /** One question at a time, whoever else asks waits for its answer. */
  #load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #read(): Promise<void> {
    const askedMs = this.#now();
    const rows = await this.#clickhouse.rows<AccountRow>(`SELECT * FROM ${ACCOUNTS.name} ${NEWEST}`);
    const read = new Map(rows.flatMap((row) => accountFromRow(row) ?? []).map((account) => [account.id, account]));
    // What was changed here while the question was under way is newer than its answer.
    for (const [id, known] of this.#known) if ((read.get(id)?.version ?? 0) < known.version) read.set(id, known);
    this.#known = read;
    this.#loadedMs = askedMs;
  }
}

const newKey = () => randomBytes(32).toString("base64url");
