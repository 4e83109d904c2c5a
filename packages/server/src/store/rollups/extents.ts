/** Stretches of time that rollups are computed in. */
import { ROLLUPS, VALUE_ROLLUPS } from "../schema/rollup-tables.ts";
import type { AnyRollup } from "./statements.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** What is computed from rows before what is computed from that. */
export const IN_ORDER: readonly AnyRollup[] = [...ROLLUPS, ...VALUE_ROLLUPS].toSorted(
  (a, b) => Number(a.of !== null) - Number(b.of !== null) || a.stepMs - b.stepMs,
);

export const nameOf = ({ table }: AnyRollup) => table.name;

export function floorTo(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}

/** An hour, or the one bucket: the least that is computed at once. */
export function chunkOf({ stepMs }: AnyRollup): number {
  return Math.max(stepMs, HOUR_MS);
}

/**
 * Buckets are complete so long after their end: what agents report of it has come by then, mostly. What comes later has the bucket
 * computed again. Readers ask the rows for what is newer.
 */
export function lagOf({ stepMs }: AnyRollup): number {
  return stepMs < HOUR_MS ? MINUTE_MS : stepMs < DAY_MS ? 3 * MINUTE_MS : 10 * MINUTE_MS;
}
