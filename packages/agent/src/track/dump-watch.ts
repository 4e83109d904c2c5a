/**
 * Which flows are gone although no DESTROY told it: their event was dropped in an overrun, they ended while no agent ran, or the kernel never
 * sends one for them (they began while nobody listened: net.netfilter.nf_conntrack_events=2).
 *
 * A flow that a complete dump lacks has ended before the dump came by, so its DESTROY, if there is one, is in the queue already: it gets
 * time to arrive. When nothing was dropped, one dump is not believed; two in a row are.
 */

/** From the end of a dump until flows that it lacks are given up: the queue of events is emptied every few ms. */
const GRACE_MS = 1000;

export class DumpWatch {
  /** Number of the dump that runs or ran last. Flows note it whenever they are heard of. */
  number = 0;
  #previousComplete = false;
  /** Dumps from this number on are believed alone. */
  #doubtFrom = Number.POSITIVE_INFINITY;
  #goneBefore = 0;
  #sweepAtMs = Number.POSITIVE_INFINITY;

  /** Events were dropped, or flows are known from a former agent: the next dump to begin decides. */
  doubt(): void {
    this.#doubtFrom = Math.min(this.#doubtFrom, this.number + 1);
  }

  begin(): void {
    this.number++;
  }

  end(complete: boolean, nowMs: number): void {
    const doubted = this.number >= this.#doubtFrom;
    if (complete && (doubted || this.#previousComplete)) {
      this.#goneBefore = doubted ? this.number : this.number - 1;
      this.#sweepAtMs = nowMs + GRACE_MS;
      this.#doubtFrom = Number.POSITIVE_INFINITY;
    }
    this.#previousComplete = complete;
  }

  /**
   * Flows that were last heard of before the dump with this number are gone. 0: there is nothing to look for now.
   * Each sweep is asked for once.
   */
  sweep(nowMs: number): number {
    if (nowMs < this.#sweepAtMs) return 0;
    this.#sweepAtMs = Number.POSITIVE_INFINITY;
    return this.#goneBefore;
  }
}
