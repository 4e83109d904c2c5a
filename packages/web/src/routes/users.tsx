import { InventoryScreen } from "../features/inventory/inventory-screen.tsx";
import { titleOf } from "../features/inventory/kinds.ts";
import { NobodyKnown } from "../features/inventory/nobody-known.tsx";
import { useKind } from "../features/inventory/use-kind.tsx";

/** All users with their devices, and the config files that were handed out. */
export function UsersRoute() {
  const [kind, choice] = useKind(["user", "config_file"]);
  return <InventoryScreen title={titleOf(kind)} kind={kind} actions={choice} empty={<NobodyKnown kind={kind} />} />;
}
