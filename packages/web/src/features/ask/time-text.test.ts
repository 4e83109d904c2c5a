import { describe, expect, it } from "vitest";
import { Clock } from "../../lib/clock.ts";
import { readTimeText } from "./time-text.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 10);
const berlin = new Clock("Europe/Berlin");
const read = (text: string, clock = berlin) => {
  const window = readTimeText(text, clock, NOW_MS);
  return window && `${window.from} ${window.to}`;
};

describe("a window that is typed", () => {
  it.each([
    ["-36h", "-36h now"],
    ["36h", "-36h now"],
    ["last 36 h", "-36h now"],
    ["1h30m", "-1h30m now"],
    ["-2h to -1h", "-2h -1h"],
    ["2h ago to now", "-2h now"],
    ["-2h..now", "-2h now"],
    ["today", "2026-11-21T23:00:00Z now"],
    ["yesterday", "2026-11-20T23:00:00Z 2026-11-21T23:00:00Z"],
    ["2026-11-20", "2026-11-19T23:00:00Z 2026-11-20T23:00:00Z"],
    ["2026-03-29", "2026-03-28T23:00:00Z 2026-03-29T22:00:00Z"],
    ["2026-11-18 to 2026-11-20", "2026-11-17T23:00:00Z 2026-11-20T23:00:00Z"],
    ["2026-11-20 08:00 to 09:30", "2026-11-20T07:00:00Z 2026-11-20T08:30:00Z"],
    ["2026-11-20 8:00 – 2026-11-21 9:30:15", "2026-11-20T07:00:00Z 2026-11-21T08:30:15Z"],
    ["8:15", "2026-11-22T07:15:00Z now"],
    ["2026-11-20T08:00:00Z to 2026-11-20T09:00:00Z", "2026-11-20T08:00:00Z 2026-11-20T09:00:00Z"],
  ])("%s", (text, window) => {
    expect(read(text)).toBe(window);
  });

  it("is in the zone of the clock", () => {
    expect(read("yesterday", new Clock("UTC"))).toBe("2026-11-21T00:00:00Z 2026-11-22T00:00:00Z");
  });

  it.each(["", "soon", "-36", "now", "2026-13-01", "25:00", "-1h to -2h", "a to b to c", "2026-11-20 09:00 to 08:00"])(
    "%j is none",
    (text) => {
      expect(read(text)).toBeNull();
    },
  );
});
