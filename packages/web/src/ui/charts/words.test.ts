/** What charts say. */
import { describe, expect, it } from "vitest";
import { Clock } from "../../lib/clock.ts";
import { largestRows, spanWords, stepText, tellStep } from "./step-words.ts";
import { placeTicks, timeTicks } from "./time-axis.ts";
import { formatExact, formatShort, valueAxis } from "./units.ts";

const clock = new Clock("UTC");
const T = Date.parse("2026-11-22T09:50:00Z");
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe("values", () => {
  it("are short on the axis and exact at a closer look", () => {
    expect(formatShort(2417, "bytes")).toBe("2.36 KiB");
    expect(formatExact(2417, "bytes")).toBe("2,417 bytes");
    expect(formatExact("9007199254740993", "bytes")).toBe("9,007,199,254,740,993 bytes");
    expect(formatShort(12.34, "bytes/s")).toBe("12.3 B/s");
    expect(formatExact(12.346, "bytes/s")).toBe("12.346 bytes/s");
    expect(formatShort(1_234_567, "packets")).toBe("1.2M");
    expect(formatExact(1, "connections")).toBe("1 connection");
    expect(formatShort(0.254, "connections/s")).toBe("0.25/s");
  });

  it("the axis has round numbers of the unit, up to the largest value at least", () => {
    const bytes = valueAxis(5.3 * 1024 ** 2, "bytes", 4);
    expect(bytes.ticks.map(({ label }) => label)).toEqual(["2 MiB", "4 MiB", "6 MiB"]);
    expect(bytes.top).toBeGreaterThanOrEqual(5.3 * 1024 ** 2);
    expect(valueAxis(2, "connections", 4).ticks.map(({ label }) => label)).toEqual(["1", "2"]);
    expect(valueAxis(0.3, "connections/s", 2).ticks.at(-1)?.label).toMatch(/^0\.\d+\/s$/);
    expect(valueAxis(0, "bytes", 4)).toMatchObject({ ticks: [] });
  });
});

describe("times", () => {
  it("below a chart are round, of the clock's zone; at midnight the day", () => {
    expect(timeTicks(T, T + 15 * MINUTE_MS, 400, clock).map(({ label }) => label)).toEqual([
      "9:50 AM",
      "9:55 AM",
      "10:00 AM",
      "10:05 AM",
    ]);
    expect(timeTicks(T, T + 24 * HOUR_MS, 500, clock).map(({ label }) => label)).toContain("Nov 23");
    expect(timeTicks(T, T + 20_000, 400, clock)[0]?.label).toBe("9:50:00 AM");
  });

  it("stand beside each other only where there is room, and within the drawing", () => {
    const ticks = [0, 40, 100, 200].map((ms) => ({ ms, label: "9:00 AM" }));
    const placed = placeTicks(ticks, (ms) => ms, 0, 200);
    expect(placed.map(({ x, anchor }) => [x, anchor])).toEqual([
      [0, "start"],
      [100, "middle"],
      [200, "end"],
    ]);
  });

  it("a span says its day once, and seconds where it is that short", () => {
    expect(spanWords(T, T + MINUTE_MS, clock)).toBe("Nov 22, 9:50 AM – 9:51 AM");
    expect(spanWords(T, T + 5000, clock)).toBe("Nov 22, 9:50:00 AM – 9:50:05 AM");
    expect(spanWords(T, T + 24 * HOUR_MS, clock)).toBe("Nov 22, 9:50 AM – Nov 23, 9:50 AM");
  });
});

describe("a step", () => {
  const series = [
    { key: "tcp", label: "TCP", color: "red", values: [1024, 0] },
    { key: "udp", label: "UDP", color: "blue", values: [1, 0] },
  ];
  const asked = {
    series,
    steps: { fromMs: T, stepMs: MINUTE_MS, count: 2 },
    gaps: [{ reporter: "inetgw", fromMs: T + 90_000, toMs: T + 100_000 }],
    nowMs: T + 95_000,
    clock,
  };

  it("is told from the top down, with all together", () => {
    const told = tellStep(0, { ...asked, previous: [7, 8] });
    expect(told).toMatchObject({ when: "Nov 22, 9:50 AM – 9:51 AM", soFar: false, total: 1025, previous: 7, silent: [] });
    expect(told.rows.map(({ label, value }) => [label, value])).toEqual([
      ["UDP", 1],
      ["TCP", 1024],
    ]);
    expect(stepText(told, "bytes")).toBe("Nov 22, 9:50 AM – 9:51 AM: UDP 1 B, TCP 1.00 KiB, together 1,025 bytes");
  });

  it("of many series tells the largest, in the chart's order, and how many more there are", () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ key: `${i}`, label: `${i}`, color: "red", value: i === 3 ? 99 : i }));
    const told = largestRows(rows);
    expect(told.rows.map(({ key }) => Number(key))).toEqual([3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect(told.more).toHaveLength(5);
    expect(largestRows(rows.slice(0, 16))).toEqual({ rows: rows.slice(0, 16), more: [] });
  });

  it("says that it is not over, and who was silent", () => {
    expect(stepText(tellStep(1, asked), "bytes")).toBe("Nov 22, 9:51 AM – 9:52 AM, so far: nothing, no reports from inetgw");
  });
});
