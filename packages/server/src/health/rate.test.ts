import { expect, it } from "vitest";
import { Rate } from "./rate.ts";

it("tells the last minute, and forgets what is older", () => {
  const rate = new Rate();
  for (let s = 0; s < 60; s++) rate.add(5, s * 1000);
  expect(rate.perSecond(59_999)).toBeCloseTo(5, 1);
  expect(rate.perSecond(89_999)).toBeCloseTo(2.5, 1);
  expect(rate.perSecond(200_000)).toBe(0);
  rate.add(60, 200_000);
  expect(rate.perSecond(200_000)).toBeCloseTo(60 / 50);
});

it("takes deliveries in any order", () => {
  const rate = new Rate();
  rate.add(30, 25_000);
  rate.add(30, 5_000);
  expect(rate.perSecond(30_000)).toBeCloseTo(60 / 50);
});
