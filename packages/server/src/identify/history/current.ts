/** The inventory of one moment, put together from what several sources say. */
import type { Inventory, InventoryNetwork } from "../inventory-schema.ts";
import { type EntityKind, type EntityVersion, precedenceOf } from "./change.ts";

/** Of an entity that several sources know (same kind and id), the one of the source that counts most is taken as a whole; a network has all their ranges. */
export function mergedInventory(versions: readonly EntityVersion[]): Inventory {
  const sorted = [...versions].sort(
    (a, b) =>
      order(a.network, b.network) ||
      precedenceOf(a.source) - precedenceOf(b.source) ||
      order(a.source, b.source) ||
      order(a.id, b.id),
  );
  const networks = new Map<string, Mutable>();
  const seen = new Set<string>();
  for (const { network: id, kind, entity } of sorted) {
    let network = networks.get(id);
    if (network === undefined) {
      network = { id, ranges: [], nodes: [], users: [], config_files: [], egress: [] };
      networks.set(id, network);
    }
    if (kind === "network") {
      const { ranges, ...others } = entity;
      Object.assign(network, { ...others, ...network, ranges: [...new Set([...network.ranges, ...ranges])] });
      continue;
    }
    const key = JSON.stringify([id, kind, entity.id]);
    if (seen.has(key)) continue;
    seen.add(key);
    (network[LISTS[kind]] as unknown[]).push(entity);
  }
  return { networks: [...networks.values()] };
}

type Mutable = { -readonly [K in keyof InventoryNetwork]: InventoryNetwork[K] };

const LISTS = { node: "nodes", user: "users", config_file: "config_files", egress: "egress" } as const satisfies Record<
  Exclude<EntityKind, "network">,
  keyof InventoryNetwork
>;

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
