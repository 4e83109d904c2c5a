import { describe, expect, it } from "vitest";
import { Clock } from "./clock.ts";

const MS = Date.UTC(2026, 10, 22, 9, 51, 7, 123);

it("writes times as the spec does, with ordinary spaces", () => {
  const clock = new Clock("UTC");
  expect(clock.time(MS)).toBe("9:51 AM");
  expect(clock.timeWithMillis(MS)).toBe("9:51:07.123 AM");
  expect(clock.dayAndTime(MS)).toBe("Nov 22, 9:51 AM");
  expect(clock.exact(MS)).toBe("Sun, Nov 22, 2026, 9:51:07.123 AM UTC");
});

describe("inputs for a moment", () => {
  it.each([
    ["UTC", "2026-11-22T09:51:07"],
    ["Europe/Berlin", "2026-11-22T10:51:07"],
    ["America/St_Johns", "2026-11-22T06:21:07"],
  ])("in %s", (zone, text) => {
    const clock = new Clock(zone);
    expect(clock.inputText(MS)).toBe(text);
    expect(clock.inputMs(text)).toBe(MS - 123);
  });

  it("holds around the change of the clocks", () => {
    const berlin = new Clock("Europe/Berlin");
    for (let hour = -30; hour <= 30; hour++) {
      const ms = Date.UTC(2026, 2, 29, 1) + hour * 3_600_000;
      expect(berlin.inputMs(berlin.inputText(ms))).toBe(ms);
    }
    expect(berlin.inputMs("2026-03-29T02:30:00")).toBe(Date.UTC(2026, 2, 29, 1, 30)); // there is no such time
  });

  it("is none of an empty or broken text", () => {
    expect(new Clock("UTC").inputMs("")).toBeNull();
    expect(new Clock("UTC").inputMs("2026-13-01T00:00:00")).toBeNull();
  });
});

it("a day is one of the zone", () => {
  const [before, after] = [Date.UTC(2026, 10, 21, 23, 30), Date.UTC(2026, 10, 22, 0, 30)];
  expect(new Clock("UTC").sameDay(before, after)).toBe(false);
  expect(new Clock("Europe/Berlin").sameDay(before, after)).toBe(true);
});

it("shows the zone that it is for", () => {
  expect(new Clock("Europe/Berlin").exact(MS)).toBe("Sun, Nov 22, 2026, 10:51:07.123 AM GMT+1");
  expect(new Clock("America/New_York").dayAndTime(Date.UTC(2026, 10, 22, 3))).toBe("Nov 21, 10:00 PM");
});
