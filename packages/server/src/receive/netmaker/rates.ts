/** How much may come from one host: who sends more waits, so that nobody else does. */

interface Bucket {
  tokens: number;
  atMs: number;
}

/** So much may come at once. */
const BURST_S = 10;
const MAX_BUCKETS = 100_000;

export class Rate {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /**
   * Takes tokens, more than there are if it must be.
   * @returns how long to wait before going on, ms
   */
  take(key: string, tokens: number, nowMs: number): number {
    const most = this.#perSecond * BURST_S;
    const bucket = this.#buckets.get(key) ?? { tokens: most, atMs: nowMs };
    bucket.tokens = Math.min(most, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * this.#perSecond) - tokens;
    bucket.atMs = nowMs;
    // The one that was not used for longest is the first.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value ?? key);
    return bucket.tokens >= 0 ? 0 : (-bucket.tokens / this.#perSecond) * 1000;
  }
}
