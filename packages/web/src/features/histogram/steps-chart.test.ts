import { describe, expect, it } from "vitest";
import { stepsChart } from "./steps-chart.ts";

const answer = {
  step_ms: 60_000,
  from: "2026-11-22T09:00:00.000Z",
  groups: ["tcp", null, "Other"],
  other: true,
  series: [
    [1, 2],
    [3, 0],
    ["9007199254740993", 1],
  ],
  gaps: [{ reporter: "inetgw", from: "2026-11-22T09:00:30.000Z", to: "2026-11-22T09:01:00.000Z" }],
  estimated: false,
  previous: {
    from: "2026-11-22T08:58:00.000Z",
    series: [
      [1, 1],
      [1, 1],
      [0, 5],
    ],
  },
};

describe("an answer of steps", () => {
  it("becomes named series, whose values can be asked for", () => {
    const { series, steps, gaps, previous } = stepsChart(answer, "protocol");
    expect(series.map(({ label, value }) => [label, value])).toEqual([
      ["TCP", 6],
      ["none", null],
      ["Other", undefined],
    ]);
    expect(new Set(series.map(({ key }) => key)).size).toBe(3);
    expect(steps).toEqual({ fromMs: Date.parse("2026-11-22T09:00:00Z"), stepMs: 60_000, count: 2 });
    expect(gaps).toMatchObject([{ reporter: "inetgw", toMs: Date.parse("2026-11-22T09:01:00Z") }]);
    expect(previous).toEqual([2, 7]);
  });

  it("a value that is called Other is no rest", () => {
    const { series } = stepsChart({ ...answer, groups: ["Other"], other: false, series: [[1, 2]] }, "src.name");
    expect(series).toMatchObject([{ label: "Other", value: "Other" }]);
  });

  it("undivided it is one series", () => {
    const { series } = stepsChart({ ...answer, groups: ["Total"], other: false, series: [[1, 2]] }, null);
    expect(series).toMatchObject([{ label: "All", value: undefined }]);
  });
});
