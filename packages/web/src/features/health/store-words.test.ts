import type { StoreReport } from "@flowtrail/model";
import { expect, it } from "vitest";
import { behindSentences, keptRows, keptSentences } from "./store-words.ts";

const settings = {
  flows_days: 30,
  deltas_days: 7,
  minutes_days: 90,
  hours_days: 400,
  rejected_days: 30,
  batches_days: 30,
  audit_days: 400,
  max_size: "8GiB",
};
const hold = {
  ...{ id: "h", from: "2026-10-23T00:00:00.000Z", to: null, network: null, reason: "a case", who: "ana", rows: 1, bytes: 2048 },
  ...{ created: "2026-10-24T00:00:00.000Z", released: null, released_by: null },
};
const report: StoreReport = {
  settings,
  defaults: settings,
  set: {},
  changed: null,
  size: {
    ...{ bytes: 3 * 1024 ** 3, limit_bytes: 8 * 1024 ** 3, free_bytes: null, held_bytes: 2048 },
    ...{ leaving_bytes: 0, disk_bytes: null },
  },
  tables: [
    { table: "flows", rows: 1_234_567, bytes: 2048, oldest: "2026-10-23T00:00:00.000Z", kept_days: 30 },
    { table: "rollup_pairs", rows: 0, bytes: 0, oldest: null, kept_days: 400 },
    { table: "tokens", rows: 3, bytes: 100, oldest: null, kept_days: null },
  ],
  forecast: {
    text: "Full in 12 days; about 25 days of flows will be kept then.",
    ...{ basis_days: 7, bytes_per_day: 1024, full_in_days: 12, kept_days: 25, steady_bytes: 8 * 1024 ** 3 },
    next: {
      ...{ table: "flows", from: "2026-10-23T00:00:00.000Z", until: "2026-10-24T00:00:00.000Z" },
      ...{ at: "2026-11-23T00:00:00.000Z", bytes: 1024, why: "age" },
    },
  },
  due: { rows: 0, bytes: 0, steps: [] },
  holds: [hold, { ...hold, released: "2026-11-01T00:00:00.000Z", released_by: "ana" }],
  last_drops: [
    {
      ...{ time: "2026-11-20T00:00:00.000Z", table: "flow_deltas", from: "2026-11-13T00:00:00.000Z" },
      ...{ until: "2026-11-14T00:00:00.000Z", rows: 1200, bytes: 100, why: "size", how: "whole" },
    },
  ],
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

it("says what came late", () => {
  const rollups = { failures: 0, last_error: null, pending: 2, behind_ms: 0, late_deltas: 0 };
  expect(behindSentences({ ...rollups, pending: 0 })).toEqual([]);
  expect(behindSentences({ ...rollups, late_deltas: 1200 })).toEqual([
    "Rows came late for 2 hours or days: their sums are computed again.",
    "Since the start 1,200 reports came for days whose deltas had been deleted: they are added to the sums that charts read.",
  ]);
});

it("says no more than there is to say", () => {
  const bare = { ...report, size: { ...report.size, limit_bytes: null, free_bytes: 1024 }, holds: [], last_drops: [] };
  expect(keptSentences({ ...bare, forecast: { ...report.forecast, text: "T.", next: null } })).toEqual([
    "3.00 GiB, 1.00 KiB free on its disk. T.",
  ]);
});
