/** A rule over a stretch of the past, window by window: for late rows, for the time that no server ran, and for tests on history. */
import type { AlertRule, Finding, TimeRange } from "@flowtrail/model";
import { step, type Tracked } from "./lifecycle.ts";

/** Ends of the windows to be looked at: each moment of the stretch is in at least one of them if the stride is at most the window. */
export function windowEnds({ fromMs, toMs }: TimeRange, strideMs: number): number[] {
  const ends: number[] = [];
  for (let endMs = fromMs + strideMs; endMs < toMs; endMs += strideMs) ends.push(endMs);
  if (toMs > fromMs) ends.push(toMs);
  return ends;
}

/** Half windows overlap, so that what lies across the edge of two is not missed; wider where that were too many. */
export function strideOf(range: TimeRange, { window_s }: Pick<AlertRule, "window_s">, most: number): number {
  return Math.max((window_s * 1000) / 2, Math.ceil((range.toMs - range.fromMs) / most), 1000);
}

export interface Replayed {
  /** Alerts that there would have been, as they became. Those that are not over have no end. */
  readonly alerts: readonly Tracked[];
  readonly windows: number;
}

/**
 * @param look throws to end it
 * @param onWindow after each, with how many alerts began in it
 */
export async function replay(
  rule: AlertRule,
  range: TimeRange,
  strideMs: number,
  look: (window: TimeRange) => Promise<readonly Finding[]>,
  onStep: (done: number, of: number, over: readonly Tracked[]) => void = () => undefined,
): Promise<Replayed> {
  const ends = windowEnds(range, strideMs);
  // What holds in two windows that touch holds between them, too.
  const times = { for_s: rule.for_s, clear_s: Math.max(rule.clear_s, (strideMs / 1000) * 1.5) };
  let tracked: ReadonlyMap<string, Tracked> = new Map();
  const over: Tracked[] = [];
  for (const [i, toMs] of ends.entries()) {
    const next = step(tracked, await look({ fromMs: toMs - rule.window_s * 1000, toMs }), toMs, times);
    tracked = next.tracked;
    over.push(...next.resolved);
    onStep(i + 1, ends.length, next.resolved);
  }
  return { alerts: [...over, ...[...tracked.values()].filter(({ openedMs }) => openedMs !== null)], windows: ends.length };
}
