import { describe, expect, it } from "vitest";
import { amount, perSecond, remainder, statistics, valuesBySteps, valueTold } from "./amounts.ts";

const S = 1000;
const series = (...values: [step: number, value: bigint][]) => ({
  values: [],
  sum: values.reduce((sum, [, value]) => sum + value, 0n),
  steps: new Map(values),
});
/** 10 steps of 10 s; the first and the last are cut in half. */
const question = { range: { fromMs: 5 * S, toMs: 95 * S }, stepMs: 10 * S, metric: "bytes", nowMs: 1000 * S } as const;

describe("amounts", () => {
  it("are numbers as long as they are exact", () => {
    expect([amount(5n), amount(2n ** 53n)]).toEqual([5, "9007199254740992"]);
    expect(perSecond(1n, 3 * S)).toBe(0.333);
  });

  it("of a group are per second, but for its value", () => {
    const one = series([0, 50n], [3, 900n], [9, 40n]);
    expect(statistics(one, 1980n, question)).toEqual({ value: 990, share: 0.5, avg: 11, min: 0, max: 90, p95: 90, last: 0 });
    expect(statistics(series([8, 30n], [9, 500n]), 530n, question)).toMatchObject({ max: 50, last: 3 });
    expect(statistics(one, 1980n, { ...question, metric: "rate" })).toMatchObject({ value: 11, avg: 11 });
    expect(statistics(series(), 0n, question)).toEqual({ value: 0, share: 0, avg: 0, min: 0, max: 0, p95: 0, last: 0 });
  });

  it("know of 95 of 100 steps what they do not exceed", () => {
    const many = series(...Array.from({ length: 100 }, (_, i) => [i, BigInt(i + 1) * 10n] as [number, bigint]));
    expect(statistics(many, many.sum, { ...question, range: { fromMs: 0, toMs: 1000 * S } })).toMatchObject({ p95: 95, min: 1 });
  });

  it("do not count time that is still to come", () => {
    const today = { ...question, range: { fromMs: 0, toMs: 1000 * S }, nowMs: 25 * S };
    const one = series([0, 100n], [1, 200n], [2, 50n]);
    expect(statistics(one, one.sum, today)).toMatchObject({ avg: 14, max: 20, last: 20 });
    expect(valueTold(350n, { ...today, metric: "rate" })).toBe(14);
    // A range that has not begun.
    expect(statistics(one, one.sum, { ...today, nowMs: -1 }).avg).toBe(0.35);
  });

  it("that are not told are what is left of the total", () => {
    const total = series([0, 100n], [1, 50n]);
    const rest = remainder({ groups: [series([0, 60n]), series([0, 10n], [1, 50n])], total });
    expect(rest.sum).toBe(30n);
    expect(valuesBySteps(rest, 3, "bytes", 10 * S)).toEqual([30, 0, 0]);
    expect(valuesBySteps(rest, 3, "rate", 10 * S)).toEqual([3, 0, 0]);
  });
});
