import { describe, expect, it } from "vitest";
import { readCursor, writeCursor } from "./cursor.ts";
import { QueryError } from "./errors.ts";
import { windows } from "./flow-list.ts";

const HOUR_MS = 3_600_000;
const TO_MS = 100_000 * HOUR_MS;
const hours = (fromAgo: number, after: number | null = null) => {
  const range = { fromMs: TO_MS - fromAgo * HOUR_MS, toMs: TO_MS };
  const key = after === null ? null : { startMs: TO_MS - after * HOUR_MS, flowId: "1", reporterId: "a" };
  return [...windows({ range, after: key })].map(({ fromMs, toMs }) => [(TO_MS - fromMs) / HOUR_MS, (TO_MS - toMs) / HOUR_MS]);
};

describe("windows", () => {
  it("are disjoint, cover the range from its end, and then all that began before it", () => {
    expect(hours(0.25)).toEqual([
      [0.25, 0],
      [100_000, 0.25],
    ]);
    expect(hours(1000)).toEqual([
      [1, 0],
      [13, 1],
      [181, 13],
      [1000, 181],
      [100_000, 1000],
    ]);
  });

  it("begin where the page before ended", () => {
    const after = hours(10, 5);
    expect(after[0]?.[1]).toBeCloseTo(5, 5);
    expect(after.slice(1)).toEqual([
      [10, expect.closeTo(6, 5)],
      [100_000, 10],
    ]);
    // The page before ended among what began before the range.
    expect(hours(10, 50)).toEqual([[100_000, expect.closeTo(50, 5)]]);
  });
});

describe("a cursor", () => {
  const cursor = { range: { fromMs: 1, toMs: 2 }, after: { startMs: 3, flowId: "18446744073709551615", reporterId: "ünï" } };
  it("is read as it was written, and is fit for a URL", () => {
    const text = writeCursor(cursor);
    expect(text).toMatch(/^[\w-]+$/);
    expect(readCursor(text)).toEqual(cursor);
  });

  it.each([
    "",
    "x",
    "bnVsbA",
    Buffer.from('[1,1,2,3,"x","a"]').toString("base64url"),
    Buffer.from("[2,1,2,3,4,5]").toString("base64url"),
  ])("%j is none", (text) => expect(() => readCursor(text)).toThrow(QueryError));
});
