/** A change of the inventory in words. */
import type { Described, InventoryChange } from "../../lib/types-inventory.ts";

/** Addresses and ranges, those of devices with the device's name. */
export function addressesOf({ addresses = [], ranges = [], devices = [] }: Described): readonly string[] {
  const ofDevices = devices.flatMap((device) =>
    device.addresses.map((address) => (device.name === undefined ? address : `${address} (${device.name})`)),
  );
  return [...addresses, ...ranges, ...ofDevices];
}

/** `Added`, `Removed`, `Changed addresses: was 100.64.0.7`. */
export function whatChanged({ what, before, after }: Pick<InventoryChange, "what" | "before" | "after">): string {
  const said = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  if (before === null || after === null) return said;
  const gone = addressesOf(before).filter((address) => !addressesOf(after).includes(address));
  const renamed = before.name !== after.name && before.name !== undefined ? [`“${before.name}”`] : [];
  const was = [...renamed, ...gone];
  return was.length === 0 ? said : `${said}: was ${was.join(", ")}`;
}

/** `file:/etc/flowtrail/inventory.yaml` → `file /etc/flowtrail/inventory.yaml`. */
export function saidBy({ who }: Pick<InventoryChange, "who">): string {
  return who.replace(/^(file|netmaker|agent):/, "$1 ");
}
