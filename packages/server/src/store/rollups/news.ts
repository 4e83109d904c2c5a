import type { FlowBatch } from "@flowtrail/model";

/** How far back rows go that may be new to rollups: when their traffic was, and when flows began that are told of for the first time. */
export function oldestNews(rows: FlowBatch, deltas: FlowBatch): number {
  let oldestMs = Number.POSITIVE_INFINITY;
  const { last_seen } = deltas.columns;
  for (let row = 0; row < deltas.length; row++) oldestMs = Math.min(oldestMs, last_seen.get(row) ?? oldestMs);
  const { start, revision } = rows.columns;
  for (let row = 0; row < rows.length; row++) {
    if (revision.get(row) === 0) oldestMs = Math.min(oldestMs, start.get(row) ?? oldestMs);
  }
  return oldestMs;
}
