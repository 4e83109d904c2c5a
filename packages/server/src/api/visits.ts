/** People whom a proxy vouches for have no session: who comes after a while away has signed in. */

export class Visits {
  readonly #awayMs: number;
  readonly #now: () => number;
  /** The one that came longest ago first. */
  readonly #lastMs = new Map<string, number>();

  /** @param awayMs after so long without a request it is a new visit */
  constructor({ awayMs }: { readonly awayMs: number }, { now }: { readonly now: () => number }) {
    this.#awayMs = awayMs;
    this.#now = now;
  }

  /** Is this the first request of a visit? */
  begins(account: string, address: string): boolean {
    const key = keyOf(account, address);
    const nowMs = this.#now();
    const lastMs = this.#lastMs.get(key) ?? Number.NEGATIVE_INFINITY;
    this.#lastMs.delete(key);
    this.#lastMs.set(key, nowMs);
    const [oldest] = this.#lastMs.keys();
    if (this.#lastMs.size > MOST && oldest !== undefined) this.#lastMs.delete(oldest);
    return nowMs - lastMs > this.#awayMs;
  }

  /** Its next request begins one again. */
  forget(account: string, address: string): void {
    this.#lastMs.delete(keyOf(account, address));
  }
}

const keyOf = (account: string, address: string) => JSON.stringify([account, address]);

const MOST = 10_000;
