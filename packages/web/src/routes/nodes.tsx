import { AddNode } from "../features/guide/add-node.tsx";
import { FirstRun } from "../features/guide/first-run.tsx";
import { AgentSummary } from "../features/inventory/agent-summary.tsx";
import { InventoryScreen } from "../features/inventory/inventory-screen.tsx";
import { NobodyKnown } from "../features/inventory/nobody-known.tsx";
import { useUrl } from "../lib/url.ts";

/** All nodes, with their agents and their traffic. */
export function NodesRoute() {
  const { params } = useUrl();
  const isAll = params.get("net") === null;
  return (
    <InventoryScreen
      title="Nodes"
      kind="node"
      summary={(nodes) => <AgentSummary nodes={nodes} />}
      actions={<AddNode />}
      empty={isAll ? <FirstRun /> : <NobodyKnown kind="node" />}
    />
  );
}
