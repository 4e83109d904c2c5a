/** What an account is, and how it is kept. */
import { createHash } from "node:crypto";
import { FlowtrailError } from "@flowtrail/model";
import { type Grant, readGrant } from "../auth/identity.ts";

/** `local`: signs in here with a password. The others are vouched for by somebody else. */
export const ACCOUNT_SOURCES = ["local", "oidc", "proxy"] as const;
export type AccountSource = (typeof ACCOUNT_SOURCES)[number];

export interface Account {
  readonly id: string;
  readonly source: AccountSource;
  /** By which its source knows it; of a local one its name in the form in which names are compared. */
  readonly subject: string;
  readonly name: string;
  readonly grant: Grant;
  /** See `auth/password.ts`; empty: there is none, so nobody can sign in with one. */
  readonly password: string;
  /** Signs the cookie of devices that signed in before. */
  readonly deviceKey: string;
  /** Goes up when all its sessions and links end: they carry the number of their time. */
  readonly epoch: number;
  readonly createdMs: number;
  readonly disabledMs: number | null;
}

export type AccountErrorData =
  /** There is a local one of this name. */
  | { code: "ACCOUNT_EXISTS" }
  /** Another server changed it at the same time. */
  | { code: "ACCOUNT_CONFLICT" };
export class AccountError extends FlowtrailError<AccountErrorData> {}

/** Names that look the same are the same. */
export function comparable(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}

/** The same on every server, so that two that make it at once make one. */
export function accountId(source: AccountSource, subject: string): string {
  return createHash("sha256").update(`${source}\0${subject}`).digest("hex").slice(0, 32);
}

export interface StoredAccount extends Account {
  readonly version: number;
}

export type AccountRow = Readonly<Record<string, string | number | null>>;

/** Null for what a newer program made and this one does not know: nobody can sign in to it here. */
export function accountFromRow(row: AccountRow): StoredAccount | null {
  const source = ACCOUNT_SOURCES.find((known) => known === row.source);
  const grant = readGrant(String(row.role), String(row.scope));
  if (source === undefined || grant === null) return null;
  return {
    id: String(row.id),
    source,
    subject: String(row.subject),
    name: String(row.name),
    grant,
    password: String(row.password),
    deviceKey: String(row.device_key),
    epoch: Number(row.epoch),
    createdMs: Date.parse(String(row.created)),
    disabledMs: row.disabled === null ? null : Date.parse(String(row.disabled)),
    version: Number(row.version),
  };
}

export function accountToRow(account: StoredAccount, change: { id: string; changedMs: number }): AccountRow {
  const { id, version, source, subject, name, grant, password, deviceKey, epoch, createdMs, disabledMs } = account;
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    id,
    version,
    changed: iso(change.changedMs),
    change_id: change.id,
    source,
    subject,
    name,
    role: grant.role,
    scope: JSON.stringify(grant.scope),
    password,
    device_key: deviceKey,
    epoch,
    created: iso(createdMs),
    disabled: disabledMs === null ? null : iso(disabledMs),
  };
}
