/** Tokens of agents, programs and people: made here, shown once, kept as a hash. Every change is a new row; the newest counts. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { EVERYTHING, type Grant, readGrant } from "../auth/identity.ts";
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import { TOKEN_KINDS, TOKENS } from "./schema/other-tables.ts";

export type TokenKind = (typeof TOKEN_KINDS)[number];

export interface Token {
  readonly id: string;
  readonly kind: TokenKind;
  readonly name: string;
  /** The node that an agent's token speaks for. */
  readonly node: string | null;
  /** What a program's token may do. A person's session goes by its account, where it has one. */
  readonly grant: Grant;
  /** Whose session this is; null: it came by a one-time link or an API token. */
  readonly account: string | null;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  /** When a token for one use was used. */
  readonly spentMs: number | null;
  readonly revokedMs: number | null;
}

export interface NewToken {
  readonly kind: TokenKind;
  readonly name: string;
  readonly node?: string;
  /** Not given: everything. */
  readonly grant?: Grant;
  readonly account?: string;
  readonly expiresMs?: number;
}

interface Stored extends Token {
  readonly hash: string;
  readonly version: number;
}

/** A change made by another server is seen after this at the latest. */
const freshMs = 5_000;
/** Unknown secrets make us look again, but not more often than this: a guesser must not keep the store busy, but wait. */
const missMs = 500;

export class Tokens {
  readonly #clickhouse: ClickHouse;
  readonly #now: () => number;
  #known = new Map<string, Stored>();
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
  async create({ kind, name, node, grant, account, expiresMs }: NewToken): Promise<{ token: Token; secret: string }> {
    const secret = `ft_${kind}_${randomBytes(32).toString("base64url")}`;
    const token: Stored = {
      id: randomUUID(),
      kind,
      name,
      node: node ?? null,
      grant: grant ?? EVERYTHING,
      account: account ?? null,
      hash: hashOf(secret),
      createdMs: this.#now(),
      expiresMs: expiresMs ?? null,
      spentMs: null,
      revokedMs: null,
      version: 1,
    };
    await this.#append(token);
    return { token: bare(token), secret };
  }

  /**
   * Every token, newest first, the dead ones too.
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
    const hash = hashOf(secret);
    if (this.#now() - this.#loadedMs > freshMs) await this.#load();
    // Another server may have made it a moment ago.
    else if (!this.#known.has(hash)) await this.#lookAgain();
    const token = this.#known.get(hash);
    return token && this.#isValid(token) ? bare(token) : null;
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
   * Makes a token worthless from now on. False if there is none with this id.
   * @throws StoreError
   */
  async revoke(id: string): Promise<boolean> {
    await this.#load();
    const token = [...this.#known.values()].find((known) => known.id === id);
    if (!token) return false;
    if (token.revokedMs === null) await this.#append({ ...token, revokedMs: this.#now() });
    return true;
  }

  #isValid({ expiresMs, revokedMs, spentMs }: Stored): boolean {
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
    const columns = "id, kind, name, node, hash, created, expires, spent, revoked, role, scope, account, version";
    const rows = await this.#clickhouse.rows<Record<string, string | number | null>>(
      `SELECT ${columns} FROM ${TOKENS.name} ORDER BY id, version DESC, changed DESC, change_id LIMIT 1 BY id`,
    );
    this.#known = new Map(rows.map((row) => [String(row.hash), fromRow(row)]));
    this.#loadedMs = askedMs;
  }

  async #append(token: Stored): Promise<Stored> {
    const changed = this.#now();
    const version = this.#known.has(token.hash) ? token.version + 1 : token.version;
    const row = {
      id: token.id,
      version,
      changed: iso(changed),
      change_id: randomUUID(),
      kind: token.kind,
      name: token.name,
      node: token.node,
      hash: token.hash,
      created: iso(token.createdMs),
      expires: iso(token.expiresMs),
      spent: iso(token.spentMs),
      revoked: iso(token.revokedMs),
      role: token.grant.role,
      scope: JSON.stringify(token.grant.scope),
      account: token.account,
    };
    await insertObjects(this.#clickhouse, TOKENS.name, [row]);
    const stored = { ...token, version };
    this.#known.set(token.hash, stored);
    return stored;
  }
}

/** The secret has 256 random bits: a plain hash of it can't be reversed, and comparing hashes tells nothing by its time. */
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
const ms = (value: string | number | null | undefined) => (typeof value === "string" ? Date.parse(value) : null);

function fromRow(row: Record<string, string | number | null>): Stored {
  return {
    id: String(row.id),
    kind: TOKEN_KINDS.find((kind) => kind === row.kind) ?? "api",
    name: String(row.name),
    node: row.node === null ? null : String(row.node),
    grant: readGrant(String(row.role), String(row.scope)),
    account: row.account == null ? null : String(row.account),
    hash: String(row.hash),
    version: Number(row.version),
    createdMs: ms(row.created) ?? 0,
    expiresMs: ms(row.expires),
    spentMs: ms(row.spent),
    revokedMs: ms(row.revoked),
  };
}

/** Without what nobody outside needs. */
function bare({ hash: _hash, version: _version, ...token }: Stored): Token {
  return token;
}
