import type { InventoryKind } from "../../lib/types-inventory.ts";
import { ENTITY_ICONS } from "../../ui/entity-kind.ts";
import { PAGE_OF } from "./kinds.ts";

/** The sign of a kind. Its name stands beside it in text. */
export function KindIcon({ kind }: { kind: InventoryKind }) {
  const Icon = ENTITY_ICONS[PAGE_OF[kind]];
  return <Icon className="kind-icon" size={15} stroke={1.7} aria-hidden />;
}
