/** Names of people under pseudonyms: in what a source says of the inventory, and in rows. */
import type { FlowBatch, PseudonymKind, TextColumn } from "@flowtrail/model";
import type { Inventory, InventoryNetwork } from "../identify/inventory-schema.ts";
import type { Pseudonyms } from "./pseudonyms.ts";

type Device = InventoryNetwork["users"][number]["devices"][number];

/** The inventory with users, their devices and config files under pseudonyms. Groups, tags, nodes and addresses stay. */
export function disguised({ networks }: Inventory, pseudonyms: Pseudonyms): Inventory {
  const named = <T extends { id?: string | undefined; name?: string | undefined }>(kind: PseudonymKind, entity: T): T => ({
    ...entity,
    ...(entity.id === undefined ? {} : { id: pseudonyms.of(kind, entity.id) }),
    ...(entity.name === undefined ? {} : { name: pseudonyms.of(kind, entity.name) }),
  });
  return {
    networks: networks.map((network) => ({
      ...network,
      users: network.users.map((user) => ({
        ...named("user", user),
        devices: user.devices.map((device: Device) => named("device", device)),
      })),
      config_files: network.config_files.map((one) => named("config", one)),
    })),
  };
}

/** The same for who the ends of rows are, whoever told. */
export function disguiseRows({ columns, length }: FlowBatch, pseudonyms: Pseudonyms): void {
  const sides = [
    [columns.src_type, columns.src_id, columns.src_name, columns.src_device],
    [columns.dst_type, columns.dst_id, columns.dst_name, columns.dst_device],
  ] as const;
  for (const [type, id, name, device] of sides) {
    for (let row = 0; row < length; row++) {
      const who = type.get(row);
      if (who !== "user" && who !== "extclient") continue;
      const kind = who === "user" ? "user" : "config";
      disguise(id, row, kind, pseudonyms);
      disguise(name, row, kind, pseudonyms);
      disguise(device, row, "device", pseudonyms);
    }
  }
}

function disguise(column: TextColumn, row: number, kind: PseudonymKind, pseudonyms: Pseudonyms): void {
  const text = column.get(row);
  if (text !== null) column.set(row, pseudonyms.of(kind, text));
}
