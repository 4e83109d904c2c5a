/** What people may do who sign in by somebody else's word: rules by group or by name. */
import { z } from "zod";
import { type Grant, ROLES, type Role, WHOLE } from "./identity.ts";

export const GRANT_EXPECTED =
  "rules such as { group: netops, role: viewer, networks: [corp], own: false } or 'group:netops role:viewer networks:corp,lab own:yes'";

const rule = z
  .strictObject({
    group: z.string().min(1).optional(),
    account: z.string().min(1).optional(),
    role: z.enum(ROLES),
    /** Ids of networks; left out: all. */
    networks: z.array(z.string().min(1)).min(1).optional(),
    /** Only the traffic of the inventory's user of the account's name. */
    own: z.boolean().default(false),
  })
  .refine(({ group, account }) => (group === undefined) !== (account === undefined))
  .refine(({ role, networks, own }) => role === "viewer" || (networks === undefined && !own));

export type GrantRule = z.infer<typeof rule>;

/** As YAML has it, or as one text. */
export const grantRule = z
  .unknown()
  .transform((value) => (typeof value === "string" ? fromText(value) : value))
  .refine((value) => rule.safeParse(value).success, `expected ${GRANT_EXPECTED}`)
  .transform((value): GrantRule => rule.parse(value));

function fromText(text: string): unknown {
  const pairs = text
    .trim()
    .split(/\s+/)
    .map((part) => /^(\w+):(.+)$/.exec(part));
  if (pairs.some((pair) => pair === null)) return null;
  const tree: Record<string, unknown> = Object.fromEntries(pairs.map((pair) => [pair?.[1], pair?.[2]]));
  if (typeof tree.networks === "string") tree.networks = tree.networks.split(",");
  if (tree.own !== undefined) tree.own = tree.own === "yes" || tree.own === "true";
  return tree;
}

/**
 * What somebody may do: the highest role of all rules that match, and of viewers' rules all networks together. Rules for one's own traffic only
 * count where no other matches, so that the sum of rules is never more than they say. Null: nothing, no rule matches.
 */
export function grantOf(
  rules: readonly GrantRule[],
  who: { readonly name: string; readonly groups: readonly string[] },
): Grant | null {
  const matching = rules.filter(({ group, account }) =>
    group === undefined ? account === who.name : who.groups.includes(group),
  );
  const role = ROLES.find((one: Role) => matching.some((match) => match.role === one));
  if (role === undefined) return null;
  if (role !== "viewer") return { role, scope: WHOLE };
  const wider = matching.filter(({ own }) => !own);
  const counted = wider.length > 0 ? wider : matching;
  const isOfAll = counted.some(({ networks }) => networks === undefined);
  const networks = isOfAll ? null : [...new Set(counted.flatMap((match) => match.networks ?? []))].sort();
  return { role, scope: { networks, own: wider.length > 0 ? null : who.name } };
}
