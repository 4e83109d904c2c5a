/** Work that several wait for is done once, and is ended when nobody waits for it any more. */

interface Underway<T> {
  readonly result: Promise<T>;
  readonly ending: AbortController;
  waiters: number;
}

export class Shared<T> {
  readonly #underWay = new Map<string, Underway<T>>();
  #joined = 0;

  /** How often somebody waited for what another one had begun. */
  get joined(): number {
    return this.#joined;
  }

  /**
   * The result of the work that goes by this key.
   * @param signal ends the waiting, and the work if it was the last that waited
   * @param begin is called unless the same work is under way; to be ended by its signal
   * @throws what the work throws; the signal's reason
   */
  async join(key: string, signal: AbortSignal, begin: (ending: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const known = this.#underWay.get(key);
    if (known) this.#joined++;
    const work = known ?? this.#begin(key, begin);
    work.waiters++;
    try {
      return await unlessAborted(work.result, signal);
    } finally {
      work.waiters--;
      if (work.waiters === 0) {
        work.ending.abort();
        this.#forget(key, work);
      }
    }
  }

  #begin(key: string, begin: (ending: AbortSignal) => Promise<T>): Underway<T> {
    const ending = new AbortController();
    const work: Underway<T> = { result: begin(ending.signal), ending, waiters: 0 };
    this.#underWay.set(key, work);
    const forget = () => this.#forget(key, work);
    work.result.then(forget, forget);
    return work;
  }

  #forget(key: string, work: Underway<T>): void {
    if (this.#underWay.get(key) === work) this.#underWay.delete(key);
  }
}

function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
