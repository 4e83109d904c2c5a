/** Names of people under pseudonyms: in what a source says of the inventory, and in rows. */
import type { FlowBatch, PseudonymKind, TextColumn } from "@flowtrail/model";
import type { EntityVersion } from "../identify/history/change.ts";
import type { Inventory, InventoryNetwork } from "../identify/inventory-schema.ts";
import type { Pseudonyms } from "./pseudonyms.ts";

type Device = InventoryNetwork["users"][number]["devices"][number];
/** The parts of an entity that name somebody. */
interface Named {
  id?: string | undefined;
  name?: string | undefined;
  devices?: Device[];
}
type PersonKind = "user" | "config_file";

/** The inventory with users, their devices and config files under pseudonyms. Groups, tags, nodes and addresses stay. */
export function disguised({ networks }: Inventory, pseudonyms: Pseudonyms): Inventory {
  return {
    networks: networks.map((network) => ({
      ...network,
      users: network.users.map((user) => person("user", user, pseudonyms)),
      config_files: network.config_files.map((one) => person("config", one, pseudonyms)),
    })),
  };
}

/** The same for versions of entities that were told before: who reads what was must not find there who is who now. */
export function disguisedVersions(versions: readonly EntityVersion[], pseudonyms: Pseudonyms): EntityVersion[] {
  return versions.map((version) => {
    if (version.kind === "user")
      return { ...version, id: pseudonyms.of("user", version.id), entity: person("user", version.entity, pseudonyms) };
    if (version.kind === "config_file")
      return { ...version, id: pseudonyms.of("config", version.id), entity: person("config", version.entity, pseudonyms) };
    return version;
  });
}

/** An entity as the log of changes has it: its id, and its JSON (null: there is none). */
export function disguisedEntity(kind: PersonKind, entity: string | null, pseudonyms: Pseudonyms): string | null {
  if (entity === null) return null;
  return JSON.stringify(person(kind === "user" ? "user" : "config", JSON.parse(entity) as Named, pseudonyms));
}

function person<T extends Named>(kind: "user" | "config", entity: T, pseudonyms: Pseudonyms): T {
  const { devices } = entity;
  return {
    ...named(kind, entity, pseudonyms),
    ...(devices === undefined ? {} : { devices: devices.map((device) => named("device", device, pseudonyms)) }),
  };
}

function named<T extends Pick<Named, "id" | "name">>(kind: PseudonymKind, entity: T, pseudonyms: Pseudonyms): T {
  return {
    ...entity,
    ...(entity.id === undefined ? {} : { id: pseudonyms.of(kind, entity.id) }),
    ...(entity.name === undefined ? {} : { name: pseudonyms.of(kind, entity.name) }),
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
