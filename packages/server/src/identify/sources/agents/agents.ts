/** The agents as sources of the inventory, one each: what they declare with their batches. What they said before a restart is in the history. */
import type { AgentDeclaration } from "@flowtrail/model";
import type { EntityVersion } from "../../history/change.ts";
import { mergedInventory } from "../../history/current.ts";
import type { Inventory } from "../../inventory-schema.ts";
import type { NodeRef } from "../../lookup.ts";
import type { Sources } from "../sources.ts";
import { AgentSource } from "./agent-source.ts";
import { type Declaration, declaredInventory, withAddresses } from "./declared.ts";
import { type KeyOwners, withOwners } from "./peers.ts";

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
const PREFIX = "agent:";

export class AgentSources {
  readonly #deps: AgentSourcesDeps;
  readonly #agents = new Map<string, AgentSource>();
  #owners: { version: number; byKey: KeyOwners } | null = null;
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
    if (agent === null || !agent.isNews(declaration)) return;
    const { addresses, coveredFromMs } = declaration;
    const declares = declaration.declares ?? agent.waiting;
    const inventory = declares
      ? declaredInventory(reporter, { addresses, declares }, this.#keyOwners(reporter, declares))
      : withAddresses(this.#known(agent.state.name), reporter, addresses);
    if (!agent.say(inventory, { addresses, declares }, this.#startOf(coveredFromMs))) return;
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
      const made = new AgentSource({ name: `${PREFIX}${reporter.id}`, where: reporter.name }, deps);
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
    const owners = this.#keyOwners(null, null);
    for (const [id, agent] of this.#agents) {
      if (id === reporter.id) continue;
      const before = this.#known(agent.state.name);
      const networks = before.networks.map((network) => withOwners(network, owners));
      if (networks.some((network, i) => network !== before.networks[i])) agent.correct({ networks });
    }
  }

  /** What a source said last, in this run or an earlier one, here or on another server. */
  #known(source: string): Inventory {
    return mergedInventory(this.#current().filter((version) => version.source === source));
  }

  /** Keys of agents' own interfaces, with those that this one is just declaring. */
  #keyOwners(reporter: NodeRef | null, declares: AgentDeclaration | null): KeyOwners {
    const { version } = this.#deps.history;
    if (this.#owners?.version !== version) {
      const byKey = new Map<string, NodeRef>();
      for (const found of this.#current()) {
        if (found.kind !== "node" || found.source !== `${PREFIX}${found.id}`) continue;
        const { id, name = id, public_keys = [] } = found.entity;
        for (const key of public_keys) byKey.set(key, { id, name });
      }
      this.#owners = { version, byKey };
    }
    const { byKey } = this.#owners;
    if (reporter === null || declares === null) return byKey;
    return new Map([...byKey, ...declares.wireguard.map(({ public_key }) => [public_key, reporter] as const)]);
  }

  #current(): EntityVersion[] {
    const { history } = this.#deps;
    return history
      .networks()
      .flatMap((network) => history.versions(network))
      .filter(({ toMs, source }) => toMs === Number.POSITIVE_INFINITY && source.startsWith(PREFIX));
  }
}
