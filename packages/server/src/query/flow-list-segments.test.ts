import { describe, expect, it } from "vitest";
import { looks, type Seen } from "./flow-list-segments.ts";

const HOUR_MS = 3_600_000;
const TO_MS = 100_000 * HOUR_MS;
const nothing: Seen = { found: 0, wanted: 101 };
/** Table and hours ago of the segments of each look, where each finds so much. */
const hours = (order: "asc" | "desc", fromAgo: number, placeAgo: number | null = null, seen = nothing) => {
  const range = { fromMs: TO_MS - fromAgo * HOUR_MS, toMs: TO_MS };
  const key = { startMs: TO_MS - (placeAgo ?? 0) * HOUR_MS, flowId: "1", reporterId: "a" };
  const place = placeAgo === null ? null : { key, toward: "next" as const, rank: null, looksFromMs: null };
  const ago = (ms: number) => Math.round(((TO_MS - ms) / HOUR_MS) * 1000) / 1000;
  const found: unknown[] = [];
  const all = looks({ range, order, place });
  for (let look = all.next(); look.done !== true; look = all.next(seen))
    found.push(look.value.segments.map(({ table, began }) => [table, ago(began.fromMs), ago(began.toMs)]));
  return found;
};

describe("looks", () => {
  it("are disjoint, cover the range from its end, and then what began before it: an hour of all, and the long ones", () => {
    expect(hours("desc", 0.25)).toEqual([
      [["flows", 0.25, 0]],
      [
        ["flows", 1.25, 0.25],
        ["flows_long", 100_000, 1.25],
      ],
    ]);
    expect(hours("desc", 100)).toEqual([
      [["flows", 1, 0]],
      [["flows", 33, 1]],
      [
        ["flows", 101, 33],
        ["flows_long", 100_000, 101],
      ],
    ]);
  });

  it("are as wide as what was found lets expect", () => {
    // Ten an hour, 90 more: half as much again as nine hours. At least four times as wide as before.
    expect(hours("desc", 100, null, { found: 10, wanted: 90 })).toEqual([
      [["flows", 1, 0]],
      [["flows", 14.5, 1]],
      [
        ["flows", 101, 14.5],
        ["flows_long", 100_000, 101],
      ],
    ]);
    expect(hours("desc", 40, null, { found: 100, wanted: 1 })).toEqual([
      [["flows", 1, 0]],
      [["flows", 5, 1]],
      [["flows", 21, 5]],
      [
        ["flows", 41, 21],
        ["flows_long", 100_000, 41],
      ],
    ]);
  });

  it("stand the other way round for the oldest first", () => {
    expect(hours("asc", 40)).toEqual([
      [
        ["flows_long", 100_000, 41],
        ["flows", 41, 40],
      ],
      [["flows", 40, 39]],
      [["flows", 39, 7]],
      [["flows", 7, 0]],
    ]);
  });

  it("begin where the page before ended", () => {
    expect(hours("desc", 10, 5.5)).toEqual([
      [["flows", 6.5, 5.5]],
      [
        ["flows", 11, 6.5],
        ["flows_long", 100_000, 11],
      ],
    ]);
    expect(hours("asc", 10, 5)).toEqual([[["flows", 5, 4]], [["flows", 4, 0]]]);
    // The page before ended among what began before the range.
    expect(hours("desc", 10, 10.5)).toEqual([
      [
        ["flows", 11, 10.5],
        ["flows_long", 100_000, 11],
      ],
    ]);
    expect(hours("desc", 10, 50)).toEqual([[["flows_long", 100_000, 50]]]);
    expect(hours("asc", 10, 50).slice(0, 2)).toEqual([
      [
        ["flows_long", 50, 11],
        ["flows", 11, 10],
      ],
      [["flows", 10, 9]],
    ]);
  });
});
