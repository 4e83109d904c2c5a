/** How an agent is, in a word. */
import type { ListedEntity } from "../../lib/types-inventory.ts";

export type AgentState = "reports" | "silent" | "off by settings";

/** One that was told to record nothing is not missed. */
export function agentState({
  silent,
  off_by_settings,
}: Pick<NonNullable<ListedEntity["agent"]>, "silent" | "off_by_settings">): AgentState {
  if (off_by_settings) return "off by settings";
  return silent ? "silent" : "reports";
}
