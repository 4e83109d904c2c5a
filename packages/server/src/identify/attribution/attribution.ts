/** Who had which address when, and whom the words for nodes stand for, in all networks: made from the inventory's history when first asked for. */
import type { InventoryFacts } from "../holding.ts";
import { Nodes } from "./nodes.ts";
import { AttributionTable } from "./table.ts";

/** The inventory in time. */
export interface InventoryInTime {
  /** Counts up with every change. */
  readonly version: number;
  networks(): readonly string[];
  /** The lists in it stay the same ones as long as nothing changes in that network. */
  facts(network: string): InventoryFacts;
  /** When the inventory is to be read for a flow of a network that began at `startMs`, ms since 1970. */
  inventoryTime(startMs: number, network: string): number;
}

const EMPTY = new AttributionTable({ holdings: [], nodes: [] });

export class Attribution {
  readonly #inventory: InventoryInTime;
  readonly #tables = new Map<string, { readonly facts: InventoryFacts; readonly table: AttributionTable }>();
  #nodes: { readonly version: number; readonly nodes: Nodes } | null = null;

  constructor(inventory: InventoryInTime) {
    this.#inventory = inventory;
  }

  /** The network's holders; empty for one that the inventory does not know. */
  table(network: string): AttributionTable {
    const facts = this.#inventory.facts(network);
    const known = this.#tables.get(network);
    if (known?.facts.holdings === facts.holdings && known.facts.nodes === facts.nodes) return known.table;
    // Names of networks come from rows: those that nobody knows must not add up.
    if (facts.holdings.length === 0 && facts.nodes.length === 0) return EMPTY;
    const table = new AttributionTable(facts);
    this.#tables.set(network, { facts, table });
    return table;
  }

  get nodes(): Nodes {
    const { version } = this.#inventory;
    if (this.#nodes?.version !== version) {
      const facts = this.#inventory.networks().flatMap((network) => this.#inventory.facts(network).nodes);
      this.#nodes = { version, nodes: new Nodes(facts) };
    }
    return this.#nodes.nodes;
  }

  inventoryTime(startMs: number, network: string): number {
    return this.#inventory.inventoryTime(startMs, network);
  }
}
