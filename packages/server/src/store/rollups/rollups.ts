/** Keeps the rollups of all nodes up to date. */
import { randomUUID } from "node:crypto";
import type { Logger } from "../logger.ts";
import type { StoreNodes } from "../nodes.ts";
import { Rhythm } from "../rhythm.ts";
import { HOUR_MS, IN_ORDER, nameOf } from "./extents.ts";
import { NodeRollups, type PassOptions } from "./node-rollups.ts";
import type { AnyRollup } from "./statements.ts";

export interface RollupsConfig {
  /** Other servers work on the same store. */
  readonly shared: boolean;
  /** From the end of a pass to the beginning of the next, when there is nothing left to do. Null: only when asked to. */
  readonly everyMs: number | null;
  /** How much later than it says a row may become visible: longer than a write takes. */
  readonly marginMs: number;
}

export interface RollupsStats {
  /** Statements that computed one or more buckets, since this server started. */
  readonly computed: number;
  /** Passes that failed, and were begun again. */
  readonly failures: number;
  /** Of the last pass, if it failed. */
  readonly lastError: string | null;
  /** Hours and days that rows came for, not computed again yet. */
  readonly pending: number;
  /** How far behind what is over the slowest rollup is. */
  readonly behindMs: number;
  /** All minutes and hours are computed up to this time, ms since 1970; 0: not known. */
  readonly throughMs: number;
}

/** For questions: from which time on rows have to be asked. */
export interface RollupProgress {
  /** Buckets of this rollup that begin before are computed, ms since 1970; 0: none. What comes late is taken in within seconds. */
  throughMs(rollup: string): number;
  /** But not those that begin before this: their rows were deleted before they could be. */
  fromMs(rollup: string): number;
}

interface Deps {
  readonly nodes: StoreNodes;
  readonly logger: Logger;
  /** Rows of this table that are older were deleted, ms since 1970. */
  readonly deletedUntilMs: (table: string) => number;
}

/** Looks so often whether it is time. */
const TICK_MS = 500;
/** While there is much to do: so long at a time, then readers and writers have the store for themselves. */
const PASS_MS = 5_000;
const BUSY_REST = 0.7;
const TAKE_OVER_PASSES = 4;
const DEFAULT_EVERY_MS = 15_000;
/** Rows for buckets that are computed already are taken in so soon. */
const LATE_MS = 2_000;

export class Rollups implements RollupProgress {
  readonly #config: RollupsConfig;
  readonly #logger: Logger;
  readonly #nodes: readonly NodeRollups[];
  readonly #rhythm: Rhythm;
  #dueMs = 0;
  #counts = { computed: 0, failures: 0 };
  #lastError: string | null = null;

  constructor(config: RollupsConfig, { nodes, logger, deletedUntilMs }: Deps) {
    this.#config = config;
    this.#logger = logger;
    const nodeConfig = {
      server: randomUUID(),
      shared: config.shared,
      takeOverMs: TAKE_OVER_PASSES * (config.everyMs ?? DEFAULT_EVERY_MS) + 2 * PASS_MS,
      marginMs: config.marginMs,
      passMs: PASS_MS,
    };
    const onComputed = () => {
      this.#counts.computed += 1;
    };
    this.#nodes = nodes.all.map(
      (node, place) =>
        new NodeRollups(nodeConfig, { node, place, local: (table) => nodes.local(table), logger, deletedUntilMs, onComputed }),
    );
    this.#rhythm = new Rhythm("computing rollups", TICK_MS, (signal) => this.#tick(signal), { logger });
  }

  start(): void {
    const { everyMs, shared } = this.#config;
    if (everyMs === null) return;
    // Servers that start together do not all begin together.
    this.#dueMs = performance.now() + (shared ? Math.random() * everyMs : 0);
    this.#rhythm.start();
  }

  /** No pass begins any more. */
  end(): void {
    this.#rhythm.end();
  }

  /** Resolves when the last pass is over. */
  async ended(): Promise<void> {
    await this.#rhythm.ended();
  }

  throughMs(rollup: string): number {
    const known = rollupOf(rollup);
    return known === null ? 0 : Math.min(...this.#nodes.map((node) => node.throughMs(known)));
  }

  fromMs(rollup: string): number {
    const known = rollupOf(rollup);
    return known === null ? 0 : Math.max(...this.#nodes.map((node) => node.fromMs(known)));
  }

  /** What rollups know: all rows that were stored before, by the nodes' clocks, of flows that began since. */
  counted(): { readonly storedBeforeMs: number; readonly fromMs: number } {
    const known = this.#nodes.map((node) => node.counted);
    return {
      storedBeforeMs: Math.min(...known.map(({ storedBeforeMs }) => storedBeforeMs)),
      fromMs: Math.max(...known.map(({ fromMs }) => fromMs)),
    };
  }

  /** Something was stored: `fromMs` is the oldest time that its traffic or a flow's begin has, ms since 1970. */
  note(fromMs: number): void {
    const isLate = this.#nodes.map((node) => node.note(fromMs)).includes(true);
    if (isLate) this.#dueMs = Math.min(this.#dueMs, performance.now() + LATE_MS);
  }

  /** All rollups are computed up to this time, ms since 1970. Where nobody computes any, nothing waits for them. */
  get rolledUpMs(): number {
    if (this.#config.everyMs === null) return Number.POSITIVE_INFINITY;
    return Math.min(...IN_ORDER.map((rollup) => this.throughMs(nameOf(rollup))));
  }

  get stats(): RollupsStats {
    return {
      ...this.#counts,
      lastError: this.#lastError,
      pending: this.#nodes.reduce((sum, { pending }) => sum + pending, 0),
      behindMs: Math.max(...this.#nodes.map(({ behindMs }) => behindMs)),
      throughMs: Math.min(...IN_ORDER.filter(({ stepMs }) => stepMs <= HOUR_MS).map((rollup) => this.throughMs(nameOf(rollup)))),
    };
  }

  /**
   * Computes what is over and what rows came for, on all nodes.
   * @returns whether there is more to do at once
   * @throws StoreError of the last node that failed, when all have been tried
   */
  async pass(signal: AbortSignal, options: PassOptions = {}): Promise<boolean> {
    let isMore = false;
    let failed: unknown = null;
    for (const node of this.#nodes) {
      try {
        isMore = (await node.pass(signal, options)) || isMore;
      } catch (error) {
        signal.throwIfAborted();
        failed = error;
        this.#counts.failures += 1;
      }
    }
    this.#lastError = failed === null ? null : failed instanceof Error ? failed.message : String(failed);
    if (failed !== null) throw failed;
    return isMore;
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const began = performance.now();
    if (began < this.#dueMs) return;
    let isMore = false;
    try {
      isMore = await this.pass(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#logger.warn({ err: error }, "rollups could not be computed, it is tried again later");
    }
    const tookMs = performance.now() - began;
    this.#dueMs = performance.now() + (isMore ? tookMs * BUSY_REST : (this.#config.everyMs ?? 0));
  }
}

function rollupOf(name: string): AnyRollup | null {
  return IN_ORDER.find((rollup) => nameOf(rollup) === name) ?? null;
}
