import { InventoryScreen } from "../features/inventory/inventory-screen.tsx";
import { titleOf } from "../features/inventory/kinds.ts";
import { NobodyKnown } from "../features/inventory/nobody-known.tsx";
import { NobodyListed } from "../features/inventory/nobody-listed.tsx";
import { useKind } from "../features/inventory/use-kind.tsx";

/** All networks, with who is in them and their traffic, and the egress routes that lead out of them. */
export function NetworksRoute() {
  const [kind, choice] = useKind(["network", "egress"]);
  const empty = kind === "network" ? <NobodyListed kind={kind} /> : <NobodyKnown kind={kind} />;
  return <InventoryScreen title={titleOf(kind)} kind={kind} actions={choice} empty={empty} />;
}
