/** What somebody may do, in words. */
import type { Grant } from "./api-accounts.ts";
import type { Role } from "./me.ts";

export const ROLE_NAMES: Readonly<Record<Role, string>> = { admin: "Administrator", auditor: "Auditor", viewer: "Viewer" };

export function grantText({ role, networks, own }: Grant): string {
  return `${ROLE_NAMES[role]}: ${whatText({ role, networks, own })}`;
}

/** The same without the role's name. */
export function whatText({ role, networks, own }: Grant): string {
  if (role === "admin") return "sees and sets everything";
  if (role === "auditor") return "sees everything, sets nothing";
  const where = networks === null ? "all networks" : networks.length === 0 ? "no network" : networks.join(", ");
  return own === null ? where : `${where}, traffic of ${own} only`;
}

/** Of one that somebody has typed: no name is everybody. */
export function grantToSend(typed: Grant): Grant {
  return { ...typed, own: typed.own?.trim() || null };
}
