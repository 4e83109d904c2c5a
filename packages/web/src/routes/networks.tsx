import { FirstRun } from "../features/guide/first-run.tsx";
import { InventoryScreen } from "../features/inventory/inventory-screen.tsx";

/** All networks, with who is in them and their traffic. */
export function NetworksRoute() {
  return <InventoryScreen title="Networks" kind="network" empty={<FirstRun />} />;
}
