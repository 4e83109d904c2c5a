import { expect, it } from "vitest";
import { type Correction, inventoryTime } from "./corrections.ts";

const correction = (id: string, fromMs: number, toMs: number, asOfMs: number | null, changedMs: number): Correction => ({
  id,
  fromMs,
  toMs,
  asOfMs,
  changedMs,
  who: "ana",
});

it("is the flow's own start where nothing was corrected", () => {
  expect(inventoryTime([], 150, "n")).toBe(150);
  const list = [correction("a", 100, 200, 1000, 1)];
  expect([99, 100, 199, 200].map((ms) => inventoryTime(list, ms, "n"))).toEqual([99, 1000, 1000, 200]);
});

it("is what the newest correction says, in whatever order they came", () => {
  const list = [correction("b", 0, 1000, 7000, 5), correction("c", 100, 200, null, 9), correction("a", 50, 150, 8000, 7)];
  for (const order of [list, [...list].reverse()]) {
    expect([10, 60, 120, 160, 300].map((ms) => inventoryTime(order, ms, "n"))).toEqual([7000, 8000, 120, 160, 7000]);
  }
});

it("is the same on every server when two were made in the same millisecond", () => {
  const list = [correction("a", 0, 10, 100, 5), correction("b", 0, 10, 200, 5)];
  expect(inventoryTime(list, 1, "n")).toBe(200);
  expect(inventoryTime([...list].reverse(), 1, "n")).toBe(200);
});

it("may be of one network only", () => {
  const list = [correction("a", 0, 10, 100, 1), { ...correction("b", 0, 10, 200, 2), network: "n" }];
  expect(inventoryTime(list, 1, "n")).toBe(200);
  expect(inventoryTime(list, 1, "m")).toBe(100);
});
