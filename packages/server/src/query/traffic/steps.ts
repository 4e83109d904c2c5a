/** Steps of a chart: from a ladder that people know, aligned to UTC. */
import type { TimeRange } from "@flowtrail/model";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LADDER: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  DAY,
];

export function alignDown(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}

export function alignUp(ms: number, stepMs: number): number {
  return Math.ceil(ms / stepMs) * stepMs;
}

/** How many steps of this width, aligned, a range touches. */
export function stepsIn({ fromMs, toMs }: TimeRange, stepMs: number): number {
  return (alignUp(toMs, stepMs) - alignDown(fromMs, stepMs)) / stepMs;
}

/** The smallest step of at least `leastMs` of which a range touches so many at most; above a day whole days. */
export function stepFor(range: TimeRange, buckets: number, leastMs = 0): number {
  const fits = (stepMs: number) => stepMs >= leastMs && stepsIn(range, stepMs) <= buckets;
  const step = LADDER.find(fits);
  if (step !== undefined) return step;
  let days = Math.max(1, Math.floor((range.toMs - range.fromMs) / DAY / buckets));
  while (!fits(days * DAY)) days++;
  return days * DAY;
}
