/** What agents declare of their own addresses, beside the inventory and with less weight. */
import { isV4Mapped, parseAddress } from "@flowtrail/model";
import type { Holding, InventoryFacts } from "../holding.ts";
import type { Inventory } from "../inventory-schema.ts";
import { type NodeRef, nodeParticipant } from "../lookup.ts";
import { PRECEDENCE } from "../sources/source.ts";
import type { InventoryInTime } from "./attribution.ts";
import { Nodes } from "./nodes.ts";
import { agentSource } from "./order.ts";

/** By network id. */
export type DeclaredAddresses = Readonly<Record<string, readonly string[]>>;

export class DeclaredInventory implements InventoryInTime {
  readonly #inventory: InventoryInTime;
  /** By reporter id: what it declared, as JSON to see whether it changed, and as it was said. */
  readonly #declared = new Map<string, { text: string; node: NodeRef; addresses: DeclaredAddresses }>();
  readonly #facts = new Map<string, { version: number; inventory: InventoryFacts; facts: InventoryFacts }>();
  #version = 0;

  constructor(inventory: InventoryInTime) {
    this.#inventory = inventory;
  }

  declare(node: NodeRef, addresses: DeclaredAddresses): void {
    const text = JSON.stringify(addresses);
    if (this.#declared.get(node.id)?.text === text) return;
    this.#declared.set(node.id, { text, node, addresses });
    this.#version++;
  }

  get version(): number {
    return this.#version + this.#inventory.version;
  }

  networks(): readonly string[] {
    return this.#inventory.networks();
  }

  current(): Inventory {
    return this.#inventory.current();
  }

  inventoryTime(startMs: number): number {
    return this.#inventory.inventoryTime(startMs);
  }

  facts(network: string): InventoryFacts {
    const inventory = this.#inventory.facts(network);
    const known = this.#facts.get(network);
    if (
      known?.version === this.#version &&
      known.inventory.holdings === inventory.holdings &&
      known.inventory.nodes === inventory.nodes
    )
      return known.facts;
    const nodes = new Nodes(inventory.nodes);
    const own = [...this.#declared.values()].flatMap(({ node, addresses }) => declaredIn(network, node, addresses, nodes));
    if (own.length === 0) return inventory;
    const facts = { ...inventory, holdings: [...inventory.holdings, ...own] };
    this.#facts.set(network, { version: this.#version, inventory, facts });
    return facts;
  }
}

function declaredIn(network: string, node: NodeRef, addresses: DeclaredAddresses, nodes: Nodes): Holding[] {
  const known = nodes.in(network, node.id, Number.MAX_SAFE_INTEGER);
  const participant = nodeParticipant(known.name === node.id ? { ...known, name: node.name } : known);
  return (addresses[network] ?? []).flatMap((address): Holding[] => {
    const bytes = parseAddress(address);
    if (bytes === null) return [];
    const cidr = { bytes, prefixBits: 128, v4: isV4Mapped(bytes) };
    const source = { source: agentSource(node.id), precedence: PRECEDENCE.agent };
    const time = { fromMs: 0, isFirst: true, toMs: Number.POSITIVE_INFINITY };
    return [{ network, cidr, kind: "address", participant, domain: null, ...source, ...time }];
  });
}
