/** Says a thing at once, and then not again for a while, however often it happens; counts what it did not say. */
export class Throttle {
  readonly #everyMs: number;
  readonly #now: () => number;
  readonly #said = new Map<string, { atMs: number; since: number }>();

  /** `now`: ms, of any origin. */
  constructor(everyMs: number, now: () => number) {
    this.#everyMs = everyMs;
    this.#now = now;
  }

  /** Calls `say` if `what` is due, with how often it happened unsaid. */
  once(what: string, say: (unsaid: number) => void): void {
    const now = this.#now();
    const said = this.#said.get(what);
    // A clock that was set back must not silence it for a day.
    if (said !== undefined && now >= said.atMs && now - said.atMs < this.#everyMs) {
      said.since++;
      return;
    }
    this.#said.set(what, { atMs: now, since: 0 });
    say(said?.since ?? 0);
  }

  /** The next time is a first time again. */
  forget(what: string): void {
    this.#said.delete(what);
  }
}
