import { describe, expect, it } from "vitest";
import { segments } from "./flow-list-segments.ts";

const HOUR_MS = 3_600_000;
const TO_MS = 100_000 * HOUR_MS;
/** Table and hours ago of each segment. */
const hours = (order: "asc" | "desc", fromAgo: number, placeAgo: number | null = null) => {
  const range = { fromMs: TO_MS - fromAgo * HOUR_MS, toMs: TO_MS };
  const key = { startMs: TO_MS - (placeAgo ?? 0) * HOUR_MS, flowId: "1", reporterId: "a" };
  const place = placeAgo === null ? null : { key, toward: "next" as const, rank: null, looksFromMs: null };
  const ago = (ms: number) => Math.round(((TO_MS - ms) / HOUR_MS) * 1000) / 1000;
  return [...segments({ range, order, place })].map(({ table, began }) => [table, ago(began.fromMs), ago(began.toMs)]);
};

describe("segments", () => {
  it("are disjoint, cover the range from its end, and then what began before it: an hour of all, and the long ones", () => {
    expect(hours("desc", 0.25)).toEqual([
      ["flows", 0.25, 0],
      ["flows", 1.25, 0.25],
      ["flows_long", 100_000, 1.25],
    ]);
    expect(hours("desc", 100)).toEqual([
      ["flows", 1, 0],
      ["flows", 5, 1],
      ["flows", 21, 5],
      ["flows", 85, 21],
      ["flows", 100, 85],
      ["flows", 101, 100],
      ["flows_long", 100_000, 101],
    ]);
  });

  it("stand the other way round for the oldest first", () => {
    expect(hours("asc", 10)).toEqual([
      ["flows_long", 100_000, 11],
      ["flows", 11, 10],
      ["flows", 10, 9],
      ["flows", 9, 5],
      ["flows", 5, 0],
    ]);
  });

  it("begin where the page before ended", () => {
    expect(hours("desc", 10, 5.5)).toEqual([
      ["flows", 6.5, 5.5],
      ["flows", 10, 6.5],
      ["flows", 11, 10],
      ["flows_long", 100_000, 11],
    ]);
    expect(hours("asc", 10, 5)).toEqual([
      ["flows", 5, 4],
      ["flows", 4, 0],
    ]);
    // The page before ended among what began before the range.
    expect(hours("desc", 10, 50)).toEqual([["flows_long", 100_000, 50]]);
    expect(hours("asc", 10, 50).slice(0, 2)).toEqual([
      ["flows_long", 50, 11],
      ["flows", 11, 10],
    ]);
  });
});
