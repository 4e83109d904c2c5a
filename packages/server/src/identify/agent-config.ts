/** What agents are told: the switches of the fleet and the networks of the inventory. */
import { createHash } from "node:crypto";
import type { Inventory, InventoryNetwork } from "./inventory-schema.ts";
import type { NodeRef } from "./lookup.ts";

export interface AgentSettings {
  readonly enabled: boolean;
  readonly update_interval_s: number;
  readonly flush_interval_ms: number;
  readonly icmp: boolean;
  readonly dns: boolean;
  readonly names: "off" | "second-level" | "full";
  readonly denied: boolean;
  readonly process: boolean;
  readonly exclude: readonly string[];
}

export interface AgentConfig {
  /** Changes when anything else in it does. */
  readonly version: string;
  readonly enabled: boolean;
  readonly networks: readonly AgentNetwork[];
  readonly capture: Pick<AgentSettings, "icmp" | "dns" | "names" | "denied" | "process">;
  readonly update_interval_s: number;
  readonly flush_interval_ms: number;
  readonly exclude: readonly string[];
}

interface AgentNetwork {
  readonly id: string;
  readonly ranges: readonly string[];
  readonly egress: readonly {
    readonly id: string;
    /** The virtual ones, too. */
    readonly ranges: readonly string[];
    /** Is the agent's node one of those that lead there? Left out: the inventory does not tell. */
    readonly behind_reporter?: boolean;
  }[];
  /** Addresses of users' devices and config files. */
  readonly members: readonly string[];
  /** Left out: as in `capture`. */
  readonly names?: AgentSettings["names"];
}

/** Who asks, and how nodes are found by id, name or host. */
export interface AskingAgent {
  /** Null: an agent without a token of its own. */
  readonly reporter: NodeRef | null;
  readonly nodeOf: (network: string, word: string) => NodeRef | null;
}

/** By network and route: is it behind the asking agent? Null: the inventory does not tell. */
type Behind = readonly (readonly (boolean | null)[])[];

const MAX_KEPT = 200;

/** What agents are told. Most of it is the same for all of them, and there may be a thousand that ask twice a minute: it is made once. */
export class AgentConfigs {
  readonly #settings: AgentSettings;
  #inventory: Inventory | null = null;
  readonly #kept = new Map<string, AgentConfig>();

  constructor(settings: AgentSettings) {
    this.#settings = settings;
  }

  /** @param inventory another object whenever it has changed */
  get(inventory: Inventory, asking: AskingAgent): AgentConfig {
    if (inventory !== this.#inventory || this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#inventory = inventory;
    const behind = inventory.networks.map(({ id, egress }) => egress.map(({ via }) => isBehind(id, via, asking)));
    const key = JSON.stringify(behind);
    let config = this.#kept.get(key);
    if (config === undefined) {
      config = agentConfig(inventory, this.#settings, behind);
      this.#kept.set(key, config);
    }
    return config;
  }
}

function agentConfig({ networks }: Inventory, settings: AgentSettings, behind: Behind): AgentConfig {
  const { enabled, update_interval_s, flush_interval_ms, exclude, icmp, dns, names, denied, process } = settings;
  const config = {
    enabled,
    networks: networks.map((network, i) => agentNetwork(network, behind[i] ?? [])),
    capture: { icmp, dns, names, denied, process },
    update_interval_s,
    flush_interval_ms,
    exclude,
  };
  return { version: createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16), ...config };
}

function agentNetwork(
  { id, ranges, egress, users, config_files, names }: InventoryNetwork,
  behind: readonly (boolean | null)[],
): AgentNetwork {
  return {
    id,
    ranges,
    egress: egress.map((route, i) => {
      const isBehindReporter = behind[i] ?? null;
      return {
        id: route.id,
        ranges: [...route.ranges, ...route.virtual_ranges],
        ...(isBehindReporter === null ? {} : { behind_reporter: isBehindReporter }),
      };
    }),
    members: [...users.flatMap((user) => user.devices), ...config_files].flatMap(({ addresses }) => addresses),
    ...(names === undefined ? {} : { names }),
  };
}

/** Null: nobody is named who leads there, or somebody whom no source knows. */
function isBehind(network: string, via: readonly string[], { reporter, nodeOf }: AskingAgent): boolean | null {
  if (reporter === null || via.length === 0) return null;
  const own = nodeOf(network, reporter.id) ?? nodeOf(network, reporter.name) ?? reporter;
  const nodes = via.map((word) => nodeOf(network, word));
  if (nodes.some((node) => node?.id === own.id) || via.some((word) => word === reporter.id || word === reporter.name))
    return true;
  return nodes.some((node) => node === null) ? null : false;
}
