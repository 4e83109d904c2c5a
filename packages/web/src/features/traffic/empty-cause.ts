/** Why there are no rows: the first cause that fits, so that exactly one thing is said. */
import type { Health } from "../../lib/api-types.ts";
import { SAMPLE_NETWORK } from "../health/networks.ts";
import type { TrafficQuery } from "./query.ts";

export type EmptyCause =
  | { readonly kind: "no_privileges"; readonly message: string | null }
  | { readonly kind: "agent_failed"; readonly message: string | null }
  | { readonly kind: "no_agent" }
  | { readonly kind: "sample_starting" }
  | { readonly kind: "filtered"; readonly culprit: Culprit | null }
  | { readonly kind: "no_rows_yet"; readonly agents: number }
  | { readonly kind: "not_in_range"; readonly newestMs: number };

/** A condition without which there would be rows. */
export interface Culprit {
  /** Its words. */
  readonly label: string;
  /** The query without it. */
  readonly q: string;
  readonly count: number;
  readonly exact: boolean;
}

export interface Probes {
  /** Are there rows in the window when nothing is filtered? */
  readonly hasUnfiltered: boolean;
  /** Conditions without which there would be rows. */
  readonly culprits: readonly Culprit[];
  /** When anything was last seen in the network, ever; null: never. */
  readonly newestMs: number | null;
}

export function emptyCause(query: TrafficQuery, health: Health, { hasUnfiltered, culprits, newestMs }: Probes): EmptyCause {
  const { local_agent: local } = health;
  const agents = health.agents?.length ?? 0;
  const filtered = query.q !== "";
  if (query.network === SAMPLE_NETWORK && !filtered) return { kind: "sample_starting" };
  if (filtered && hasUnfiltered) return { kind: "filtered", culprit: worst(culprits) };
  if (newestMs !== null) return { kind: "not_in_range", newestMs };
  if (agents > 0) return { kind: "no_rows_yet", agents };
  if (local?.state === "no_privileges") return { kind: "no_privileges", message: local.message };
  if (local?.state === "failed") return { kind: "agent_failed", message: local.message };
  return { kind: "no_agent" };
}

/** The one that hides most. */
function worst(culprits: readonly Culprit[]): Culprit | null {
  const [first] = culprits.filter(({ count }) => count > 0).toSorted((a, b) => b.count - a.count);
  return first ?? null;
}
