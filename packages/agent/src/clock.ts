/** The clock that stages are given. */
import { setTimeout as timeout } from "node:timers/promises";

export const systemClock = {
  now: (): number => Date.now(),

  /** Resolves after `ms`, or at once when the signal aborts. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await timeout(ms, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
};

/** Calls `work` again and again, `everyMs()` after it was done, until the signal aborts. `work` must not throw. */
export async function repeat(everyMs: () => number, signal: AbortSignal, work: () => void | Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await systemClock.sleep(everyMs(), signal);
    if (!signal.aborted) await work();
  }
}
