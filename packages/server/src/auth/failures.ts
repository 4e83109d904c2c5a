/** Counts failed attempts by address. Good credentials always pass: a guesser must not lock out an agent behind the same NAT. */

export class Failures {
  readonly #max: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #counts = new Map<string, { count: number; untilMs: number }>();

  constructor(config: { max: number; windowMs: number }, deps: { now: () => number }) {
    this.#max = config.max;
    this.#windowMs = config.windowMs;
    this.#now = deps.now;
  }

  /** Notes a failure. Gives the time until its address may try again, or 0 while it may. */
  add(address: string): number {
    const now = this.#now();
    const known = this.#counts.get(address);
    if (known === undefined || known.untilMs <= now) {
      if (this.#counts.size >= MAX_ADDRESSES) this.#forget(now);
      this.#counts.set(address, { count: 1, untilMs: now + this.#windowMs });
      return 0;
    }
    known.count++;
    return known.count > this.#max ? known.untilMs - now : 0;
  }

  #forget(now: number): void {
    for (const [address, { untilMs }] of this.#counts) if (untilMs <= now) this.#counts.delete(address);
    if (this.#counts.size >= MAX_ADDRESSES) this.#counts.clear();
  }
}

const MAX_ADDRESSES = 10_000;
