import { expect, it } from "vitest";
import { nextAlert } from "./next-alert.ts";

it("goes on where one was, also when that one is gone", () => {
  expect(nextAlert({ by: 1, at: 2, wasAt: 2, count: 5 })).toBe(3);
  expect(nextAlert({ by: -1, at: 0, wasAt: 0, count: 5 })).toBe(0);
  expect(nextAlert({ by: 1, at: 4, wasAt: 4, count: 5 })).toBe(4);
  expect(nextAlert({ by: 1, at: -1, wasAt: 2, count: 4 })).toBe(2);
  expect(nextAlert({ by: -1, at: -1, wasAt: 2, count: 4 })).toBe(1);
  expect(nextAlert({ by: 1, at: -1, wasAt: 4, count: 4 })).toBe(3);
  // Nothing was looked at yet.
  expect(nextAlert({ by: 1, at: -1, wasAt: 0, count: 4 })).toBe(0);
});
