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
  return claims[nameClaim] === undefined || claims[groupsClaim] === undefined;
}

/** @throws OidcError not_verified */
export function personOf(claims: Claims & { readonly iss: string; readonly sub: string }, config: ClaimsConfig): Person {
  const { iss, sub } = claims;
  const name = [claims[config.nameClaim], claims.email, sub].find((one) => typeof one === "string" && one.trim() !== "");
  const text = String(name).trim();
  if (text.length > MAX_NAME || /\p{Cc}/u.test(text))
    throw oidcError("not_verified", `the claim ${config.nameClaim} holds no name`);
  const told = claims[config.groupsClaim];
  const groups = (Array.isArray(told) ? told : typeof told === "string" ? [told] : [])
    .filter((group): group is string => typeof group === "string")
    .slice(0, MAX_GROUPS);
  return { subject: `${iss} ${sub}`, name: text, groups };
}
