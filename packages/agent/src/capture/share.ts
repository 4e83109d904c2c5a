/** How long a source that always has more to read leaves the thread to others. */

/** So many times as long as a turn took of the CPU: a source never has more than a quarter of it. */
const PAUSE_PER_TURN = 3;

/** Takes one turn; `pauseMs`: how long to wait before the next one. */
export function share<T>(turn: () => T): { readonly result: T; readonly pauseMs: number } {
  const startedUs = cpuUs();
  const result = turn();
  return { result, pauseMs: Math.max(1, Math.ceil(((cpuUs() - startedUs) / 1000) * PAUSE_PER_TURN)) };
}

/** Not the time that went by: on a busy machine others had most of that. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
