import { describe, expect, it } from "vitest";
import { median, regularityOf, spread } from "./regularity.ts";

/** Numbers between 0 and 1 that look like chance and are the same each time. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const series = (count: number, intervalOf: () => number) => {
  let at = 1e12;
  return Array.from({ length: count }, () => {
    at += intervalOf();
    return at;
  });
};
const sizes = (count: number) => Array.from({ length: count }, () => 300);

describe("how regular a series is", () => {
  it("of a clock: not at all spread, in whatever order it is told", () => {
    const starts = series(30, () => 60_000);
    expect(regularityOf(starts.reverse(), sizes(30))).toEqual({ intervalMs: 60_000, jitter: 0, sizeSpread: 0 });
  });

  it("of a beacon that adds up to 30 % by chance: a little", () => {
    const next = chance(7);
    const found = regularityOf(
      series(60, () => 60_000 * (0.7 + 0.6 * next())),
      sizes(60),
    );
    expect(found?.jitter).toBeGreaterThan(0.05);
    expect(found?.jitter).toBeLessThan(0.22);
  });

  it("of chance: as much as chance, for many seeds", () => {
    for (let seed = 1; seed < 200; seed++) {
      const next = chance(seed);
      const found = regularityOf(
        series(20, () => -60_000 * Math.log(1 - next())),
        sizes(20),
      );
      expect(found?.jitter, `seed ${seed}`).toBeGreaterThan(0.15);
    }
  });

  it("is not misled by gaps and doubles", () => {
    const clock = series(40, () => 60_000);
    const starts = clock.filter((_, i) => i < 20 || i > 26).flatMap((at, i) => (i % 5 === 0 ? [at, at + 30] : [at]));
    expect(
      regularityOf(
        starts,
        starts.map(() => 300),
      ),
    ).toMatchObject({ intervalMs: 60_000, jitter: 0 });
  });

  it("tells how unlike sizes are", () => {
    const starts = series(20, () => 60_000);
    const found = regularityOf(
      starts,
      starts.map((_, i) => 100 * 2 ** (i % 6)),
    );
    expect(found?.sizeSpread).toBeGreaterThan(0.5);
  });

  it("says nothing of too few", () => {
    expect(regularityOf([1, 2, 3], [1, 1, 1])).toBe(null);
    expect(regularityOf([5, 5, 5, 5, 5, 5], [1, 1, 1, 1, 1, 1])).toBe(null);
  });

  it("median and spread", () => {
    expect([median([]), median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([null, 2, 2.5]);
    expect([spread([]), spread([0, 0]), spread([1, 1, 9])]).toEqual([null, 0, 0]);
  });
});
