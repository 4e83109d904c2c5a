/** One agent as a source of the inventory. It comes by itself; one that changes its mind all the time is heard less often. */
import type { AgentDeclaration } from "@flowtrail/model";
import type { Inventory, InventoryNetwork } from "../../inventory-schema.ts";
import type { InventorySource, SourceDeps, SourceState } from "../source.ts";
import type { Declaration } from "./declared.ts";

/** So many changes at once, and one more each minute: the history is kept for ever. */
const BURST = 10;
const REFILL_MS = 60_000;

/** What others say changes with each agent that starts: it is looked at again so often at most. */
const REVIEW_MS = 10_000;

export interface Said extends Pick<Declaration, "addresses" | "declares"> {
  /** Version of what others said then. */
  readonly context: number;
}

export class AgentSource implements InventorySource {
  readonly #config: { readonly name: string; readonly where: string };
  readonly #deps: SourceDeps;
  #epoch = "";
  #sequence = -1;
  /** Those in force, as they were declared. */
  #addresses = "";
  /** Version of what others said then. */
  #context = 0;
  #reviewedMs = 0;
  /** By network: all that its peers stand for, also what others name. Null: nothing was declared in this run. */
  #peers: ReadonlyMap<string, Pick<InventoryNetwork, "config_files" | "egress">> | null = null;
  #said: Inventory | null = null;
  #waiting: AgentDeclaration | undefined;
  #credit = BURST;
  #creditMs: number;
  #heldBack = 0;
  #leftOut = 0;
  #heldSinceMs: number | null = null;
  #lastSyncMs: number | null = null;

  constructor(config: { name: string; where: string }, deps: SourceDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#creditMs = deps.now();
  }

  get state(): SourceState {
    return { ...this.#config, kind: "agent", lastSyncMs: this.#lastSyncMs, error: this.#error, nextTryMs: null };
  }

  get #error(): string | null {
    const { where } = this.#config;
    if (this.#heldSinceMs !== null)
      return (
        `${where} changes what it declares more than once a minute: what it said at ` +
        `${new Date(this.#lastSyncMs ?? this.#heldSinceMs).toISOString()} stays in force. Look what its addresses or WireGuard peers are doing`
      );
    if (this.#leftOut === 0) return null;
    return `${where} declares too much: ${this.#leftOut} of its networks, nodes, config files and routes are left out. Look what they are`;
  }

  /** Declarations that came too soon after others. */
  get heldBack(): number {
    return this.#heldBack;
  }

  /** Entities of its last declaration that were too many. */
  get leftOut(): number {
    return this.#leftOut;
  }

  noteLeftOut(count: number): void {
    this.#leftOut = count;
  }

  /** What was held back and is in no later batch. */
  get waiting(): AgentDeclaration | undefined {
    return this.#waiting;
  }

  async start(): Promise<void> {}
  stop(): void {}

  /** What it said last in this run, null: nothing yet. */
  get said(): Inventory | null {
    return this.#said;
  }

  /**
   * `said`: something is told that may be new · `review`: nothing is, but what others say has changed · null: all is as it was, or the batch is an
   * old one that came late.
   */
  newsIn({ addresses, declares, epoch, sequence }: Declaration, context: number): "said" | "review" | null {
    if (epoch === this.#epoch && sequence < this.#sequence) return null;
    this.#epoch = epoch;
    this.#sequence = sequence;
    if (declares !== undefined || this.#waiting !== undefined || JSON.stringify(addresses) !== this.#addresses) return "said";
    const nowMs = this.#deps.now();
    this.#lastSyncMs = nowMs;
    return context !== this.#context && Math.abs(nowMs - this.#reviewedMs) >= REVIEW_MS ? "review" : null;
  }

  /** Puts it in force from `atMs` (ms since 1970) on, unless that has to wait: then the next batch says it again. */
  say(inventory: Inventory, { addresses, declares, context }: Said, atMs: number): void {
    const nowMs = this.#deps.now();
    if (!this.#isSaid(inventory)) {
      if (!this.#mayChange(nowMs)) {
        this.#waiting = declares;
        return;
      }
      this.#said = inventory;
      this.#deps.onChange(inventory, atMs);
    }
    this.#heldSinceMs = null;
    this.#waiting = undefined;
    this.#lastSyncMs = nowMs;
    this.#addresses = JSON.stringify(addresses);
    this.#reviewed(context, nowMs);
  }

  /** The same in the light of what others say now: the agent itself has not changed its mind. */
  review(inventory: Inventory, context: number): void {
    this.#reviewed(context, this.#deps.now());
    if (this.#isSaid(inventory)) return;
    this.#said = inventory;
    this.#deps.onChange(inventory);
  }

  #reviewed(context: number, nowMs: number): void {
    this.#context = context;
    this.#reviewedMs = nowMs;
  }

  #isSaid(inventory: Inventory): boolean {
    return this.#said !== null && JSON.stringify(inventory) === JSON.stringify(this.#said);
  }

  /** Keeps what a declaration says of peers: which of it counts depends on what others name. */
  notePeers({ networks }: Inventory): void {
    this.#peers = new Map(networks.map(({ id, config_files, egress }) => [id, { config_files, egress }]));
  }

  /** The same with all peers, as far as they are known. */
  withPeers({ networks }: Inventory): Inventory {
    return { networks: networks.map((network) => ({ ...network, ...this.#peers?.get(network.id) })) };
  }

  #mayChange(nowMs: number): boolean {
    const earned = (nowMs - this.#creditMs) / REFILL_MS;
    // A clock that was put back earns nothing.
    this.#credit = Math.min(BURST, this.#credit + Math.max(0, earned));
    this.#creditMs = nowMs;
    if (this.#credit >= 1) {
      this.#credit--;
      return true;
    }
    this.#heldBack++;
    this.#heldSinceMs ??= nowMs;
    return false;
  }
}
