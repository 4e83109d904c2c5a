/** The agents as sources of the inventory, one each: what they declare with their batches. What they said before a restart is in the history. */
import { type AgentDeclaration, type Cidr, formatCidr, parseCidr } from "@flowtrail/model";
import { agentSource } from "../../attribution/order.ts";
import { type EntityVersion, sourceKind } from "../../history/change.ts";
import { mergedInventory } from "../../history/current.ts";
import type { Inventory } from "../../inventory-schema.ts";
import type { NodeRef } from "../../lookup.ts";
import type { Sources } from "../sources.ts";
import { AgentSource } from "./agent-source.ts";
import { type Declaration, declaredInventory, withAddresses } from "./declared.ts";
import { type KeyOwners, withOwners, withoutNamed } from "./peers.ts";

export interface AgentSourcesDeps {
  readonly sources: Pick<Sources, "add">;
  readonly history: {
    readonly version: number;
    networks(): readonly string[];
    versions(network: string): readonly EntityVersion[];
  };
  readonly now: () => number;
}

/** Without tokens senders name themselves: more than these are somebody's mistake. */
const MAX_AGENTS = 10_000;
/** An agent whose clock is that far off knows nothing about when. */
const MAX_LATE_MS = 30 * 24 * 3_600_000;

export class AgentSources {
  readonly #deps: AgentSourcesDeps;
  readonly #agents = new Map<string, AgentSource>();
  #seen: { readonly version: number; readonly view: View } | null = null;
  #refused = 0;

  constructor(deps: AgentSourcesDeps) {
    this.#deps = deps;
  }

  get stats(): { agents: number; refused: number; heldBack: number } {
    let heldBack = 0;
    for (const agent of this.#agents.values()) heldBack += agent.heldBack;
    return { agents: this.#agents.size, refused: this.#refused, heldBack };
  }

  /** Takes note of what a batch declares. In force at once, so that the batch's own rows are named by it. */
  declare(reporter: NodeRef, declaration: Declaration): void {
    const agent = this.#agent(reporter);
    const { named, namedText } = this.#view();
    if (agent === null || !agent.isNews(declaration, namedText)) return;
    const { addresses, coveredFromMs } = declaration;
    const declares = declaration.declares ?? agent.waiting;
    const said = declares
      ? declaredInventory(reporter, { addresses, declares }, this.#ownersWith(reporter, declares))
      : withAddresses(agent.withSites(this.#known(agent.state.name)), reporter, addresses);
    if (declares) agent.noteSites(said);
    const inventory = { networks: said.networks.map((network) => withoutNamed(network, named.get(network.id) ?? [])) };
    if (!agent.say(inventory, { addresses, declares, namedText }, this.#startOf(coveredFromMs))) return;
    if (declares && declares.wireguard.length > 0) this.#tellOthers(reporter);
  }

  #agent(reporter: NodeRef): AgentSource | null {
    const known = this.#agents.get(reporter.id);
    if (known !== undefined) return known;
    if (this.#agents.size >= MAX_AGENTS) {
      this.#refused++;
      return null;
    }
    // It is there when `add` returns, and has nothing to start.
    void this.#deps.sources.add((deps) => {
      const made = new AgentSource({ name: agentSource(reporter.id), where: reporter.name }, deps);
      this.#agents.set(reporter.id, made);
      return made;
    });
    return this.#agents.get(reporter.id) ?? null;
  }

  /** A batch of last week says who had its addresses last week. */
  #startOf(coveredFromMs: number): number {
    const nowMs = this.#deps.now();
    return coveredFromMs > nowMs || coveredFromMs < nowMs - MAX_LATE_MS ? nowMs : coveredFromMs;
  }

  /** Peers of other agents that turn out to be this one. */
  #tellOthers(reporter: NodeRef): void {
    const { owners } = this.#view();
    for (const [id, agent] of this.#agents) {
      if (id === reporter.id) continue;
      const before = this.#known(agent.state.name);
      const networks = before.networks.map((network) => withOwners(network, owners));
      if (networks.some((network, i) => network !== before.networks[i])) agent.correct({ networks });
    }
  }

  /** The reporter's own keys are its own, also those that it is just declaring. */
  #ownersWith(reporter: NodeRef, { wireguard }: AgentDeclaration): KeyOwners {
    const itself = { ...reporter, addresses: new Set<string>() };
    return new Map([...this.#view().owners, ...wireguard.map(({ public_key }) => [public_key, itself] as const)]);
  }

  /** What a source said last, in this run or an earlier one, here or on another server. */
  #known(source: string): Inventory {
    return mergedInventory(this.#view().bySource.get(source) ?? []);
  }

  #view(): View {
    const { history } = this.#deps;
    if (this.#seen?.version !== history.version) this.#seen = { version: history.version, view: viewOf(history) };
    return this.#seen.view;
  }
}

/** What is in force, as far as declarations are read with it. */
interface View {
  /** Of agents. */
  readonly bySource: ReadonlyMap<string, readonly EntityVersion[]>;
  readonly owners: KeyOwners;
  /** By network: ranges of egress routes of other sources. */
  readonly named: ReadonlyMap<string, readonly Cidr[]>;
  /** Changes when `named` does. */
  readonly namedText: string;
}

function viewOf(history: AgentSourcesDeps["history"]): View {
  const bySource = new Map<string, EntityVersion[]>();
  const named = new Map<string, Cidr[]>();
  const own = new Map<string, { ref: NodeRef; keys: string[]; addresses: string[] }>();
  for (const network of history.networks()) {
    for (const version of history.versions(network)) {
      if (version.toMs !== Number.POSITIVE_INFINITY) continue;
      const { source, kind } = version;
      if (sourceKind(source) === "agent") push(bySource, source, version);
      else if (kind === "egress")
        push(named, network, ...[...version.entity.ranges, ...version.entity.virtual_ranges].flatMap((text) => siteOf(text)));
      if (kind !== "node" || source !== agentSource(version.id)) continue;
      const { id, name = id, public_keys = [], addresses } = version.entity;
      const known = own.get(id) ?? { ref: { id, name }, keys: [], addresses: [] };
      known.keys.push(...public_keys);
      known.addresses.push(...addresses);
      own.set(id, known);
    }
  }
  const owners = [...own.values()].flatMap(({ ref, keys, addresses }) => {
    const owner = { ...ref, addresses: new Set(addresses) };
    return keys.map((key) => [key, owner] as const);
  });
  const namedText = JSON.stringify([...named].map(([network, ranges]) => [network, ranges.map(formatCidr).sort()]));
  return { bySource, owners: new Map(owners), named, namedText };
}

/** A default route names nobody's site. */
function siteOf(text: string): Cidr[] {
  const range = parseCidr(text);
  return range === null || range.prefixBits === (range.v4 ? 96 : 0) ? [] : [range];
}

function push<V>(map: Map<string, V[]>, key: string, ...values: V[]): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, values);
  else list.push(...values);
}
