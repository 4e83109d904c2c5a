/** Tokens of agents, programs and people: made here, shown once, kept as a hash. Every change is a new row; the newest counts. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { TOKENS } from "./schema/other-tables.ts";
import {
  bareToken as bare,
  type NewToken,
  newToken,
  type StoredToken as Stored,
  TOKEN_COLUMNS,
  type Token,
  type TokenKind,
  type TokenRow,
  tokenFromRow,
  tokenToRow,
} from "./token-rows.ts";

/** A change made by another server is seen after this at the latest. */
const freshMs = 5_000;
/** Unknown secrets make us look again, but not more often than this: a guesser must not keep the store busy, but wait. */
const missMs = 500;
/** Sessions and links that ended longer ago than this are not read any more: there are more of them with every visit. */
const endedMs = 24 * 3_600_000;
const PASSING: readonly TokenKind[] = ["session", "signin"];

/** What was revoked or spent stays so, whatever another server changed at the same time. */
const NEWEST = "isNotNull(revoked) DESC, isNotNull(spent) DESC, version DESC, changed DESC, change_id";

export class Tokens {
  readonly #clickhouse: ClickHouse;
  readonly #now: () => number;
  /** By the hash of their secret, and by their id. */
  #known = new Map<string, Stored>();
  #ids = new Map<string, Stored>();
  #loadedMs = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | null = null;
  #lookingAgain: Promise<void> | null = null;
  readonly #spending = new Set<string>();

  constructor(clickhouse: ClickHouse, deps: { now?: () => number } = {}) {
    this.#clickhouse = clickhouse;
    this.#now = deps.now ?? Date.now;
  }

  /**
   * Makes a token. `secret` can never be had again.
   * @throws StoreError
   */
  async create(given: NewToken): Promise<{ token: Token; secret: string }> {
    const secret = given.secret ?? `ft_${given.kind}_${randomBytes(32).toString("base64url")}`;
    const id = given.secret === undefined ? randomUUID() : hashOf(`id of ${given.secret}`).slice(0, 32);
    const token = newToken(given, { id, hash: hashOf(secret), createdMs: this.#now() });
    await this.#append(token);
    return { token: bare(token), secret };
  }

  /**
   * Every token, newest first, the dead ones too; but for sessions and links that ended more than a day ago.
   * @throws StoreError
   */
  async list(): Promise<Token[]> {
    await this.#load();
    return [...this.#known.values()].map(bare).sort((a, b) => b.createdMs - a.createdMs);
  }

  /**
   * The token that a secret belongs to, or null if there is none or it has expired, was revoked or spent.
   * @throws StoreError
   */
  async find(secret: string): Promise<Token | null> {
    const token = await this.lookUp(secret);
    return token && this.#isValid(token) ? token : null;
  }

  /**
   * The same, whatever became of it.
   * @throws StoreError
   */
  async lookUp(secret: string): Promise<Token | null> {
    const hash = hashOf(secret);
    if (this.#now() - this.#loadedMs > freshMs) await this.#load();
    // Another server may have made it a moment ago.
    else if (!this.#known.has(hash)) await this.#lookAgain();
    const token = this.#known.get(hash);
    return token ? bare(token) : null;
  }

  /** What is known of a token at the moment, without a question to the store. */
  peek(id: string): Token | null {
    const token = this.#ids.get(id);
    return token ? bare(token) : null;
  }

  /**
   * Uses a token for one use up. Null if it can't be used (any more): of several that try, one gets the token. Between two servers
   * this holds as long as they do not try within the same few milliseconds.
   * @throws StoreError
   */
  async spend(secret: string): Promise<Token | null> {
    const hash = hashOf(secret);
    if (this.#spending.has(hash)) return null;
    this.#spending.add(hash);
    try {
      await this.#load();
      const token = this.#known.get(hash);
      if (!token || !this.#isValid(token)) return null;
      return bare(await this.#append({ ...token, spentMs: this.#now() }));
    } finally {
      this.#spending.delete(hash);
    }
  }

  /**
   * The token of an id, or null as with `find`.
   * @throws StoreError
   */
  async get(id: string): Promise<Token | null> {
    if (this.#now() - this.#loadedMs > freshMs) await this.#load();
    const token = this.#ids.get(id);
    return token && this.#isValid(token) ? bare(token) : null;
  }

  /**
   * Makes a token worthless from now on. False if there is none with this id.
   * @throws StoreError
   */
  async revoke(id: string): Promise<boolean> {
    await this.#load();
    const token = this.#ids.get(id);
    if (!token) return false;
    if (token.revokedMs === null) await this.#append({ ...token, revokedMs: this.#now() });
    return true;
  }

  /**
   * Changes one that can be used; one that can't (any more) stays as it is.
   * @throws StoreError
   */
  async change(id: string, change: Partial<Pick<Token, "expiresMs" | "mark" | "rotateMs" | "spentMs">>): Promise<void> {
    await this.#load();
    const token = this.#ids.get(id);
    if (token && this.#isValid(token)) await this.#append({ ...token, ...change });
  }

  #isValid({ expiresMs, revokedMs, spentMs }: Token): boolean {
    return revokedMs === null && spentMs === null && (expiresMs === null || expiresMs > this.#now());
  }

  /** Once for all who wait, not sooner than `missMs` after the last time. */
  #lookAgain(): Promise<void> {
    const leftMs = this.#loadedMs + missMs - this.#now();
    this.#lookingAgain ??= delay(Math.max(0, Math.min(leftMs, missMs)))
      .then(() => this.#load())
      .finally(() => {
        this.#lookingAgain = null;
      });
    return this.#lookingAgain;
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
    const sinceMs = askedMs - endedMs;
    const newest = `SELECT ${TOKEN_COLUMNS} FROM ${TOKENS.name} ORDER BY id, ${NEWEST} LIMIT 1 BY id`;
    // least() of ClickHouse leaves out what is null.
    const rows = await this.#clickhouse.rows<TokenRow>(
      `SELECT * FROM (${newest}) WHERE NOT (has({passing:Array(String)}, kind) AND ifNull(least(expires, spent, revoked) < fromUnixTimestamp64Milli({since:Int64}), false))`,
      { passing: PASSING, since: sinceMs },
    );
    const read = new Map(rows.flatMap((row) => tokenFromRow(row) ?? []).map((token) => [token.hash, token]));
    for (const [hash, known] of this.#known) {
      // What is not so old can't have been left out for its end.
      const isLeftOut = !read.has(hash) && PASSING.includes(known.kind) && known.createdMs < sinceMs;
      // What was changed here while the question was under way is newer than its answer.
      if (!isLeftOut && (read.get(hash)?.version ?? 0) < known.version) read.set(hash, known);
    }
    this.#known = read;
    this.#ids = new Map([...read.values()].map((token) => [token.id, token]));
    this.#loadedMs = askedMs;
  }

  async #append(token: Stored): Promise<Stored> {
    const version = this.#known.has(token.hash) ? token.version + 1 : token.version;
    const stored = { ...token, version };
    const row = { ...tokenToRow(stored), changed: new Date(this.#now()).toISOString(), change_id: randomUUID() };
    await insertObjects(this.#clickhouse, TOKENS.name, [row]);
    this.#known.set(token.hash, stored);
    this.#ids.set(token.id, stored);
    return stored;
  }
}

/** The secret has 256 random bits: a plain hash of it can't be reversed, and comparing hashes tells nothing by its time. */
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
