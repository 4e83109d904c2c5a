/** What every write passes. Whoever holds it sees the store as it is between two statements. */
import { setTimeout as delay } from "node:timers/promises";

export class WriteGate {
  #underWay = 0;
  #hold: Promise<void> | null = null;
  #idle: (() => void) | null = null;

  /** Does the work, after whoever holds the gate has let go of it. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    while (this.#hold !== null) await this.#hold;
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) this.#idle?.();
    }
  }

  /**
   * Keeps new writes back until `release` is called. Resolves when none is under way; null if that took too long, and nothing is held.
   * One at a time: another holder waits.
   */
  async hold(timeoutMs: number): Promise<(() => void) | null> {
    while (this.#hold !== null) await this.#hold;
    let open = () => {};
    this.#hold = new Promise<void>((resolve) => {
      open = resolve;
    });
    const release = () => {
      this.#hold = null;
      open();
    };
    if (await this.#isIdle(timeoutMs)) return release;
    release();
    return null;
  }

  async #isIdle(timeoutMs: number): Promise<boolean> {
    if (this.#underWay === 0) return true;
    const ended = new AbortController();
    const idle = new Promise<boolean>((resolve) => {
      this.#idle = () => resolve(true);
    });
    const late = delay(timeoutMs, false, { signal: ended.signal }).catch(() => false); // it was idle in time
    try {
      return await Promise.race([idle, late]);
    } finally {
      this.#idle = null;
      ended.abort();
    }
  }
}
