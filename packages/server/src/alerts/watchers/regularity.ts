/** How regular a series is: by medians, so that a few gaps and doubles (a laptop that slept, a retry) change nothing. */

export interface Regularity {
  /** Between two, the median. */
  readonly intervalMs: number;
  /** Median distance of the intervals to their median, as a share of it: 0 is a clock, 0.7 is chance. */
  readonly jitter: number;
  /** The same of the sizes. */
  readonly sizeSpread: number;
}

/** Chance: intervals of events that know nothing of each other are spread exponentially, whose jitter is 0.69. */
const LEAST = 3;

/**
 * @param startsMs in any order
 * @param sizes of the same events
 * @returns null: too few to say anything
 */
export function regularityOf(startsMs: readonly number[], sizes: readonly number[]): Regularity | null {
  const sorted = [...startsMs].sort((a, b) => a - b);
  const intervals = sorted.slice(1).map((at, i) => at - (sorted[i] ?? at));
  // Two at once (both families, a retry) are one: what is between them is no rhythm.
  const intervalMs = median(intervals.filter((interval) => interval > 0));
  if (intervalMs === null || intervals.length < LEAST) return null;
  const own = intervals.filter((interval) => interval >= intervalMs / 20);
  return { intervalMs, jitter: spread(own) ?? 1, sizeSpread: spread(sizes) ?? 0 };
}

/** Median distance to the median, as a share of the median. */
export function spread(values: readonly number[]): number | null {
  const middle = median(values);
  if (middle === null) return null;
  const distance = median(values.map((value) => Math.abs(value - middle))) ?? 0;
  return middle === 0 ? (distance === 0 ? 0 : 1) : distance / middle;
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
