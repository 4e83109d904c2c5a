/** Nobody gives away more than they have. */
import { type Grant, ROLES, type Role } from "./identity.ts";

/** Does whoever has `mine` have all of `given`? */
export function isWithin(given: Grant, mine: Grant): boolean {
  const { networks, own } = mine.scope;
  const inNetworks = networks === null || (given.scope.networks?.every((network) => networks.includes(network)) ?? false);
  return rank(given.role) >= rank(mine.role) && inNetworks && (own === null || given.scope.own === own);
}

/** 0 may do most. */
const rank = (role: Role) => ROLES.indexOf(role);
