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

export interface Looking {
  /** Throws to end it. */
  look(window: TimeRange): Promise<readonly Finding[]>;
  /** False: no window within would find anything. */
  mayFind?: ((stretch: TimeRange) => Promise<boolean>) | undefined;
}

/** So few are sooner looked at than it is asked whether there is anything in them. */
const FEW = 4;

/** @param onStep after each window, with what was over then */
export async function replay(
  rule: AlertRule,
  range: TimeRange,
  strideMs: number,
  { look, mayFind }: Looking,
  onStep: (done: number, of: number, over: readonly Tracked[]) => void = () => undefined,
): Promise<Replayed> {
  const ends = windowEnds(range, strideMs);
  // What holds in two windows that touch holds between them, too.
  const times = { for_s: rule.for_s, clear_s: Math.max(rule.clear_s, (strideMs / 1000) * 1.5) };
  const windowMs = rule.window_s * 1000;
  let tracked: ReadonlyMap<string, Tracked> = new Map();
  const over: Tracked[] = [];
  let done = 0;
  const take = (findings: readonly Finding[], toMs: number) => {
    const next = step(tracked, findings, toMs, times);
    tracked = next.tracked;
    over.push(...next.resolved);
    onStep(++done, ends.length, next.resolved);
  };
  const go = async (some: readonly number[]): Promise<void> => {
    const [first = 0] = some;
    const last = some.at(-1) ?? first;
    if (some.length > FEW && mayFind !== undefined && !(await mayFind({ fromMs: first - windowMs, toMs: last }))) {
      for (const toMs of some) take([], toMs);
      return;
    }
    if (some.length <= FEW || mayFind === undefined) {
      for (const toMs of some) take(await look({ fromMs: toMs - windowMs, toMs }), toMs);
      return;
    }
    const half = Math.ceil(some.length / 2);
    await go(some.slice(0, half));
    await go(some.slice(half));
  };
  await go(ends);
  return { alerts: [...over, ...[...tracked.values()].filter(({ openedMs }) => openedMs !== null)], windows: ends.length };
}
