/** Where things of a chart stand. */
import { endOf, type Steps } from "./series.ts";

/** In pixels, within the drawing. */
export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function xOf(ms: number, plot: Plot, steps: Steps): number {
  return plot.left + ((ms - steps.fromMs) / (endOf(steps) - steps.fromMs)) * plot.width;
}

export function msAt(x: number, plot: Plot, steps: Steps): number {
  const share = Math.min(1, Math.max(0, (x - plot.left) / Math.max(1, plot.width)));
  return steps.fromMs + share * (endOf(steps) - steps.fromMs);
}

export function yOf(value: number, plot: Plot, top: number): number {
  return plot.top + plot.height * (1 - value / top);
}

/** The number of the step at a moment, from 0. */
export function stepAt(ms: number, { fromMs, stepMs, count }: Steps): number {
  return Math.min(count - 1, Math.max(0, Math.floor((ms - fromMs) / stepMs)));
}

/** The whole steps that two moments touch. */
export function wholeSteps(aMs: number, bMs: number, steps: Steps): { fromMs: number; toMs: number } {
  const [first, last] = [stepAt(Math.min(aMs, bMs), steps), stepAt(Math.max(aMs, bMs) - 1, steps)];
  return { fromMs: steps.fromMs + first * steps.stepMs, toMs: steps.fromMs + (Math.max(first, last) + 1) * steps.stepMs };
}
