/** The agents as sources of the inventory, one each: what they declare with their batches. What they said before a restart is in the history. */
import type { AgentDeclaration } from "@flowtrail/model";
import { agentSource } from "../../attribution/order.ts";
import { mergedInventory } from "../../history/current.ts";
import type { Inventory } from "../../inventory-schema.ts";
import type { NodeRef } from "../../lookup.ts";
import type { Sources } from "../sources.ts";
import { AgentSource } from "./agent-source.ts";
import { type Declaration, declaredInventory, upTo, withAddresses } from "./declared.ts";
import { type KeyOwners, withOwners, withoutNamed } from "./peers.ts";
import { type HistoryView, type View, viewOf } from "./view.ts";

export interface AgentSourcesDeps {
  readonly sources: Pick<Sources, "add" | "remove">;
  readonly history: HistoryView & { tells(source: string): boolean };
  readonly now: () => number;
}

/** Without tokens senders name themselves: more than these are somebody's mistake. */
const MAX_AGENTS = 10_000;
/** A gateway with all the peers that an agent tells of (4,096) has room. */
const MAX_ENTITIES = 5000;
/** Between two looks at all that is in force, for each thousand entities: a look takes about a millisecond for them. */
const LOOK_MS = 20;
/** An agent whose clock is that far off knows nothing about when. */
const MAX_LATE_MS = 30 * 24 * 3_600_000;
/** No agent says more of the past than this: whoever has its token could claim what others had then. */
const MAX_BACK_MS = 24 * 3_600_000;

export class AgentSources {
  readonly #deps: AgentSourcesDeps;
  readonly #agents = new Map<string, AgentSource>();
  #seen: Context | null = null;
  #refused = 0;

  constructor(deps: AgentSourcesDeps) {
    this.#deps = deps;
  }

  /** `leftOut`: entities beyond the largest number that is taken of an agent, now. */
  get stats(): { agents: number; refused: number; heldBack: number; leftOut: number } {
    let [heldBack, leftOut] = [0, 0];
    for (const agent of this.#agents.values()) {
      heldBack += agent.heldBack;
      leftOut += agent.leftOut;
    }
    return { agents: this.#agents.size, refused: this.#refused, heldBack, leftOut };
  }

  /**
   * Takes note of what a batch declares. In force at once, so that the batch's own rows are named by it. What others say meanwhile of its peers is
   * looked at with one of the batches that follow.
   * @returns whether its own addresses are others now: who is to report flows of these is a new question
   */
  declare(reporter: NodeRef, declaration: Declaration): boolean {
    const agent = this.#agent(reporter);
    const context = this.#context();
    const news = agent?.newsIn(declaration, context.version) ?? null;
    if (agent === null || news === null) return false;
    const known = this.#known(agent);
    const { addresses, coveredFromMs } = declaration;
    const declares = declaration.declares ?? agent.waiting;
    const { named } = context.view;
    const owners = declares ? ownersWith(context.view, reporter, declares) : context.view.owners;
    const said = declares
      ? declaredInventory(reporter, { addresses, declares }, owners)
      : withAddresses(agent.withPeers(known), reporter, addresses);
    if (declares) agent.notePeers(said);
    const networks = said.networks.map((network) => withoutNamed(withOwners(network, owners), named.get(network.id)));
    const { inventory, leftOut } = upTo(MAX_ENTITIES, { networks });
    agent.noteLeftOut(leftOut);
    if (news === "review") agent.review(inventory, context.version);
    else agent.say(inventory, { addresses, declares, context: context.version }, this.#startOf(coveredFromMs));
    return agent.said !== null && ownAddresses(agent.said, reporter) !== ownAddresses(known, reporter);
  }

  /** Its token was taken back: what it told, it told until now. Whoever gets a token in its place begins anew. */
  remove(reporterId: string): void {
    this.#agents.delete(reporterId);
    this.#deps.sources.remove(agentSource(reporterId), "its token was taken back");
  }

  #agent(reporter: NodeRef): AgentSource | null {
    const known = this.#agents.get(reporter.id);
    if (known !== undefined && !this.#isRemoved(known)) return known;
    this.#agents.delete(reporter.id);
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

  /** By another server. */
  #isRemoved({ said, state }: AgentSource): boolean {
    return said !== null && said.networks.length > 0 && !this.#deps.history.tells(state.name);
  }

  /** A batch of last night says who had its addresses last night. */
  #startOf(coveredFromMs: number): number {
    const nowMs = this.#deps.now();
    return coveredFromMs > nowMs || coveredFromMs < nowMs - MAX_LATE_MS ? nowMs : Math.max(coveredFromMs, nowMs - MAX_BACK_MS);
  }

  /** What an agent said last, in this run or an earlier one, here or on another server. */
  #known(agent: AgentSource): Inventory {
    const isNewer = this.#deps.history.version !== this.#seen?.history;
    if (isNewer && agent.said !== null) return agent.said;
    const { view } = isNewer ? this.#look() : this.#context();
    return mergedInventory(view.bySource.get(agent.state.name) ?? []);
  }

  /** What is in force, as it was a moment ago: while it changes all the time, a small part of the time goes into looking at it. */
  #context(): Context {
    const seen = this.#seen;
    if (seen === null) return this.#look();
    const isDue = performance.now() - seen.lookedMs >= Math.floor(seen.view.size / 1000) * LOOK_MS;
    return seen.history !== this.#deps.history.version && isDue ? this.#look() : seen;
  }

  #look(): Context {
    const { history } = this.#deps;
    const view = viewOf(history);
    const before = this.#seen;
    const version = before?.view.text === view.text ? before.version : (before?.version ?? 0) + 1;
    this.#seen = { history: history.version, view, version, lookedMs: performance.now() };
    return this.#seen;
  }
}

interface Context {
  /** Of the history. */
  readonly history: number;
  readonly view: View;
  /** Changes when what declarations are read with does. */
  readonly version: number;
  /** By a monotonic clock. */
  readonly lookedMs: number;
}

/** The reporter's own keys are its own, also those that it is just declaring; one that another declares, too, is nobody's. */
function ownersWith({ owners, shared }: View, reporter: NodeRef, { wireguard }: AgentDeclaration): KeyOwners {
  const known = new Map(owners);
  for (const { public_key: key } of wireguard) {
    if ((known.get(key)?.id ?? reporter.id) !== reporter.id) known.delete(key);
    else if (!shared.has(key)) known.set(key, { ...reporter, addresses: new Map() });
  }
  return known;
}

function ownAddresses({ networks }: Inventory, { id }: NodeRef): string {
  const own = networks.map((network) => [network.id, network.nodes.find((node) => node.id === id)?.addresses ?? []] as const);
  return JSON.stringify(own.filter(([, addresses]) => addresses.length > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}
