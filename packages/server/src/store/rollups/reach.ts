/** How far each rollup of a node is computed. */

import { DAY_MS, floorTo, IN_ORDER, lagOf, nameOf } from "./extents.ts";
import type { Extent } from "./progress.ts";
import type { Days } from "./shares.ts";
import type { AnyRollup } from "./statements.ts";

export class Reach {
  #extents = new Map<string, Extent>();
  readonly #unsaved = new Set<string>();

  /** As it was kept. */
  set(extents: ReadonlyMap<string, Extent>): void {
    this.#extents = new Map(extents);
    this.#unsaved.clear();
  }

  get all(): Map<string, Extent> {
    return this.#extents;
  }

  /** Names of those that are not kept as they are. */
  get unsaved(): readonly string[] {
    return [...this.#unsaved];
  }

  saved(names: readonly string[]): void {
    for (const name of names) this.#unsaved.delete(name);
  }

  has(rollup: AnyRollup): boolean {
    return this.#extents.has(nameOf(rollup));
  }

  throughMs(rollup: AnyRollup): number {
    return this.#extents.get(nameOf(rollup))?.throughMs ?? 0;
  }

  /** Buckets that begin before are not computed, though there may have been something. */
  sinceMs(rollup: AnyRollup): number {
    return this.#extents.get(nameOf(rollup))?.sinceMs ?? 0;
  }

  /** Of the rollup that is furthest. */
  get furthestMs(): number {
    return Math.max(0, ...IN_ORDER.map((rollup) => this.throughMs(rollup)));
  }

  /** Up to where it could be computed: what is over, and computed of what it adds up. */
  targetMs(rollup: AnyRollup, nowMs: number): number {
    const overMs = nowMs - lagOf(rollup);
    const finerMs = rollup.of === null ? overMs : (this.#extents.get(rollup.of)?.throughMs ?? 0);
    return floorTo(Math.min(overMs, finerMs), rollup.stepMs);
  }

  /**
   * A rollup that was never computed begins at the first day of which all is there.
   * @param deletedMs what it is made of was deleted up to this time
   */
  begin(rollup: AnyRollup, { all, deltasFromMs }: Days, deletedMs: number): void {
    const [firstMs] = all;
    const lastMs = all.at(-1);
    // A day that has flows, but no deltas any more, would look as if nothing had been sent. Where no day has any, the next one will.
    const wholeMs = deltasFromMs ?? (lastMs === undefined ? 0 : lastMs + DAY_MS);
    const isWhole = firstMs === undefined || firstMs >= wholeMs;
    const ofFiner = rollup.of === null ? 0 : (this.#extents.get(rollup.of)?.sinceMs ?? 0);
    const sinceMs = Math.ceil(Math.max(0, isWhole ? 0 : wholeMs, ofFiner, deletedMs) / DAY_MS) * DAY_MS;
    this.#extents.set(nameOf(rollup), { sinceMs, throughMs: sinceMs });
    this.#unsaved.add(nameOf(rollup));
  }

  to(rollup: AnyRollup, throughMs: number): void {
    const extent = this.#extents.get(nameOf(rollup));
    if (extent === undefined || extent.throughMs === throughMs) return;
    this.#extents.set(nameOf(rollup), { ...extent, throughMs: Math.max(extent.sinceMs, throughMs) });
    this.#unsaved.add(nameOf(rollup));
  }
}
