import { expect, it } from "vitest";
import { Clock } from "./clock.ts";

const MS = Date.UTC(2026, 10, 22, 9, 51, 7, 123);

it("writes times as the spec does, with ordinary spaces", () => {
  const clock = new Clock("UTC");
  expect(clock.time(MS)).toBe("9:51 AM");
  expect(clock.timeWithMillis(MS)).toBe("9:51:07.123 AM");
  expect(clock.dayAndTime(MS)).toBe("Nov 22, 9:51 AM");
  expect(clock.exact(MS)).toBe("Sun, Nov 22, 2026, 9:51:07.123 AM UTC");
});

it("shows the zone that it is for", () => {
  expect(new Clock("Europe/Berlin").exact(MS)).toBe("Sun, Nov 22, 2026, 10:51:07.123 AM GMT+1");
  expect(new Clock("America/New_York").dayAndTime(Date.UTC(2026, 10, 22, 3))).toBe("Nov 21, 10:00 PM");
});
