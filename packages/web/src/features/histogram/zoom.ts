/** Windows that a chart leads to. */
import { absoluteWindow, boundsOf, type TimeWindow } from "../../lib/time-window.ts";

/** Of a choice of whole steps: what is still to come is not in it. */
export function zoomedTo(fromMs: number, toMs: number, nowMs: number): TimeWindow {
  return absoluteWindow(fromMs, fromMs < nowMs ? Math.min(toMs, nowMs) : toMs);
}

/** As long, moved by so much; into the future only so far that it ends now. Null: it would be the same. */
export function panned(window: TimeWindow, byMs: number, nowMs: number): TimeWindow | null {
  const bounds = boundsOf(window, nowMs);
  if (bounds === null) return null;
  const by = Math.min(byMs, Math.max(0, nowMs - bounds.toMs));
  return by === 0 ? null : absoluteWindow(bounds.fromMs + by, bounds.toMs + by);
}
