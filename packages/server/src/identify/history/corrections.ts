/** Mistakes of the inventory that were put right for the past: for flows of that time, the inventory is read as it stood at another. */

export interface Correction {
  readonly id: string;
  /** Of the flows' starts, ms since 1970. */
  readonly fromMs: number;
  /** Not in the range itself. */
  readonly toMs: number;
  /** Of this network's flows only; left out: of all. */
  readonly network?: string;
  /** When to read the inventory, ms since 1970; null: as it was at each flow's start, as if there were no correction. */
  readonly asOfMs: number | null;
  readonly who: string;
  /** When it was made, ms since 1970. */
  readonly changedMs: number;
}

/** The time at which the inventory is to be read for a flow of a network that began at `startMs`: of several corrections, the newest counts. */
export function inventoryTime(corrections: readonly Correction[], startMs: number, network: string): number {
  let newest: Correction | null = null;
  for (const correction of corrections) {
    if (startMs < correction.fromMs || startMs >= correction.toMs) continue;
    if (correction.network !== undefined && correction.network !== network) continue;
    if (newest === null || isNewer(correction, newest)) newest = correction;
  }
  return newest?.asOfMs ?? startMs;
}

function isNewer(a: Correction, b: Correction): boolean {
  return a.changedMs === b.changedMs ? a.id > b.id : a.changedMs > b.changedMs;
}
