/** Why there are no rows: the first cause that fits, so that exactly one thing is said. */
import type { Health } from "../../lib/api-types.ts";
import { SAMPLE_NETWORK } from "../health/networks.ts";
import { countFilters, type TrafficQuery } from "./query.ts";

export type EmptyCause =
  | { readonly kind: "no_privileges"; readonly message: string | null }
  | { readonly kind: "agent_failed"; readonly message: string | null }
  | { readonly kind: "no_agent" }
  | { readonly kind: "sample_starting" }
  | { readonly kind: "filtered" }
  | { readonly kind: "no_rows_yet"; readonly agents: number }
  | { readonly kind: "not_in_range"; readonly newestMs: number };

export interface Probes {
  /** Are there rows in the window when nothing is filtered? */
  readonly hasUnfiltered: boolean;
  /** When anything was last seen in the network, ever; null: never. */
  readonly newestMs: number | null;
}

export function emptyCause(query: TrafficQuery, health: Health, { hasUnfiltered, newestMs }: Probes): EmptyCause {
  const { local_agent: local } = health;
  const agents = health.agents?.length ?? 0;
  const filtered = countFilters(query.filters) > 0;
  if (query.network === SAMPLE_NETWORK && !filtered) return { kind: "sample_starting" };
  if (filtered && hasUnfiltered) return { kind: "filtered" };
  if (newestMs !== null) return { kind: "not_in_range", newestMs };
  if (agents > 0) return { kind: "no_rows_yet", agents };
  if (local?.state === "no_privileges") return { kind: "no_privileges", message: local.message };
  if (local?.state === "failed") return { kind: "agent_failed", message: local.message };
  return { kind: "no_agent" };
}
