/** What the lists of the inventory are of, in words. */
import type { EntityKind } from "../../lib/paths.ts";
import type { InventoryKind } from "../../lib/types-inventory.ts";

/** The page that one of them has. */
export const PAGE_OF = {
  network: "network",
  node: "node",
  user: "user",
  config_file: "extclient",
  egress: "egress_route",
} as const satisfies Readonly<Record<InventoryKind, EntityKind>>;

const NOUNS: Readonly<Record<InventoryKind, readonly [one: string, many: string]>> = {
  network: ["network", "networks"],
  node: ["node", "nodes"],
  user: ["user", "users"],
  config_file: ["config file", "config files"],
  egress: ["egress route", "egress routes"],
};

/** `1 node`, `2,000 users` */
export function counted(kind: InventoryKind, count: number): string {
  const [one, many] = NOUNS[kind];
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

export function nounOf(kind: InventoryKind): string {
  return NOUNS[kind][1];
}

/** `Config files` */
export function titleOf(kind: InventoryKind): string {
  const [, many] = NOUNS[kind];
  return many.charAt(0).toUpperCase() + many.slice(1);
}
