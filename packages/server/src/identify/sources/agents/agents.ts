/** The agents as sources of the inventory, one each: what they declare with their batches. What they said before a restart is in the history. */
import type { AgentDeclaration } from "@flowtrail/model";
import { agentSource } from "../../attribution/order.ts";
import { mergedInventory } from "../../history/current.ts";
import type { Inventory } from "../../inventory-schema.ts";
import type { NodeRef } from "../../lookup.ts";
import type { Sources } from "../sources.ts";
import { AgentSource } from "./agent-source.ts";
import { type Declaration, declaredInventory, withAddresses } from "./declared.ts";
import { type KeyOwners, withOwners, withoutNamed } from "./peers.ts";
import { type HistoryView, type View, viewOf } from "./view.ts";

export interface AgentSourcesDeps {
  readonly sources: Pick<Sources, "add">;
  readonly history: HistoryView;
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
    const { named, namedText, owners } = this.#view();
    if (agent === null || !agent.isNews(declaration, namedText)) return;
    const { addresses, coveredFromMs } = declaration;
    const declares = declaration.declares ?? agent.waiting;
    const said = declares
      ? declaredInventory(reporter, { addresses, declares }, this.#ownersWith(reporter, declares))
      : withAddresses(agent.withPeers(this.#known(agent.state.name)), reporter, addresses);
    if (declares) agent.notePeers(said);
    const networks = said.networks.map((network) => withoutNamed(withOwners(network, owners), named.get(network.id)));
    const inventory = { networks };
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
    const itself = { ...reporter, addresses: new Map<string, ReadonlySet<string>>() };
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
