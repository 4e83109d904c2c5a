/** What the health page says of the inventory: its sources, and where they contradict one another. */
import { type Conflict, type ConflictingHolder, conflictsOf } from "../identify/conflicts.ts";
import { sourceKind } from "../identify/history/change.ts";
import type { HistoryStats } from "../identify/history/history.ts";
import type { Holding } from "../identify/holding.ts";
import type { Inventory } from "../identify/inventory-schema.ts";
import type { SourceState } from "../identify/sources/source.ts";

export interface InventoryHealthDeps {
  readonly now: () => number;
  readonly sources: { readonly states: readonly SourceState[] };
  readonly history: {
    readonly stats: HistoryStats;
    networks(): readonly string[];
    current(): Inventory;
    holdings(network: string): readonly Holding[];
    /** Entities in force, by source. */
    counts(): ReadonlyMap<string, number>;
  };
}

interface HolderReport extends Omit<ConflictingHolder, "sinceMs"> {
  readonly since: string;
}

export interface ConflictReport extends Pick<Conflict, "network" | "address" | "why"> {
  readonly winner: HolderReport;
  readonly others: HolderReport[];
}

export interface InventoryReport {
  /** Those with an error first. */
  readonly sources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly where: string;
    readonly last_sync: string | null;
    readonly error: string | null;
    readonly next_try: string | null;
    readonly entities: number;
  }[];
  readonly sources_count: number;
  readonly conflicts: {
    readonly count: number;
    readonly list: readonly ConflictReport[];
  };
  readonly networks: number;
  readonly entities: number;
  /** Kept in memory. */
  readonly changes: number;
  /** In force, not yet stored. */
  readonly waiting_changes: number;
  /** What they said last is not in force, since too much waits for the store. */
  readonly deferred_sources: number;
  readonly store_failures: number;
  readonly store_error: string | null;
  /** Answers about times before are incomplete. */
  readonly complete_since: string | null;
}

export interface InventoryStats {
  readonly failingSources: number;
  readonly conflicts: number;
  readonly waitingChanges: number;
  readonly duplicates: number;
}

/** Agents are sources, too, and there may be thousands. */
const MAX_SOURCES = 200;
const MAX_CONFLICTS = 100;
const MAX_HOLDERS = 10;

export class InventoryHealth {
  readonly #deps: InventoryHealthDeps;
  /** By the holdings that they follow from: these are made anew when something changes. */
  readonly #conflicts = new WeakMap<readonly Holding[], readonly Conflict[]>();

  constructor(deps: InventoryHealthDeps) {
    this.#deps = deps;
  }

  /** Of a network, now. */
  conflicts(network: string): readonly Conflict[] {
    const holdings = this.#deps.history.holdings(network);
    let conflicts = this.#conflicts.get(holdings);
    if (conflicts === undefined) {
      conflicts = conflictsOf(holdings, this.#deps.now());
      this.#conflicts.set(holdings, conflicts);
    }
    return conflicts;
  }

  /** For /metrics. */
  get stats(): InventoryStats {
    const { sources, history } = this.#deps;
    return {
      failingSources: sources.states.filter(({ error }) => error !== null).length,
      conflicts: history.networks().reduce((sum, network) => sum + this.conflicts(network).length, 0),
      waitingChanges: history.stats.waiting,
      duplicates: history.stats.duplicates,
    };
  }

  report(): InventoryReport {
    const { sources, history } = this.#deps;
    const { changes, waiting, deferred, failures, error, completeSinceMs } = history.stats;
    const counts = history.counts();
    const networks = history.networks();
    const conflicts = networks.flatMap((network) => this.conflicts(network));
    const states = [...sources.states, ...orphans(sources.states, counts)];
    states.sort((a, b) => Number(a.error === null) - Number(b.error === null));
    return {
      sources: states.slice(0, MAX_SOURCES).map((state) => ({
        name: state.name,
        kind: state.kind,
        where: state.where,
        last_sync: iso(state.lastSyncMs),
        error: state.error,
        next_try: iso(state.nextTryMs),
        entities: counts.get(state.name) ?? 0,
      })),
      sources_count: states.length,
      conflicts: { count: conflicts.length, list: conflicts.slice(0, MAX_CONFLICTS).map(conflictReport) },
      networks: history.current().networks.length,
      entities: [...counts.values()].reduce((sum, count) => sum + count, 0),
      changes,
      waiting_changes: waiting,
      deferred_sources: deferred,
      store_failures: failures,
      store_error: error,
      complete_since: iso(completeSinceMs),
    };
  }
}

/** Sources that other servers read, or read once: they are in force, too. */
function orphans(states: readonly SourceState[], counts: ReadonlyMap<string, number>): SourceState[] {
  const names = new Set(states.map(({ name }) => name));
  return [...counts].flatMap(([name, count]) => {
    const kind = sourceKind(name);
    if (count === 0 || kind === "agent" || names.has(name)) return [];
    const error =
      "this server is not told to read it: what another server told last is in force. If none reads it any more, end it: " +
      `flowtrail inventory retire ${name}`;
    return [{ name, kind, where: name, lastSyncMs: null, error, nextTryMs: null }];
  });
}

export function conflictReport({ network, address, why, winner, others }: Conflict): ConflictReport {
  return { network, address, why, winner: holder(winner), others: others.slice(0, MAX_HOLDERS).map(holder) };
}

function holder({ sinceMs, ...others }: ConflictingHolder): HolderReport {
  return { ...others, since: new Date(sinceMs).toISOString() };
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
