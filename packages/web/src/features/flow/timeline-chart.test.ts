import { expect, it } from "vitest";
import { exampleFlow } from "../traffic/testing.ts";
import { timelineChart } from "./timeline-chart.ts";

const META = { table: "flow_deltas", rows_read: 3, elapsed_ms: 1, partial: false };
const answer = (src: (number | string)[], dst: (number | string)[]) =>
  ({ step_ms: 5000, from: "2026-11-22T09:51:00.000Z", src_bytes: src, dst_bytes: dst, estimated: false, meta: META }) as const;
const startMs = Date.parse("2026-11-22T09:51:00.000Z");

it("draws both ends by name, and finds the busiest step", () => {
  const chart = timelineChart(answer([10, 0, 30], [1, 2, 5]), exampleFlow());
  expect(chart.series.map(({ label, values }) => [label, values])).toEqual([
    ["debian sent", [10, 0, 30]],
    ["inetgw sent", [1, 2, 5]],
  ]);
  expect(chart.steps).toEqual({ fromMs: startMs, stepMs: 5000, count: 3 });
  expect(chart.busiest).toEqual({ fromMs: startMs + 10_000, amount: 35 });
});

it("is exact beyond 2^53, and says when nothing was sent", () => {
  expect(timelineChart(answer(["9007199254740993"], [2]), exampleFlow()).busiest?.amount).toBe("9007199254740995");
  expect(timelineChart(answer([0, 0], [0, 0]), exampleFlow()).busiest).toBeNull();
});
