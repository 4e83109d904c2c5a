/** How often what is shown of a window that ends now is asked for again. */
import { boundsOf, isLive, type TimeWindow } from "../../lib/time-window.ts";

const OFTEN_MS = 10_000;
/** Steps of a day and more are an hour wide: they do not change that often. */
const SELDOM_MS = 60_000;
const DAY_MS = 86_400_000;

/** More take seconds, and much of the server. */
export const COSTLY_ROWS = 2_000_000;

/** False: what is over does not change, and what is costly is asked by people. @param rows that an answer reads, if it may be many */
export function refetchMs(window: TimeWindow, nowMs: number, rows = 0): number | false {
  if (rows > COSTLY_ROWS) return false;
  const bounds = boundsOf(window, nowMs);
  if (bounds === null || !isLive(window)) return false;
  return bounds.toMs - bounds.fromMs > DAY_MS ? SELDOM_MS : OFTEN_MS;
}
