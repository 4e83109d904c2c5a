/** Which reporters are nodes of the inventory themselves: of two nodes with one name, the one's agent is not the other's. */
import type { InventoryInTime } from "./attribution/attribution.ts";
import { agentSource } from "./attribution/order.ts";
import type { NodeRef } from "./lookup.ts";

export class OtherNodes {
  readonly #inventory: InventoryInTime;
  #known: { readonly version: number; readonly byId: ReadonlyMap<string, readonly { node: NodeRef; source: string }[]> } | null =
    null;

  constructor(inventory: InventoryInTime) {
    this.#inventory = inventory;
  }

  /** Is this reporter another node now? What it only declares itself, under a name that is also in the inventory, does not make it one. */
  isOther(reporterId: string, { id, host = id }: Pick<NodeRef, "id" | "host">): boolean {
    const named = this.#byId().get(reporterId) ?? [];
    return named.some(
      ({ node, source }) => source !== agentSource(reporterId) && node.id !== id && (node.host ?? node.id) !== host,
    );
  }

  #byId() {
    const { version } = this.#inventory;
    if (this.#known?.version !== version) {
      const byId = new Map<string, { node: NodeRef; source: string }[]>();
      for (const { node, source, toMs } of this.#inventory.networks().flatMap((id) => this.#inventory.facts(id).nodes)) {
        if (toMs !== Number.POSITIVE_INFINITY) continue;
        for (const word of new Set([node.id, node.host ?? node.id])) {
          const known = byId.get(word);
          if (known === undefined) byId.set(word, [{ node, source }]);
          else known.push({ node, source });
        }
      }
      this.#known = { version, byId };
    }
    return this.#known.byId;
  }
}
