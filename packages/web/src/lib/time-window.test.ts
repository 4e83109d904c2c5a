import { describe, expect, it } from "vitest";
import { Clock } from "./clock.ts";
import { absoluteWindow, boundsOf, exactWindow, isLive, shiftWindow, spansDays, windowLabel, zoomOut } from "./time-window.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 10);
const clock = new Clock("UTC");

describe("windowLabel", () => {
  it.each([
    ["-15m", "now", "Last 15 minutes"],
    ["-90m", "now", "Last 1 h 30 min"],
    ["2026-11-22T08:00:00Z", "now", "Nov 22, 8:00 AM – now"],
    ["2026-11-20T08:00:00Z", "2026-11-22T09:30:00Z", "Nov 20, 8:00 AM – Nov 22, 9:30 AM"],
  ])("%s … %s: %s", (from, to, label) => {
    expect(windowLabel({ from, to }, clock, NOW_MS)).toBe(label);
  });
});

describe("shiftWindow", () => {
  it("goes back by its own length and becomes absolute", () => {
    expect(shiftWindow({ from: "-1h", to: "now" }, -1, NOW_MS)).toEqual({
      from: "2026-11-22T08:00:00Z",
      to: "2026-11-22T09:00:00Z",
    });
  });

  it("goes forward again, but not into the future", () => {
    const past = { from: "2026-11-22T08:00:00Z", to: "2026-11-22T09:00:00Z" };
    const later = shiftWindow(past, 1, NOW_MS);
    expect(later).toEqual({ from: "2026-11-22T09:00:00Z", to: "2026-11-22T10:00:00Z" });
    expect(later && shiftWindow(later, 1, NOW_MS)).toBeNull();
    expect(shiftWindow({ from: "-1h", to: "now" }, 1, NOW_MS)).toBeNull();
  });
});

describe("zoomOut", () => {
  it.each([
    ["-15m", "-30m"],
    ["-90m", "-3h"],
    ["-12h", "-1d"],
    ["-45s", "-90s"],
  ])("%s becomes %s and stays relative", (from, wider) => {
    expect(zoomOut({ from, to: "now" }, NOW_MS)).toEqual({ from: wider, to: "now" });
  });

  it("grows at both ends, and not into the future", () => {
    expect(zoomOut({ from: "2026-11-22T06:00:00Z", to: "2026-11-22T07:00:00Z" }, NOW_MS)).toEqual({
      from: "2026-11-22T05:30:00Z",
      to: "2026-11-22T07:30:00Z",
    });
    expect(zoomOut({ from: "2026-11-22T09:00:00Z", to: "2026-11-22T09:50:00Z" }, NOW_MS)).toEqual({
      from: "2026-11-22T08:20:00Z",
      to: "2026-11-22T10:00:00Z",
    });
  });

  it("ends with ten years", () => {
    expect(zoomOut({ from: "-3000d", to: "now" }, NOW_MS)).toBeNull();
  });
});

it("a link can hold the very window", () => {
  expect(exactWindow({ from: "-1h", to: "now" }, NOW_MS)).toEqual({ from: "2026-11-22T09:00:00Z", to: "2026-11-22T10:00:00Z" });
});

it("knows what belongs to now, and what is longer than a day", () => {
  expect(isLive({ from: "-1h", to: "now" })).toBe(true);
  expect(isLive({ from: "-2h", to: "-1h" })).toBe(false);
  expect(spansDays({ from: "-24h", to: "now" }, NOW_MS)).toBe(false);
  expect(spansDays({ from: "-7d", to: "now" }, NOW_MS)).toBe(true);
});

it("rounds an absolute window outwards, to whole seconds", () => {
  expect(absoluteWindow(NOW_MS + 900, NOW_MS + 1100)).toEqual({ from: "2026-11-22T10:00:00Z", to: "2026-11-22T10:00:02Z" });
});

it.each([
  ["now", "now"],
  ["-1h", "-2h"],
  ["what", "now"],
])("has no bounds for %s … %s", (from, to) => {
  expect(boundsOf({ from, to }, NOW_MS)).toBeNull();
});
