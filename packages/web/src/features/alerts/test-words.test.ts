import { expect, it } from "vitest";
import { firedSteps, foundText, newestFirst } from "./test-words.ts";
import type { Fired } from "./use-rule-test.ts";

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 10, 23, 12);
const at = (ms: number): Fired => ({
  kind: "fired",
  since: new Date(ms).toISOString(),
  last: new Date(ms).toISOString(),
  ended: null,
  labels: {},
  value: 1,
  limit: 0,
  summary: "",
  q: "",
  from: "",
  to: "",
});
const done = (fired: number) => ({ kind: "done" as const, fired, windows: 1, rows_read: 0, ms: 1, partial: null, notes: [] });

it("says how often", () => {
  const test = { fired: [at(NOON)], done: null, days: 7, isRunning: true };
  expect(foundText(test)).toBe("So far it would have fired once in the last 7 days.");
  expect(foundText({ ...test, isRunning: false, done: done(3) })).toBe("It would have fired 3 times in the last 7 days.");
  expect(foundText({ ...test, isRunning: false, fired: [], done: done(0), days: 1 })).toBe(
    "It would not have fired in the last 24 hours.",
  );
  const partial = { ...done(0), partial: "looked for 5 min" };
  expect(foundText({ ...test, isRunning: false, fired: [], done: partial })).toBe(
    "It would not have fired in what was looked at of the last 7 days.",
  );
  expect(foundText({ ...test, isRunning: false, done: done(700) })).toContain("That is 100 a day");
});

it("counts them in steps of time, the newest first in lists", () => {
  const fired = [at(NOON - 3 * DAY), at(NOON - 3 * DAY + 60_000), at(NOON - 1)];
  const { steps, values } = firedSteps({ fired, days: 7, fromMs: NOON - 7 * DAY, toMs: NOON });
  expect(steps.stepMs).toBe(4 * 3_600_000);
  expect(values.reduce((sum, value) => sum + value, 0)).toBe(3);
  expect(values.at(-1)).toBe(1);
  expect(values.filter((value) => value === 2)).toHaveLength(1);
  expect(newestFirst(fired)[0]?.since).toBe(fired[2]?.since);
});
