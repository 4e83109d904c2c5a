/** Whoever asked for a change, as it is kept with it. */
import type { Identity } from "../auth/identity.ts";

export function whoIs(identity: Identity | null): string {
  if (identity === null || identity.kind === "anybody") return "anybody";
  return `${identity.kind} ${identity.name}`;
}
