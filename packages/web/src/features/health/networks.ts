import type { Health } from "../../lib/api-types.ts";

/** The generator's rows: never mixed with real ones. */
export const SAMPLE_NETWORK = "sample";

/** Networks that agents report of, in alphabetical order. */
export function networksOf(health: Health | undefined): readonly string[] {
  const names = (health?.agents ?? []).flatMap((agent) => Object.keys(agent.addresses));
  return [...new Set(names)].filter((name) => name !== SAMPLE_NETWORK).sort();
}
