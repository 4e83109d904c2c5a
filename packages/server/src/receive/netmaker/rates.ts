/** How much may come from one sender: who sends more waits, so that nobody else does. */

/** So much may come at once. */
const BURST_S = 10;
const MAX_BUCKETS = 100_000;

/** The events of one sender. */
export class Bucket {
  readonly #perSecond: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond * BURST_S;
    this.#atMs = nowMs;
  }

  /**
   * Takes tokens, more than there are if it must be.
   * @returns how long to wait before going on, ms
   */
  take(tokens: number, nowMs: number): number {
    const added = (Math.max(0, nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond * BURST_S, this.#tokens + added) - tokens;
    this.#atMs = nowMs;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000;
  }
}

/** Of senders that go by a name. */
export class Rate {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** As `Bucket.take`. */
  take(key: string, tokens: number, nowMs: number): number {
    const bucket = this.#buckets.get(key) ?? new Bucket(this.#perSecond, nowMs);
    // The one that was not used for longest is the first.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value ?? key);
    return bucket.take(tokens, nowMs);
  }
}
