import { expect, it } from "vitest";
import { UpdateInterval } from "./update-interval.ts";

it("is longer at once, and shorter when agents have been told", () => {
  let [nowMs, setMs] = [1_000_000, 10_000];
  const interval = new UpdateInterval({ now: () => nowMs, setMs: () => setMs });
  expect(interval.ms).toBe(10_000);
  setMs = 300_000;
  expect(interval.ms).toBe(300_000);
  setMs = 60_000;
  expect(interval.ms).toBe(300_000);
  nowMs += 100_000;
  setMs = 5_000;
  expect(interval.ms).toBe(300_000);
  nowMs += 359_999;
  expect(interval.ms).toBe(300_000);
  nowMs += 1;
  expect(interval.ms).toBe(5_000);
});
