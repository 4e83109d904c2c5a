/** One agent as a source of the inventory. It comes by itself; one that changes its mind all the time is heard less often. */
import type { AgentDeclaration } from "@flowtrail/model";
import type { Inventory, InventoryNetwork } from "../../inventory-schema.ts";
import type { InventorySource, SourceDeps, SourceState } from "../source.ts";
import type { Declaration } from "./declared.ts";

/** So many changes at once, and one more each minute: the history is kept for ever. */
const BURST = 10;
const REFILL_MS = 60_000;

export class AgentSource implements InventorySource {
  readonly #config: { readonly name: string; readonly where: string };
  readonly #deps: SourceDeps;
  #epoch = "";
  #sequence = -1;
  /** Those in force, as they were declared. */
  #addresses = "";
  /** What other sources named then. */
  #named = "";
  /** By network: all that its peers stand for, also what others name. Null: nothing was declared in this run. */
  #peers: ReadonlyMap<string, Pick<InventoryNetwork, "config_files" | "egress">> | null = null;
  /** What is in force, as an inventory. */
  #said = "";
  #waiting: AgentDeclaration | undefined;
  #credit = BURST;
  #creditMs: number;
  #heldBack = 0;
  #heldSinceMs: number | null = null;
  #lastSyncMs: number | null = null;

  constructor(config: { name: string; where: string }, deps: SourceDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#creditMs = deps.now();
  }

  get state(): SourceState {
    const error =
      this.#heldSinceMs === null
        ? null
        : `${this.#config.where} changes what it declares more than once a minute: what it said at ` +
          `${new Date(this.#lastSyncMs ?? this.#heldSinceMs).toISOString()} stays in force. Look what its addresses or WireGuard peers are doing`;
    return { ...this.#config, kind: "agent", lastSyncMs: this.#lastSyncMs, error, nextTryMs: null };
  }

  /** Declarations that came too soon after others. */
  get heldBack(): number {
    return this.#heldBack;
  }

  /** What was held back and is in no later batch. */
  get waiting(): AgentDeclaration | undefined {
    return this.#waiting;
  }

  async start(): Promise<void> {}
  stop(): void {}

  /** Is it said for the first time, or all of it again (what others say may have changed), and not by an older batch that came late? */
  isNews({ addresses, declares, epoch, sequence }: Declaration, named: string): boolean {
    if (epoch === this.#epoch && sequence < this.#sequence) return false;
    this.#epoch = epoch;
    this.#sequence = sequence;
    const isNew =
      declares !== undefined ||
      this.#waiting !== undefined ||
      named !== this.#named ||
      JSON.stringify(addresses) !== this.#addresses;
    if (!isNew) this.#lastSyncMs = this.#deps.now();
    return isNew;
  }

  /** Puts it in force from `atMs` (ms since 1970) on. Returns false if that has to wait: the next batch says it again. */
  say(
    inventory: Inventory,
    { addresses, declares, namedText }: Pick<Declaration, "addresses" | "declares"> & { namedText: string },
    atMs: number,
  ): boolean {
    const text = JSON.stringify(inventory);
    const nowMs = this.#deps.now();
    if (text !== this.#said) {
      if (!this.#mayChange(nowMs)) {
        this.#waiting = declares;
        return false;
      }
      this.#said = text;
      this.#deps.onChange(inventory, atMs);
    }
    this.#heldSinceMs = null;
    this.#waiting = undefined;
    this.#lastSyncMs = nowMs;
    this.#addresses = JSON.stringify(addresses);
    this.#named = namedText;
    return true;
  }

  /** Keeps what a declaration says of peers: which of it counts depends on what others name. */
  notePeers({ networks }: Inventory): void {
    this.#peers = new Map(networks.map(({ id, config_files, egress }) => [id, { config_files, egress }]));
  }

  /** The same with all peers, as far as they are known. */
  withPeers({ networks }: Inventory): Inventory {
    return { networks: networks.map((network) => ({ ...network, ...this.#peers?.get(network.id) })) };
  }

  /** Puts right what follows from others' declarations. */
  correct(inventory: Inventory): void {
    if (!this.#mayChange(this.#deps.now())) return;
    this.#said = JSON.stringify(inventory);
    this.#deps.onChange(inventory);
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
