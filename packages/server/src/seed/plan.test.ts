import { describe, expect, it } from "vitest";
import { KINDS, PLACES } from "./kinds.ts";
import { GROUP_REPORTS, seedParts } from "./plan.ts";

const DAY_MS = 86_400_000;
/** A Monday, noon. */
const TO_MS = Date.UTC(2026, 10, 16, 12);

describe("the plan of a seed", () => {
  it("has all rows, in parts one after the other that fill the window", () => {
    for (const rows of [1, 29, 30, 31, 10 * GROUP_REPORTS * 3 + 7]) {
      const parts = seedParts({ fromMs: TO_MS - 30 * DAY_MS, toMs: TO_MS, rows }, 10);
      expect(parts.reduce((sum, { reports }) => sum + reports, 0)).toBe(rows);
      const moments = parts.flatMap(({ begun }) => begun);
      expect(moments[0]).toBe(TO_MS - 30 * DAY_MS);
      expect(moments.at(-1)).toBe(TO_MS);
      expect(moments).toEqual([...moments].sort((a, b) => a - b));
      let next = 0;
      for (const { firstReport, reports } of parts) {
        expect(firstReport).toBe(next);
        next += reports;
      }
    }
  });

  it("knows day and night, and the end of the week", () => {
    const [part] = seedParts({ fromMs: TO_MS - 7 * DAY_MS, toMs: TO_MS, rows: 3000 });
    const between = (day: number, from: number, to: number) => {
      const at = (hour: number) => Date.UTC(2026, 10, day, hour);
      return part?.begun.filter((ms) => ms >= at(from) && ms < at(to)).length ?? 0;
    };
    expect(between(11, 9, 11)).toBeGreaterThan(3 * between(11, 2, 4));
    expect(between(11, 0, 24)).toBeGreaterThan(2 * between(15, 0, 24));
  });
});

describe("kinds of connections", () => {
  it("have one primary report each: the first, of the best rank", () => {
    expect(new Set(PLACES.map(({ slot }) => slot)).size).toBe(PLACES.filter(({ view }) => view === 0).length);
    for (const { reports } of KINDS) {
      const ranks = reports.map(({ rank }) => rank);
      expect(ranks[0]).toBe(Math.min(...ranks));
      expect(new Set(ranks).size).toBe(ranks.length);
    }
  });
});
