import { expect, it } from "vitest";
import { QuestionCounts } from "./inquiry-counts.ts";

it("keeps the slowest questions of the last hour, longest first", () => {
  const counts = new QuestionCounts();
  counts.asked("flows", 999, 10, 0);
  counts.asked("flows", 1500, 20, 1000);
  counts.asked("rollup_hours", 4000, 30, 2000);
  expect(counts.slowest(3000)).toEqual([
    { table: "rollup_hours", ms: 4000, rowsRead: 30, atMs: 2000 },
    { table: "flows", ms: 1500, rowsRead: 20, atMs: 1000 },
  ]);
  expect(counts.slowest(3_601_500)).toMatchObject([{ table: "rollup_hours" }]);
  for (let i = 0; i < 30; i++) counts.asked("flows", 2000 + i, 0, 3000);
  expect(counts.slowest(3000)).toHaveLength(10);
  expect(counts.slowest(3000).at(-1)?.ms).toBe(2021);
});
