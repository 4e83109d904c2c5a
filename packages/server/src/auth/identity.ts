/** Who asks, and what they may do. */

import { z } from "zod";

/** From most to least: sets and sees everything; sees everything and sets nothing; sees the flows of its scope. */
export const ROLES = ["admin", "auditor", "viewer"] as const;
export type Role = (typeof ROLES)[number];

/** What of the flows somebody may see: of these networks, and of these the traffic of one user. Null: of all. */
export interface Scope {
  /** Ids of networks. An empty list: of none. */
  readonly networks: readonly string[] | null;
  /** Name of a user of the inventory: flows that this user takes part in. */
  readonly own: string | null;
}

export const WHOLE: Scope = { networks: null, own: null };

/** What a person or a program may do. */
export interface Grant {
  readonly role: Role;
  readonly scope: Scope;
}

export const EVERYTHING: Grant = { role: "admin", scope: WHOLE };

const scopeSchema = z.strictObject({ networks: z.array(z.string()).nullable(), own: z.string().nullable() });

/**
 * A grant as it is stored; both texts are empty for what was made before there were roles. Null for what this program does not know: whoever
 * has it must not become more than they were, and may do nothing here.
 */
export function readGrant(role: string, scope: string): Grant | null {
  if (role === "") return EVERYTHING;
  const known = ROLES.find((name) => name === role);
  const read = scopeSchema.safeParse(JSON.parse(scope));
  return known === undefined || !read.success ? null : { role: known, scope: read.data };
}

export type Identity =
  | { readonly kind: "agent"; readonly id: string; readonly node: string; readonly name: string }
  /** A program's token. `isMachine`: the one that the server keeps for the command line of its own machine. */
  | ({ readonly kind: "api"; readonly id: string; readonly name: string; readonly isMachine: boolean } & Grant)
  /** A person. `account` is null for who came by a one-time link or an API token. */
  | ({ readonly kind: "session"; readonly id: string; readonly name: string; readonly account: string | null } & Grant)
  /** `insecure_no_auth`: nobody is asked. */
  | ({ readonly kind: "anybody" } & Grant);

/** By a proxy, with each request: there is no session. */
export const isVouchedFor = (identity: Identity | null): identity is Identity & { kind: "session"; account: string } =>
  identity?.kind === "session" && identity.id === identity.account;

/**
 * What a route is for. `public`: nothing is asked. `agent`: an agent's token. `read`: flows and what belongs to them, within the scope of
 * whoever asks. `audit`: what the whole installation knows of itself (settings, credentials, health). `admin`: changes.
 */
export type Access = "public" | "agent" | "read" | "audit" | "admin";

const NEEDED: Record<"read" | "audit" | "admin", readonly Role[]> = {
  read: ROLES,
  audit: ["admin", "auditor"],
  admin: ["admin"],
};

/** Which roles a route is for; null: no role is asked for. */
export function rolesFor(access: Access): readonly Role[] | null {
  return access === "public" || access === "agent" ? null : NEEDED[access];
}
