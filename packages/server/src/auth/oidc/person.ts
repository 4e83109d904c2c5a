/** Who somebody is by a provider's claims. */
import { oidcError } from "./errors.ts";

export interface ClaimsConfig {
  readonly nameClaim: string;
  readonly groupsClaim: string;
}

export interface Person {
  /** What never changes of somebody: a subject is its issuer's own. */
  readonly subject: string;
  readonly name: string;
  readonly groups: readonly string[];
}

type Claims = Readonly<Record<string, unknown>>;

const MAX_NAME = 200;
const MAX_GROUPS = 2000;

/** Is something missing that the provider may tell when it is asked for more? */
export function isIncomplete(claims: Claims, { nameClaim, groupsClaim }: ClaimsConfig): boolean {
  return nameIn(claims, nameClaim) === null || claims[groupsClaim] === undefined;
}

/** Rules go by it, so an e-mail address must be one that the provider has looked at: elsewhere people may set it to somebody else's. */
function nameIn(claims: Claims, nameClaim: string): string | null {
  const told = claims[nameClaim];
  if (typeof told !== "string" || told.trim() === "") return null;
  return nameClaim === "email" && claims.email_verified !== true ? null : told.trim();
}

/**
 * Who has no name there is called by the subject: no other claim takes its place, since nobody chose it for that.
 * @throws OidcError not_verified
 */
export function personOf(claims: Claims & { readonly iss: string; readonly sub: string }, config: ClaimsConfig): Person {
  const { iss, sub } = claims;
  const name = nameIn(claims, config.nameClaim) ?? sub;
  if (name.length > MAX_NAME || /\p{Cc}/u.test(name))
    throw oidcError("not_verified", `the claim ${config.nameClaim} holds no name`);
  const told = claims[config.groupsClaim];
  const groups = (Array.isArray(told) ? told : typeof told === "string" ? [told] : [])
    .filter((group): group is string => typeof group === "string")
    .slice(0, MAX_GROUPS);
  return { subject: `${iss} ${sub}`, name, groups };
}
