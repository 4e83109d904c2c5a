/** How far back rows go that may be new to rollups. */
import type { FlowBatch } from "@flowtrail/model";

/** When flows began that are told of for the first time. */
export function oldestStart({ columns: { start, revision }, length }: FlowBatch): number {
  let oldestMs = Number.POSITIVE_INFINITY;
  for (let row = 0; row < length; row++) {
    if (revision.get(row) === 0) oldestMs = Math.min(oldestMs, start.get(row) ?? oldestMs);
  }
  return oldestMs;
}

/** How many deltas are of before. */
export function countBefore({ columns: { last_seen }, length }: FlowBatch, beforeMs: number): number {
  let count = 0;
  for (let row = 0; row < length; row++) if ((last_seen.get(row) ?? beforeMs) < beforeMs) count++;
  return count;
}

/** When the traffic of deltas was. */
export function oldestTraffic({ columns: { last_seen }, length }: FlowBatch): number {
  let oldestMs = Number.POSITIVE_INFINITY;
  for (let row = 0; row < length; row++) oldestMs = Math.min(oldestMs, last_seen.get(row) ?? oldestMs);
  return oldestMs;
}
