import { expect, it } from "vitest";
import { deletionSentences, keptChange, keptMistakes, retentionBasis } from "./retention-words.ts";

const settings = {
  flows_days: 30,
  deltas_days: 7,
  minutes_days: 90,
  hours_days: 400,
  rejected_days: 30,
  batches_days: 30,
  audit_days: 400,
  max_size: "80%",
};
const forecast = {
  text: "Full in 12 days.",
  basis_days: 1,
  bytes_per_day: 1,
  full_in_days: 12,
  kept_days: 9,
  steady_bytes: 1,
  next: null,
};

it("sends what was changed", () => {
  expect(keptChange({}, settings)).toBeNull();
  expect(keptChange({ flows_days: " 30 ", max_size: "80%" }, settings)).toBeNull();
  expect(keptChange({ flows_days: "7", max_size: "200GiB" }, settings)).toEqual({ flows_days: 7, max_size: "200GiB" });
  expect(keptMistakes({ flows_days: "0", deltas_days: "7", hours_days: "1.5", max_size: "much" })).toEqual({
    flows_days: expect.stringContaining("whole number"),
    hours_days: expect.any(String),
  });
});

it("says what is deleted", () => {
  const step = { table: "flows", bytes: 1024, rows: 1000, why: "age", how: "whole" } as const;
  const steps = [
    { ...step, from: "2026-11-02T00:00:00.000Z", until: "2026-11-03T00:00:00.000Z" },
    { ...step, from: "2026-11-01T00:00:00.000Z", until: "2026-11-02T00:00:00.000Z" },
    { ...step, table: "flow_deltas", rows: 1, from: "2026-11-01T00:00:00.000Z", until: "2026-11-02T00:00:00.000Z" },
  ];
  expect(deletionSentences({ due: { rows: 2001, bytes: 3072, steps }, forecast })).toEqual([
    "2,001 rows (3.00 KiB) are deleted within a minute, and can't be had back.",
    "Flows of 2026-11-01 to 2026-11-03: 2,000 rows.",
    "When bytes flowed of 2026-11-01 to 2026-11-02: 1 row.",
    "Full in 12 days.",
  ]);
  const sums = ["rollup_minutes", "rollup_pairs"].map((table) => ({
    ...step,
    table,
    rows: 5,
    from: "2026-08-01",
    until: "2026-08-02",
  }));
  expect(deletionSentences({ due: { rows: 10, bytes: 1, steps: sums }, forecast })[1]).toBe(
    "Sums for charts of 2026-08-01 to 2026-08-02: 10 rows.",
  );
  expect(deletionSentences({ due: { rows: 0, bytes: 0, steps: [] }, forecast })[0]).toBe("Nothing is deleted now.");
});

it("is based on what is set and on the holds in force", () => {
  const hold = { id: "a", from: "", to: null, network: null, reason: "", who: "", created: "", rows: 1, bytes: 1 };
  const inForce = { ...hold, released: null, released_by: null };
  const basis = retentionBasis({ settings, holds: [inForce] });
  expect(retentionBasis({ settings, holds: [{ ...inForce, rows: 2 }] })).toBe(basis);
  expect(retentionBasis({ settings: { ...settings, flows_days: 7 }, holds: [inForce] })).not.toBe(basis);
  expect(retentionBasis({ settings, holds: [{ ...inForce, released: "now" }] })).not.toBe(basis);
});
