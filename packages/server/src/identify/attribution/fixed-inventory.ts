/** An inventory without a history: it is what it is for all time. */
import type { EntityVersion } from "../history/change.ts";
import { piecesOf, readEntity } from "../history/entities.ts";
import { holdingsOf, nodeFacts } from "../history/holdings.ts";
import { NodeRefs } from "../history/node-refs.ts";
import type { InventoryFacts } from "../holding.ts";
import type { Inventory } from "../inventory-schema.ts";
import type { InventoryInTime } from "./attribution.ts";

const NOTHING: InventoryFacts = { holdings: [], nodes: [] };

export class FixedInventory implements InventoryInTime {
  readonly version = 0;
  readonly #facts: ReadonlyMap<string, InventoryFacts>;

  constructor(inventory: Inventory) {
    this.#facts = factsOf(inventory);
  }

  networks(): readonly string[] {
    return [...this.#facts.keys()];
  }

  facts(network: string): InventoryFacts {
    return this.#facts.get(network) ?? NOTHING;
  }

  inventoryTime(startMs: number): number {
    return startMs;
  }
}

function factsOf(inventory: Inventory): Map<string, InventoryFacts> {
  const versions = Map.groupBy(
    piecesOf(inventory).map(({ entity, ...ref }) => {
      const time = { fromMs: 0, toMs: Number.POSITIVE_INFINITY, isFirst: true };
      return { ...ref, source: "file", entity: readEntity(ref.kind, entity), ...time } as EntityVersion;
    }),
    ({ network }) => network,
  );
  return new Map(
    [...versions].map(([network, list]) => [network, { holdings: holdingsOf(list, new NodeRefs(list)), nodes: nodeFacts(list) }]),
  );
}
