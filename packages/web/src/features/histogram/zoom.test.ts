import { describe, expect, it } from "vitest";
import { panned, zoomedTo } from "./zoom.ts";

const NOW = Date.parse("2026-11-22T10:00:00Z");
const MINUTE_MS = 60_000;

describe("windows of a chart", () => {
  it("a choice ends now at the latest", () => {
    expect(zoomedTo(NOW - 5 * MINUTE_MS, NOW - MINUTE_MS, NOW)).toEqual({
      from: "2026-11-22T09:55:00Z",
      to: "2026-11-22T09:59:00Z",
    });
    expect(zoomedTo(NOW - 5 * MINUTE_MS, NOW + MINUTE_MS, NOW)).toEqual({
      from: "2026-11-22T09:55:00Z",
      to: "2026-11-22T10:00:00Z",
    });
  });

  it("moving along keeps the length and ends now at the latest", () => {
    expect(panned({ from: "-15m", to: "now" }, -5 * MINUTE_MS, NOW)).toEqual({
      from: "2026-11-22T09:40:00Z",
      to: "2026-11-22T09:55:00Z",
    });
    expect(panned({ from: "-15m", to: "-5m" }, 60 * MINUTE_MS, NOW)).toEqual({
      from: "2026-11-22T09:50:00Z",
      to: "2026-11-22T10:00:00Z",
    });
    expect(panned({ from: "-15m", to: "now" }, 5 * MINUTE_MS, NOW)).toBeNull();
  });
});
