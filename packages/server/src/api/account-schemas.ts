/** What the API takes and gives of accounts, roles and sessions, as zod. */
import { z } from "zod";
import { type Grant, ROLES, WHOLE } from "../auth/identity.ts";
import { MAX_PASSWORD } from "../auth/password-rules.ts";
import { ACCOUNT_SOURCES, type Account } from "../store/account-rows.ts";
import { badRequest } from "./errors.ts";
import { time } from "./time-schema.ts";

const role = z
  .enum(ROLES)
  .describe("admin: sees and sets everything. auditor: sees everything. viewer: sees the flows of its scope");
const networks = z.array(z.string().min(1).max(256)).min(1).max(1000).nullable();
const own = z.string().min(1).max(256).nullable();

/** What somebody may do, as it is asked for. */
export const grantFields = {
  role,
  networks: networks.default(null).describe("Of a viewer: ids or names of the networks to be seen. Null: all"),
  own: own
    .default(null)
    .describe("Of a viewer: a user of the inventory; only flows that this user takes part in are seen. Null: all"),
};

/** @throws RouteError BAD_REQUEST for a scope of somebody who is no viewer */
export function grantOf({ role, networks, own }: { role: Grant["role"]; networks: string[] | null; own: string | null }): Grant {
  if (role === "viewer") return { role, scope: { networks, own } };
  if (networks === null && own === null) return { role, scope: WHOLE };
  throw badRequest(`${networks === null ? "own" : "networks"}: for the role viewer only: an ${role} sees everything`);
}

/** The same as it is told. */
export const grantJsonFields = {
  role: role.nullable().describe("Null: this is no person and no program"),
  networks: z.array(z.string()).nullable().describe("Ids of the networks whose flows are seen. Null: all"),
  own: z.string().nullable().describe("The user whose flows are seen. Null: all"),
};

export function grantJson(grant: Grant | null) {
  return { role: grant?.role ?? null, networks: grant?.scope.networks?.slice() ?? null, own: grant?.scope.own ?? null };
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,127}$/u;
const name = z
  .string()
  .transform((text) => text.trim().normalize("NFKC"))
  .refine((text) => NAME.test(text), "expected letters, digits and . _ @ + -, at most 128");
const password = z
  .string()
  .min(1)
  .max(4 * MAX_PASSWORD);

export const accountSchema = z.object({
  id: z.string(),
  name: z.string(),
  source: z.enum(ACCOUNT_SOURCES).describe("local: signs in with a password. Else who vouches for it"),
  ...grantJsonFields,
  has_password: z.boolean(),
  created: time,
  disabled: time.nullable(),
  last_sign_in: time.nullable(),
  sessions: z.number().int().describe("Browsers that are signed in"),
});

const link = z
  .string()
  .optional()
  .describe("Signs one browser in, once, so that its person can choose a password. Shown this once");
export const accountAnswerSchema = accountSchema.extend({ link, link_expires: time.optional() });

export const newAccountSchema = z.strictObject({
  name,
  ...grantFields,
  password: password.optional().describe("Left out: the answer has a one-time link, and its person chooses one"),
});

export const accountChangeSchema = z.strictObject({
  role: role.optional(),
  networks: networks.optional(),
  own: own.optional(),
  disabled: z.boolean().optional().describe("True: its sessions end at once, and nobody can sign in to it"),
  password: password.optional().describe("A new one: its sessions end"),
  reset: z.literal(true).optional().describe("Its password is gone and its sessions end; the answer has a one-time link"),
});

export const signInSchema = z.union([
  z.strictObject({ code: z.string().min(1).max(256).describe("Of a one-time link, or an API token") }),
  z.strictObject({ name: z.string().min(1).max(512), password }),
]);

export const passwordChangeSchema = z.strictObject({
  old: z
    .string()
    .max(4 * MAX_PASSWORD)
    .default("")
    .describe("Not asked of who has none, having come by a one-time link"),
  password,
});

export const methodsSchema = z.object({
  password: z.boolean().describe("There are accounts with a password"),
  oidc: z.object({ name: z.string() }).nullable().describe("The identity provider that people can sign in with"),
});

export const meSchema = z.object({
  kind: z.enum(["agent", "api", "session", "anybody"]).describe("anybody: the server asks nobody for credentials"),
  name: z.string().nullable(),
  insecure: z.boolean(),
  ...grantJsonFields,
  account: z
    .object({ id: z.string(), source: z.enum(ACCOUNT_SOURCES), has_password: z.boolean() })
    .nullable()
    .describe("Whose session this is. Null: it came by a one-time link or an API token, or is no session"),
});

export const sessionSchema = z.object({
  id: z.string(),
  name: z.string().describe("The browser"),
  created: time,
  last_used: time.describe("Or a little later"),
  current: z.boolean().describe("It is the one that asks"),
});

export function accountJson(account: Account, uses: { lastMs: number | null; sessions: number }): z.infer<typeof accountSchema> {
  const { id, name, source, grant, password: kept, createdMs, disabledMs } = account;
  return {
    id,
    name,
    source,
    ...grantJson(grant),
    has_password: kept !== "",
    created: new Date(createdMs).toISOString(),
    disabled: iso(disabledMs),
    last_sign_in: iso(uses.lastMs),
    sessions: uses.sessions,
  };
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
