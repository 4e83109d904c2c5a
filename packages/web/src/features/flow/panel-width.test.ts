import { expect, it } from "vitest";
import { clampWidth, DEFAULT_PX, widthByKey, widthRange } from "./panel-width.ts";

it("stays between its least width and all the room there is", () => {
  const range = widthRange(1000);
  expect(clampWidth(100, range)).toBe(380);
  expect(clampWidth(640.4, range)).toBe(640);
  expect(clampWidth(5000, range)).toBe(1000);
  expect(clampWidth(100, widthRange(300))).toBe(300);
});

it("moves its left edge by keys", () => {
  const range = widthRange(1000);
  expect(["ArrowLeft", "ArrowRight", "Home", "End", "Enter", "j"].map((key) => widthByKey(key, 500, range))).toEqual([
    524,
    476,
    380,
    1000,
    DEFAULT_PX,
    null,
  ]);
});
