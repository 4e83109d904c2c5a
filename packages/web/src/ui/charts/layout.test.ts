/** Where charts put what, apart from any page. */
import { describe, expect, it } from "vitest";
import { changeOf } from "./change.ts";
import { gapBands, silentIn } from "./gaps.ts";
import { msAt, type Plot, stepAt, wholeSteps, xOf } from "./geometry.ts";
import { add, type Steps, stacked, totals } from "./series.ts";

const steps: Steps = { fromMs: 1000, stepMs: 100, count: 10 };
const plot: Plot = { left: 50, top: 0, width: 200, height: 100 };

describe("stacked series", () => {
  it("stand on each other, step by step", () => {
    expect(stacked([{ values: [1, "2"] }, { values: [3, 4] }], 2)).toEqual([
      [
        { low: 0, high: 1 },
        { low: 0, high: 2 },
      ],
      [
        { low: 1, high: 4 },
        { low: 2, high: 6 },
      ],
    ]);
  });

  it("add up exactly above 2^53", () => {
    expect(add([1, 2.5])).toBe(3.5);
    expect(add(["9007199254740993", 2])).toBe("9007199254740995");
    expect(add([Number.MAX_SAFE_INTEGER, 2])).toBe("9007199254740993");
    expect(totals([{ values: [1, 2] }, { values: [10] }], 2)).toEqual([11, 2]);
  });
});

describe("a place in a chart", () => {
  it("is a moment, and a moment a place", () => {
    expect(xOf(1500, plot, steps)).toBe(150);
    expect(msAt(150, plot, steps)).toBe(1500);
    expect([msAt(0, plot, steps), msAt(900, plot, steps)]).toEqual([1000, 2000]);
  });

  it("belongs to a step", () => {
    expect([900, 1000, 1099, 1100, 1999, 5000].map((ms) => stepAt(ms, steps))).toEqual([0, 0, 0, 1, 9, 9]);
  });

  it("a choice takes whole steps, in either direction", () => {
    expect(wholeSteps(1250, 1410, steps)).toEqual({ fromMs: 1200, toMs: 1500 });
    expect(wholeSteps(1410, 1250, steps)).toEqual({ fromMs: 1200, toMs: 1500 });
    expect(wholeSteps(1250, 1400, steps)).toEqual({ fromMs: 1200, toMs: 1400 });
    expect(wholeSteps(1250, 1251, steps)).toEqual({ fromMs: 1200, toMs: 1300 });
  });
});

describe("gaps", () => {
  const gap = (reporter: string, fromMs: number, toMs: number) => ({ reporter, fromMs, toMs });

  it("overlapping ones become bands that name all who were silent", () => {
    expect(gapBands([gap("b", 0, 20), gap("a", 10, 30), gap("c", 90, 200)], 5, 100)).toEqual([
      { fromMs: 5, toMs: 10, reporters: ["b"] },
      { fromMs: 10, toMs: 20, reporters: ["a", "b"] },
      { fromMs: 20, toMs: 30, reporters: ["a"] },
      { fromMs: 90, toMs: 100, reporters: ["c"] },
    ]);
  });

  it("neighbours of the same are one, and outside there are none", () => {
    expect(gapBands([gap("a", 0, 10), gap("a", 10, 20)], 0, 100)).toEqual([{ fromMs: 0, toMs: 20, reporters: ["a"] }]);
    expect(gapBands([gap("a", 0, 10)], 10, 100)).toEqual([]);
    expect(silentIn([gap("a", 0, 10), gap("a", 50, 60), gap("b", 55, 70)], 52, 58)).toEqual(["a", "b"]);
  });
});

describe("a change", () => {
  it.each([
    [110, 100, "+10 %"],
    [90, 100, "−10 %"],
    [100, 100, "±0 %"],
    [0, 100, "−100 %"],
    [3000, 100, "×30"],
    [5, 0, "new"],
    ["9007199254740993000", "9007199254740993", "×1,000"],
  ])("from %s after %s: %s", (now, before, text) => expect(changeOf(now, before)?.text).toBe(text));

  it("is none where there is nothing", () => expect(changeOf(0, 0)).toBeNull());
});
