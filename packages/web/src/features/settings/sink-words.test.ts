import { expect, it } from "vitest";
import { backfillText, sinkState } from "./sink-words.ts";

const clock = { dayAndTime: (ms: number) => new Date(ms).toISOString().slice(0, 16) };
const WELL = {
  state: "running" as const,
  lag_ms: 900,
  waiting: 3,
  taken: 12_403,
  per_second: 20,
  last_taken: "2026-11-22T10:00:00Z",
  trouble: null,
  of_retention: 0.01,
  lost: 0,
  unnamed: 0,
};
const texts = (status: Parameters<typeof sinkState>[0]["status"], enabled = true) =>
  sinkState({ enabled, status }, clock).map(({ text, isBad }) => `${isBad ? "! " : ""}${text}`);

it("says how it goes", () => {
  expect(texts(null)).toEqual(["It has not begun yet."]);
  expect(texts({ ...WELL, state: "silent" })[1]).toContain("! No server says");
  expect(texts(WELL, false)[0]).toContain("Paused");
  expect(texts(WELL)).toEqual(["12,403 records handed over, the last 2026-11-22T10:00, 20/s now."]);
  expect(texts({ ...WELL, taken: 0, last_taken: null })).toEqual(["Nothing was handed over yet."]);
  expect(texts({ ...WELL, taken: 0 })).toEqual(["Nothing new was handed over yet, only what is backfilled."]);
  const trouble = { reason: "http_500", message: "answered 500.", advice: "See its log.", failures: 3, next: "" };
  expect(texts({ ...WELL, per_second: 0, lag_ms: 600_000, waiting: 5000, trouble, of_retention: 0.8, lost: 7 }).slice(1)).toEqual(
    [
      expect.stringMatching(/^! 10 min.* behind: 5,000 records wait\.$/),
      "! Failed 3 times: answered 500. See its log. It is tried again and again.",
      expect.stringContaining("! It is 80 % of the retention behind"),
      "! Up to 7 records were deleted by retention before they were handed over.",
    ],
  );
  for (const loses of [{ lost: 7 }, { of_retention: 0.8 }])
    expect(texts({ ...WELL, trouble, ...loses }).join()).not.toContain("nothing is lost");
  expect(texts({ ...WELL, trouble })[1]).toMatch(/again and again; nothing is lost meanwhile\.$/);
});

it("says how far a backfill is", () => {
  const run = { id: "1", from: "2026-11-01T00:00:00Z", to: "", sent: 1200, progress: 0.4299 };
  expect(backfillText({ ...run, state: "running" }, clock)).toBe("Backfill since 2026-11-01T00:00: 42 %, 1,200 records");
  expect(backfillText({ ...run, state: "cancelled" }, clock)).toMatch(/stopped, 1,200 records$/);
});
