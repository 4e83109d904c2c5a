/**
 * What somebody may see of what is no flow: of the inventory, of agents, of times without reports. Routes that people read have it from
 * here and nowhere else.
 *
 * Of a network in the scope: all. Whoever may see the traffic of one user only sees the networks that this user is in, and of these the
 * user alone: whom the user meets, flows tell.
 */
import type { Scope } from "../auth/identity.ts";
import type { AgentReport } from "../health/agent-book.ts";
import type { EntityVersion } from "../identify/history/change.ts";
import type { InventoryHistory } from "../identify/history/history.ts";
import type { Holding } from "../identify/holding.ts";
import type { InventoryNetwork } from "../identify/inventory-schema.ts";
import type { Gap } from "../query/gaps.ts";
import type { LogScope } from "../store/inventory-log.ts";

type History = Pick<InventoryHistory, "networks" | "versions" | "holdings" | "current">;

export class Sight {
  readonly #scope: Scope;
  readonly #history: History;
  #networks: readonly string[] | null = null;
  #nodes: ReadonlySet<string> | null = null;

  constructor(scope: Scope, history: History) {
    this.#scope = scope;
    this.#history = history;
  }

  /** Every network that any source ever told of, by id, in order. */
  networks(): readonly string[] {
    this.#networks ??= this.#history.networks().filter((id) => this.#isOpen(id));
    return this.#networks;
  }

  /** Those of them that are asked for: one by its id, or all. One that may not be seen is one that is not there. */
  asked(network: string | undefined): readonly string[] {
    return network === undefined ? this.networks() : this.networks().filter((id) => id === network);
  }

  versions(network: string): readonly EntityVersion[] {
    if (!this.networks().includes(network)) return [];
    const versions = this.#history.versions(network);
    const { own } = this.#scope;
    return own === null ? versions : versions.filter((version) => version.kind === "network" || isUser(version, own));
  }

  holdings(network: string): readonly Holding[] {
    if (!this.networks().includes(network)) return [];
    const holdings = this.#history.holdings(network);
    const { own } = this.#scope;
    return own === null ? holdings : holdings.filter(({ participant: { type, name } }) => type === "user" && name === own);
  }

  /** The inventory as it is now. */
  current(): readonly InventoryNetwork[] {
    const networks = this.#history.current().networks.filter(({ id }) => this.networks().includes(id));
    const { own } = this.#scope;
    if (own === null) return networks;
    return networks.map((network) => {
      const users = network.users.filter(({ id, name }) => (name ?? id) === own);
      return { ...network, nodes: [], users, config_files: [], egress: [] };
    });
  }

  /** Of the log of what changed. */
  get log(): LogScope {
    const { networks, own } = this.#scope;
    if (own === null) return { networks, users: null };
    const users = this.networks().flatMap((id) => this.versions(id).flatMap((one) => (one.kind === "user" ? [one.id] : [])));
    return { networks: this.networks(), users: [...new Set(users)] };
  }

  /** With their addresses in networks that may be seen. */
  agents(agents: readonly AgentReport[]): readonly AgentReport[] {
    if (this.#isWhole) return agents;
    const { networks } = this.#scope;
    if (this.#scope.own !== null || networks === null) return [];
    return agents.flatMap((agent) => {
      const addresses = Object.fromEntries(Object.entries(agent.addresses).filter(([id]) => networks.includes(id)));
      return Object.keys(addresses).length > 0 || this.#hasNode(agent.id) ? [{ ...agent, addresses }] : [];
    });
  }

  /** @param agents all of them */
  gaps(gaps: readonly Gap[], agents: readonly AgentReport[]): readonly Gap[] {
    if (this.#isWhole || gaps.length === 0) return gaps;
    if (this.#scope.own !== null) return [];
    const seen = new Set(this.agents(agents).map(({ id }) => id));
    return gaps.filter(({ reporterId }) => seen.has(reporterId) || this.#hasNode(reporterId));
  }

  get #isWhole(): boolean {
    return this.#scope.networks === null && this.#scope.own === null;
  }

  #isOpen(network: string): boolean {
    const { networks, own } = this.#scope;
    if (networks !== null && !networks.includes(network)) return false;
    return own === null || this.#history.versions(network).some((version) => isUser(version, own));
  }

  /** Is it, or was it, a node of a network that may be seen? Not by its name: another network may have one of the same. */
  #hasNode(reporterId: string): boolean {
    this.#nodes ??= new Set(
      this.networks().flatMap((id) =>
        this.versions(id).flatMap(({ kind, entity }) =>
          kind === "node" ? [entity.id, entity.host].filter((word) => word !== undefined) : [],
        ),
      ),
    );
    return this.#nodes.has(reporterId);
  }
}

/** As rows name it. */
function isUser(version: EntityVersion, name: string): boolean {
  return version.kind === "user" && (version.entity.name ?? version.id) === name;
}
