/** The agents' update interval, as it is set at run time: who is silent and when an agent has told what it found follows it. */

export interface UpdateIntervalDeps {
  readonly now: () => number;
  /** What is set, ms. */
  readonly setMs: () => number;
}

/** Agents ask every half minute what is set. */
const TOLD_WITHIN_MS = 60_000;

export class UpdateInterval {
  readonly #deps: UpdateIntervalDeps;
  #lastMs = 0;
  /** Of agents that were not told yet of a shorter one. */
  #longer = { ms: 0, untilMs: 0 };

  constructor(deps: UpdateIntervalDeps) {
    this.#deps = deps;
  }

  /** By which agents report now: a longer one at once, a shorter one when they know of it. */
  get ms(): number {
    const nowMs = this.#deps.now();
    const setMs = this.#deps.setMs();
    const longerMs = nowMs < this.#longer.untilMs ? this.#longer.ms : 0;
    if (setMs < this.#lastMs) {
      const ms = Math.max(longerMs, this.#lastMs);
      this.#longer = { ms, untilMs: nowMs + TOLD_WITHIN_MS + ms };
    }
    this.#lastMs = setMs;
    return nowMs < this.#longer.untilMs ? Math.max(this.#longer.ms, setMs) : setMs;
  }
}
