/** Growing pauses between attempts, each somewhat random, so that a fleet does not come back all at once. */

export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #failures = 0;

  /** `random`: from 0 up to, not including, 1. */
  constructor(config: { firstMs: number; maxMs: number }, random: () => number) {
    this.#firstMs = config.firstMs;
    this.#maxMs = config.maxMs;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** How long to wait after one more failure: between a half and the whole of a span that doubles up to the longest one. */
  nextMs(): number {
    // 2^30 s is more than any limit; without a bound the power would become infinite.
    const span = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(this.#failures++, 30));
    return Math.round(span * (0.5 + this.#random() / 2));
  }

  reset(): void {
    this.#failures = 0;
  }
}
