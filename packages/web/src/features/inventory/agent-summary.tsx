import type { ListedEntity } from "../../lib/types-inventory.ts";

/** How many of them report. */
export function AgentSummary({ nodes }: { nodes: readonly ListedEntity[] }) {
  const agents = nodes.flatMap(({ agent }) => (agent === null ? [] : [agent]));
  const silent = agents.filter((agent) => agent.silent).length;
  const reporting = agents.length - silent;
  return (
    <>
      {` · ${reporting.toLocaleString("en-US")} ${reporting === 1 ? "agent reports" : "agents report"}`}
      {silent > 0 && <span className="inventory-bad">{` · ${silent.toLocaleString("en-US")} silent`}</span>}
    </>
  );
}
