import { expect, it } from "vitest";
import type { KeptReport } from "../../lib/api-types.ts";
import { keptRows, keptSentences } from "./store-words.ts";

const report: KeptReport = {
  size: { bytes: 3 * 1024 ** 3, limit_bytes: 8 * 1024 ** 3, free_bytes: null, held_bytes: 2048 },
  tables: [
    { table: "flows", rows: 1_234_567, bytes: 2048, oldest: "2026-10-23T00:00:00.000Z", kept_days: 30 },
    { table: "rollup_pairs", rows: 0, bytes: 0, oldest: null, kept_days: 400 },
    { table: "tokens", rows: 3, bytes: 100, oldest: null, kept_days: null },
  ],
  forecast: {
    text: "Full in 12 days; about 25 days of flows will be kept then.",
    next: { table: "flows", from: "2026-10-23T00:00:00.000Z", at: "2026-11-23T00:00:00.000Z", bytes: 1024, why: "age" },
  },
  holds: [{ released: null }, { released: "2026-11-01T00:00:00.000Z" }],
  last_drops: [{ table: "flow_deltas", from: "2026-11-13T00:00:00.000Z", rows: 1200, why: "size" }],
  problem: null,
};

it("lists tables that are kept for a time and hold something", () => {
  expect(keptRows(report)).toEqual([
    { table: "flows", rows: "1,234,567", size: "2.00 KiB", oldest: "2026-10-23", kept: "30 days" },
  ]);
});

it("says how much there is, when it will be full, what goes next, what went last, what is held", () => {
  expect(keptSentences(report)).toEqual([
    "3.00 GiB of at most 8.00 GiB. Full in 12 days; about 25 days of flows will be kept then.",
    "Next to go: flows of 2026-10-23 (1.00 KiB) on 2026-11-23, by age.",
    "Deleted last: flow_deltas of 2026-11-13, 1,200 rows, by size.",
    "1 legal hold keeps 2.00 KiB.",
  ]);
});

it("says no more than there is to say", () => {
  const bare = { ...report, size: { ...report.size, limit_bytes: null, free_bytes: 1024 }, holds: [], last_drops: [] };
  expect(keptSentences({ ...bare, forecast: { text: "T.", next: null } })).toEqual(["3.00 GiB, 1.00 KiB free on its disk. T."]);
});
