/** What agents are told: the switches of the fleet and the networks of the inventory. */
import { createHash } from "node:crypto";
import type { ToldExcludes } from "../privacy/excluded.ts";
import { type CaptureState, isNetworkOn, isRecording, type NameMode, namesOf } from "../settings/capture-state.ts";
import type { Inventory, InventoryNetwork } from "./inventory-schema.ts";
import type { NodeRef } from "./lookup.ts";

export interface AgentConfig {
  /** Changes when anything else in it does. */
  readonly version: string;
  readonly enabled: boolean;
  readonly networks: readonly AgentNetwork[];
  readonly capture: {
    readonly icmp: boolean;
    readonly dns: boolean;
    readonly names: NameMode;
    readonly denied: boolean;
    readonly process: boolean;
  };
  readonly update_interval_s: number;
  readonly flush_interval_ms: number;
  readonly exclude: readonly string[];
  /** What the inventory makes of users, groups and nodes that are excluded. */
  readonly excluded: ToldExcludes["excluded"];
  readonly exclude_domains: readonly string[];
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
  readonly names?: NameMode;
  /** False: flows of this network are not reported. Left out: they are. */
  readonly enabled?: false;
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
const NOTHING_EXCLUDED: ToldExcludes = { excluded: [], exclude_domains: [] };

/** What agents are told. Most of it is the same for all of them, and there may be a thousand that ask twice a minute: it is made once. */
export class AgentConfigs {
  #inventory: Inventory | null = null;
  #state: CaptureState | null = null;
  #excludes: ToldExcludes | null = null;
  readonly #kept = new Map<string, AgentConfig>();

  /**
   * @param inventory another object whenever it has changed
   * @param state the same
   * @param excludes the same
   */
  get(inventory: Inventory, state: CaptureState, asking: AskingAgent, excludes = NOTHING_EXCLUDED): AgentConfig {
    if (inventory !== this.#inventory || state !== this.#state || excludes !== this.#excludes || this.#kept.size >= MAX_KEPT)
      this.#kept.clear();
    this.#inventory = inventory;
    this.#state = state;
    this.#excludes = excludes;
    const behind = inventory.networks.map(({ id, egress }) => egress.map(({ via }) => isBehind(id, via, asking)));
    const enabled = asking.reporter === null ? state.policy.enabled : isRecording(state, asking.reporter.id);
    const key = JSON.stringify([enabled, behind]);
    let config = this.#kept.get(key);
    if (config === undefined) {
      config = agentConfig(inventory, state, excludes, { enabled, behind });
      this.#kept.set(key, config);
    }
    return config;
  }
}

function agentConfig(
  { networks }: Inventory,
  state: CaptureState,
  { excluded, exclude_domains }: ToldExcludes,
  { enabled, behind }: { enabled: boolean; behind: Behind },
): AgentConfig {
  const { update_interval_s, flush_interval_ms, exclude, icmp, dns, names, denied, process } = state.policy;
  const described = networks.map((network, i) => agentNetwork(network, state, behind[i] ?? []));
  // Agents may know networks that no inventory describes, from their own interfaces: what is set for these is told, too.
  const others = [...state.networks.keys()].filter((id) => !networks.some((network) => network.id === id)).sort();
  const config = {
    enabled,
    networks: [...described, ...others.map((id) => ({ id, ranges: [], egress: [], members: [], ...own(id, undefined, state) }))],
    capture: { icmp, dns, names, denied, process },
    update_interval_s,
    flush_interval_ms,
    exclude,
    excluded,
    exclude_domains,
  };
  return { version: createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16), ...config };
}

function agentNetwork(
  { id, ranges, egress, users, config_files, names }: InventoryNetwork,
  state: CaptureState,
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
    ...own(id, names, state),
  };
}

/** What differs from the rest of the fleet. */
function own(id: string, inventoryNames: NameMode | undefined, state: CaptureState): Pick<AgentNetwork, "names" | "enabled"> {
  const isOwn = inventoryNames !== undefined || state.networks.get(id)?.set.names !== undefined;
  return {
    ...(isOwn ? { names: namesOf(state, id, inventoryNames) } : {}),
    ...(isNetworkOn(state, id) ? {} : { enabled: false }),
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
