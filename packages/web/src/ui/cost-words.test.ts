import { expect, it } from "vitest";
import { costParts } from "./cost-words.ts";

it.each([
  ["rollup_minutes", 12_480, "12,480 rows read · 38 ms · 1-min rollup"],
  ["rollup_pair_days, rollup_pairs", 1, "1 row read · 38 ms · 1-day rollup and 1-h rollup"],
  ["flows, flows_open", 900, "900 rows read · 38 ms · single flows"],
  ["rollup_hours, rollup_reporters", 2, "2 rows read · 38 ms · 1-h rollup"],
  ["", 0, "nothing read · 38 ms"],
  ["flows", null, "38 ms · single flows"],
])("says what was read of %s", (table, rows_read, expected) => {
  expect(costParts({ table, rows_read, elapsed_ms: 38, partial: false }).join(" · ")).toBe(expected);
});
