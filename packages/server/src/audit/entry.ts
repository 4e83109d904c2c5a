/** One line of the audit log. */
import type { Identity } from "../auth/identity.ts";

export interface Who {
  /** `nobody`: no good credentials. `server`: it did so by itself. Else as in `Identity`. */
  readonly kind: Identity["kind"] | "nobody" | "server";
  readonly id: string;
  readonly name: string;
  /** Empty: none. */
  readonly role: string;
  /** Id of the account of a person; empty: none. */
  readonly account: string;
}

export interface AuditEntry {
  readonly id: string;
  /** Of one id the highest counts: what is known when something ends is added to what was noted at its beginning. */
  readonly version: number;
  readonly timeMs: number;
  /** When it was done last, of what was done `count` times. */
  readonly lastMs: number;
  readonly count: number;
  readonly who: Who;
  readonly address: string;
  readonly action: string;
  readonly target: string;
  /** JSON. */
  readonly details: string;
  /** Of HTTP; null: it was not waited for, or never became known. */
  readonly status: number | null;
  readonly server: string;
  readonly request: string;
}

export const NOBODY: Who = { kind: "nobody", id: "", name: "", role: "", account: "" };
export const THE_SERVER: Who = { kind: "server", id: "", name: "", role: "", account: "" };

export function whoOf(identity: Identity | null): Who {
  if (identity === null) return NOBODY;
  if (identity.kind === "anybody") return { kind: "anybody", id: "", name: "", role: identity.role, account: "" };
  const { kind, id, name } = identity;
  if (kind === "agent") return { kind, id, name, role: "", account: "" };
  return { kind, id, name, role: identity.role, account: (kind === "session" && identity.account) || "" };
}
