/** For tests: an inventory from the YAML below `networks:`. */
import type { Inventory } from "./inventory-schema.ts";
import { parseInventory } from "./inventory-yaml.ts";

export function inventoryOf(networks: string): Inventory {
  return parseInventory(`networks:${networks}`, "test.yaml");
}
