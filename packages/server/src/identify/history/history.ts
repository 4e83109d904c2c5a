/**
 * The inventory in time: what every source told, when it changed, and who had which address when. Everything is in memory; the store
 * keeps it for ever.
 */
import { randomUUID } from "node:crypto";
import type { Holding, InventoryFacts } from "../holding.ts";
import { EMPTY_INVENTORY, type Inventory } from "../inventory-schema.ts";
import type { NodeRef } from "../lookup.ts";
import { type EntityVersion, type InventoryChange, sourceKind } from "./change.ts";
import { type Correction, inventoryTime } from "./corrections.ts";
import { mergedInventory } from "./current.ts";
import { differences } from "./differences.ts";
import { EntityLogs } from "./entity-logs.ts";
import type { HistoryStore } from "./history-store.ts";
import { LogWriter } from "./log-writer.ts";
import { NetworkView } from "./network-view.ts";

export interface HistoryConfig {
  /** Others write into the same store: look every few seconds what they wrote. */
  readonly shared: boolean;
  /**
   * Changes kept in memory. Above it, those that were over longest ago are let go of (the store has them), and `completeSinceMs` says so.
   * What is in force stays, however much it is: sources have limits of their own.
   */
  readonly maxChanges?: number;
  /** Changes that may wait for a store that is away. What sources say after that is in force when the store is back. */
  readonly maxWaiting?: number;
}

export interface HistoryDeps {
  readonly store: HistoryStore;
  /** What may be known of what was told: names of people may be under pseudonyms. Left out: all of it. */
  readonly kept?: (versions: readonly EntityVersion[]) => readonly EntityVersion[];
  readonly now: () => number;
  readonly logger: {
    debug(fields: object, message: string): void;
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

export interface HistoryStats {
  /** Kept in memory. */
  readonly changes: number;
  /** In force, not yet in the store. */
  readonly waiting: number;
  /** Sources whose last word is not in force, since too much waits for the store. */
  readonly deferred: number;
  /** Entities that sources told twice, under one id: the first counted. Since the start. */
  readonly duplicates: number;
  /** Failed attempts to store, since the start. */
  readonly failures: number;
  readonly error: string | null;
  /** Answers about times before are incomplete, ms since 1970; null: none are. */
  readonly completeSinceMs: number | null;
}

const DEFAULTS = { maxChanges: 200_000, maxWaiting: 100_000 };
/** Letting go of the oldest costs a look at everything: it is done in bulk. */
const SLACK = 1.25;
const REFRESH_MS = 3000;

export class InventoryHistory {
  readonly #config: Required<HistoryConfig>;
  readonly #deps: HistoryDeps;
  readonly #writer: LogWriter;
  readonly #logs = new EntityLogs();
  readonly #views = new Map<string, NetworkView>();
  #current: Inventory | null = null;
  #described: Inventory | null = null;
  #counts: ReadonlyMap<string, number> | null = null;
  #corrections: Correction[] = [];
  #version = 0;
  #duplicates = 0;
  #forgetAbove: number;
  #completeSinceMs: number | null = null;
  /** By source: what it said last while too much waited for the store. */
  readonly #deferred = new Map<string, { inventory: Inventory; who: string }>();
  /** What the file says, and who said something else of it at another server since then. */
  #file: Inventory | null = null;
  #otherFile: string | null = null;
  #cursor: string | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(config: HistoryConfig, deps: HistoryDeps) {
    this.#config = { ...DEFAULTS, ...config };
    this.#deps = deps;
    this.#forgetAbove = this.#config.maxChanges * SLACK;
    this.#writer = new LogWriter({
      append: (changes) => deps.store.append(changes),
      onDone: () => this.#applyDeferred(),
      logger: deps.logger,
    });
  }

  /** Reads what the store has. @throws StoreError */
  async load(): Promise<void> {
    const { changes, corrections, firsts, completeSinceMs, cursor } = await this.#deps.store.load(this.#config.maxChanges);
    for (const { source, network, atMs } of firsts) this.#logs.noteFirst(source, network, atMs);
    this.#cursor = cursor;
    this.#completeSinceMs = completeSinceMs;
    this.#take(changes);
    this.#takeCorrections(corrections);
  }

  /** Reads what the store has, and goes on doing so where others write, too. @throws StoreError */
  async start(): Promise<void> {
    await this.load();
    if (this.#config.shared) this.#plan();
  }

  /** Stores what is not stored yet. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#writer.stop();
  }

  /**
   * Takes all that a source says now. What differs from what it said before is in force at once and stored in the background.
   * @returns how many entities changed
   */
  apply(source: string, inventory: Inventory, { who, atMs = this.#deps.now() }: { who: string; atMs?: number }): number {
    if (source === "file") [this.#file, this.#otherFile] = [inventory, null];
    if (this.#writer.waiting >= this.#config.maxWaiting) {
      this.#deferred.set(source, { inventory, who });
      return 0;
    }
    this.#deferred.delete(source);
    const { changes, duplicates } = differences(this.#logs, source, inventory, { who, atMs });
    this.#duplicates += duplicates;
    if (changes.length === 0) return 0;
    this.#take(changes);
    this.#writer.add(changes);
    return changes.length;
  }

  /** A source is there no more: what it held, it holds until now. */
  retire(source: string, change: { who: string; atMs?: number }): number {
    return this.apply(source, EMPTY_INVENTORY, change);
  }

  /** Who said something else at another server than this one's file says: that is in force. Null: nobody. */
  get otherFile(): string | null {
    return this.#otherFile;
  }

  /** Counts up with every change of anything below. */
  get version(): number {
    return this.#version;
  }

  /** Every network that any source ever told of, by id, in order. */
  networks(): readonly string[] {
    return this.#logs.networks();
  }

  /** Who holds or held what in a network, at any time. The same array as long as nothing changes. */
  holdings(network: string): readonly Holding[] {
    return this.#view(network).holdings;
  }

  /** Holdings and nodes of a network. */
  facts(network: string): InventoryFacts {
    const { holdings, nodeFacts } = this.#view(network);
    return { holdings, nodes: nodeFacts };
  }

  /** Every version of every entity, of one network. */
  versions(network: string): readonly EntityVersion[] {
    return this.#view(network).versions;
  }

  /** The node that was called so (by id, name or host) then; null: none that the inventory knows. */
  nodeAt(network: string, word: string, atMs: number): NodeRef | null {
    return this.#view(network).nodes.at(word, atMs);
  }

  /** The inventory as it is now, all sources together: of an entity that several know, the source that counts most. */
  current(): Inventory {
    this.#current ??= mergedInventory(this.#inForce());
    return this.#current;
  }

  /** As it is now, without what agents tell of themselves: what every agent may be told. */
  described(): Inventory {
    this.#described ??= mergedInventory(this.#inForce().filter(({ source }) => sourceKind(source) !== "agent"));
    return this.#described;
  }

  /** Other names may be known of it from now on. */
  readAgain(): void {
    this.#changed(new Set(this.networks()));
  }

  /** Does a source tell of anything now? */
  tells(source: string): boolean {
    return this.#logs.tells(source);
  }

  /** Entities that are there now, by source. */
  counts(): ReadonlyMap<string, number> {
    this.#counts ??= new Map(this.#logs.sources().map((source) => [source, this.#logs.inForce(source).length]));
    return this.#counts;
  }

  get corrections(): readonly Correction[] {
    return this.#corrections;
  }

  /** When the inventory is to be read for a flow of a network that began at `startMs` (ms since 1970). */
  inventoryTime(startMs: number, network: string): number {
    return this.#corrections.length === 0 ? startMs : inventoryTime(this.#corrections, startMs, network);
  }

  /** Makes a correction: in force when this resolves. @throws StoreError */
  async addCorrection(correction: Omit<Correction, "id" | "changedMs">): Promise<Correction> {
    const made = { ...correction, id: randomUUID(), changedMs: this.#deps.now() };
    await this.#deps.store.addCorrection(made);
    this.#takeCorrections([made]);
    return made;
  }

  get stats(): HistoryStats {
    const { waiting, failures, error } = this.#writer;
    const { size: deferred } = this.#deferred;
    const [changes, duplicates] = [this.#logs.size, this.#duplicates];
    return { changes, waiting, deferred, duplicates, failures, error, completeSinceMs: this.#completeSinceMs };
  }

  /** Returns those that are news. */
  #take(changes: readonly InventoryChange[]): InventoryChange[] {
    const fresh = changes.filter((change) => this.#logs.add(change));
    if (this.#logs.size > this.#forgetAbove) this.#forget();
    if (fresh.length > 0) this.#changed(new Set(fresh.map(({ network }) => network)));
    return fresh;
  }

  #takeCorrections(corrections: readonly Correction[]): void {
    const known = new Set(this.#corrections.map(({ id }) => id));
    const fresh = corrections.filter(({ id }) => !known.has(id));
    if (fresh.length === 0) return;
    this.#corrections = [...this.#corrections, ...fresh];
    this.#changed(new Set(this.networks()));
  }

  #changed(networks: ReadonlySet<string>): void {
    this.#version++;
    this.#current = null;
    this.#described = null;
    this.#counts = null;
    for (const network of networks) this.#views.delete(network);
  }

  #inForce(): EntityVersion[] {
    return this.networks().flatMap((network) => this.versions(network).filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY));
  }

  #view(network: string): NetworkView {
    let view = this.#views.get(network);
    if (view === undefined) {
      const versions = this.#logs.versions(network);
      view = new NetworkView(this.#deps.kept?.(versions) ?? versions);
      // Whoever asks for a network that nobody told of must not make this grow.
      if (this.#logs.hasNetwork(network)) this.#views.set(network, view);
    }
    return view;
  }

  #applyDeferred(): void {
    for (const [source, { inventory, who }] of [...this.#deferred]) this.apply(source, inventory, { who });
  }

  #forget(): void {
    const { maxChanges } = this.#config;
    const before = this.#logs.size;
    const beforeMs = this.#logs.forget(maxChanges);
    this.#forgetAbove = Math.max(maxChanges, this.#logs.size) * SLACK;
    if (this.#logs.size === before) return;
    this.#completeSinceMs = Math.max(beforeMs, this.#completeSinceMs ?? 0);
    this.#views.clear();
    this.#deps.logger.warn(
      { changes: this.#logs.size, before: new Date(beforeMs).toISOString() },
      "the inventory has changed so often that its oldest versions are no longer held in memory",
    );
  }

  #plan(): void {
    this.#timer = setTimeout(() => {
      this.#refresh()
        .catch((error: unknown) =>
          this.#deps.logger.debug({ err: error }, "other servers' changes of the inventory could not be read, it is tried again"),
        )
        .finally(() => {
          if (this.#timer !== null) this.#plan();
        });
    }, REFRESH_MS);
    this.#timer.unref();
  }

  async #refresh(): Promise<void> {
    const { changes, corrections, cursor } = await this.#deps.store.since(this.#cursor);
    this.#cursor = cursor ?? this.#cursor;
    this.#compareFile(this.#take(changes));
    this.#takeCorrections(corrections);
  }

  /** Copies of one file say the same everywhere; another file under the same name ends what this one says. */
  #compareFile(fresh: readonly InventoryChange[]): void {
    const who = fresh.findLast(({ source }) => source === "file")?.who;
    if (who === undefined || this.#file === null) return;
    const { changes } = differences(this.#logs, "file", this.#file, { who, atMs: this.#deps.now() });
    this.#otherFile = changes.length === 0 ? null : who;
  }
}
