/** How often a chart of a window that ends now is asked for again. */
import { boundsOf, isLive, type TimeWindow } from "../../lib/time-window.ts";

const OFTEN_MS = 10_000;
/** Steps of a day and more are an hour wide: they do not change that often. */
const SELDOM_MS = 60_000;
const DAY_MS = 86_400_000;

/** False: what is over does not change. */
export function refetchMs(window: TimeWindow, nowMs: number): number | false {
  const bounds = boundsOf(window, nowMs);
  if (bounds === null || !isLive(window)) return false;
  return bounds.toMs - bounds.fromMs > DAY_MS ? SELDOM_MS : OFTEN_MS;
}
