import type { ListedEntity } from "../../lib/types-inventory.ts";
import { type AgentState, agentState } from "./agent-words.ts";

/** How many of them report. */
export function AgentSummary({ nodes }: { nodes: readonly ListedEntity[] }) {
  const agents = nodes.flatMap(({ agent }) => (agent === null ? [] : [agent]));
  const count = (state: AgentState) => agents.filter((agent) => agentState(agent) === state).length;
  const [reporting, silent, off] = [count("reports"), count("silent"), count("off by settings")];
  return (
    <>
      {` · ${reporting.toLocaleString("en-US")} ${reporting === 1 ? "agent reports" : "agents report"}`}
      {off > 0 && ` · ${off.toLocaleString("en-US")} off by settings`}
      {silent > 0 && <span className="inventory-bad">{` · ${silent.toLocaleString("en-US")} silent`}</span>}
    </>
  );
}
