import { AddNode } from "../features/guide/add-node.tsx";
import { AgentSummary } from "../features/inventory/agent-summary.tsx";
import { InventoryScreen } from "../features/inventory/inventory-screen.tsx";
import { NobodyListed } from "../features/inventory/nobody-listed.tsx";

/** All nodes, with their agents and their traffic. */
export function NodesRoute() {
  return (
    <InventoryScreen
      title="Nodes"
      kind="node"
      summary={(nodes) => <AgentSummary nodes={nodes} />}
      actions={<AddNode />}
      empty={<NobodyListed kind="node" />}
    />
  );
}
