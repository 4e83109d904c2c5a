/** What a token is, and how it is kept. */
import { type EnrolTerms, readTerms } from "../auth/enrol-terms.ts";
import { EVERYTHING, type Grant, readGrant } from "../auth/identity.ts";
import { TOKEN_KINDS } from "./schema/other-tables.ts";

export type TokenKind = (typeof TOKEN_KINDS)[number];

export interface Token {
  readonly id: string;
  readonly kind: TokenKind;
  readonly name: string;
  /** The node that an agent's token speaks for. */
  readonly node: string | null;
  /** What a program's token may do. A person's session goes by its account, where it has one. */
  readonly grant: Grant;
  /** Whose session or link this is; null: nobody's account, it came by an API token or a link that one made. */
  readonly account: string | null;
  /** The account's `epoch` when it was made: it is worthless in another one. */
  readonly epoch: number;
  /** The API token that a session was changed for, or that a link was made with: without it, they are worthless. */
  readonly via: string | null;
  /** `machine`: the one that the server keeps for the command line of its own machine. No request can make one. */
  readonly mark: TokenMark | null;
  /** What an enrolment token is good for. */
  readonly terms: EnrolTerms | null;
  /** Ids of tokens that are revoked when this one is used. */
  readonly replaces: readonly string[];
  /** Since when its agent is asked to change it for a new one. */
  readonly rotateMs: number | null;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  /** When a token for one use was used. */
  readonly spentMs: number | null;
  readonly revokedMs: number | null;
}

export type TokenMark = "machine";

export interface NewToken {
  readonly kind: TokenKind;
  readonly name: string;
  readonly node?: string;
  /** Not given: everything. */
  readonly grant?: Grant;
  readonly account?: string;
  readonly epoch?: number;
  readonly via?: string;
  readonly mark?: TokenMark;
  readonly terms?: EnrolTerms;
  readonly replaces?: readonly string[];
  readonly expiresMs?: number;
  /** Made elsewhere of at least 256 random bits. The same secret makes the same token, however often and on whatever server. */
  readonly secret?: string;
}

export interface StoredToken extends Token {
  readonly hash: string;
  readonly version: number;
}

export type TokenRow = Readonly<Record<string, string | number | null>>;

export const TOKEN_COLUMNS =
  "id, kind, name, node, hash, created, expires, spent, revoked, role, scope, account, epoch, via, mark, terms, replaces, rotate, version";

/** A token as it is when it is made. */
export function newToken(given: NewToken, made: { id: string; hash: string; createdMs: number }): StoredToken {
  const { kind, name, node, grant, account, epoch, via, mark, expiresMs, terms, replaces } = given;
  return {
    ...made,
    kind,
    name,
    node: node ?? null,
    grant: grant ?? EVERYTHING,
    account: account ?? null,
    epoch: epoch ?? 0,
    via: via ?? null,
    mark: mark ?? null,
    terms: terms ?? null,
    replaces: replaces ?? [],
    rotateMs: null,
    expiresMs: expiresMs ?? null,
    spentMs: null,
    revokedMs: null,
    version: 1,
  };
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
const ms = (value: string | number | null | undefined) => (typeof value === "string" ? Date.parse(value) : null);
const text = (value: string | number | null | undefined) => (value == null ? null : String(value));

export function tokenToRow(token: StoredToken): TokenRow {
  return {
    id: token.id,
    version: token.version,
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
    epoch: token.epoch,
    via: token.via,
    mark: token.mark ?? "",
    terms: token.terms === null ? "" : JSON.stringify(token.terms),
    replaces: token.replaces.join(","),
    rotate: iso(token.rotateMs),
  };
}

/** Null for what a newer program made and this one does not know: it is no credential here. */
export function tokenFromRow(row: TokenRow): StoredToken | null {
  const kind = TOKEN_KINDS.find((known) => known === row.kind);
  const grant = readGrant(String(row.role), String(row.scope));
  if (kind === undefined || grant === null) return null;
  return {
    id: String(row.id),
    kind,
    name: String(row.name),
    node: text(row.node),
    grant,
    account: text(row.account),
    epoch: Number(row.epoch),
    via: text(row.via),
    mark: row.mark === "machine" ? "machine" : null,
    terms: readTerms(text(row.terms) ?? ""),
    replaces: (text(row.replaces) ?? "").split(",").filter((id) => id !== ""),
    rotateMs: ms(row.rotate),
    hash: String(row.hash),
    version: Number(row.version),
    createdMs: ms(row.created) ?? 0,
    expiresMs: ms(row.expires),
    spentMs: ms(row.spent),
    revokedMs: ms(row.revoked),
  };
}

/** Without what nobody outside needs. */
export function bareToken({ hash: _hash, version: _version, ...token }: StoredToken): Token {
  return token;
}
