/** For tests. */
import { InventoryHistory } from "./history/history.ts";
import type { Inventory } from "./inventory-schema.ts";
import { parseInventory } from "./inventory-yaml.ts";
import { AgentSources } from "./sources/agents/agents.ts";
import { Sources } from "./sources/sources.ts";

/** An inventory from the YAML below `networks:`. */
export function inventoryOf(networks: string): Inventory {
  return parseInventory(`networks:${networks}`, "test.yaml");
}

/** A history that nothing keeps, with the agents that declare themselves to it. */
export function inventoryInMemory(now: () => number) {
  const store = {
    append: async () => {},
    addCorrection: async () => {},
    load: async () => ({ changes: [], corrections: [], firsts: [], completeSinceMs: null, cursor: null }),
    since: async () => ({ changes: [], corrections: [], cursor: null }),
  };
  const logger = { debug() {}, info() {}, warn() {} };
  const history = new InventoryHistory({ shared: false }, { store, now, logger });
  const sources = new Sources({ history, logger, now });
  return { history, sources, agents: new AgentSources({ sources, history, now }) };
}
