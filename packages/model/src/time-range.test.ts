import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlowtrailError } from "./errors.ts";
import { parseTime, parseTimeRange } from "./time-range.ts";

const now = Date.UTC(2026, 10, 22, 9, 51, 0, 250);
const at = (...parts: [number, number, number, number?, number?, number?, number?]) => Date.UTC(...parts);

function errorOf(act: () => unknown): FlowtrailError {
  try {
    act();
  } catch (error) {
    if (error instanceof FlowtrailError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("parseTime", () => {
  it.each([
    ["now", now],
    ["-15m", now - 900_000],
    ["now-1h", now - 3_600_000],
    ["-30s", now - 30_000],
    ["-7d", now - 604_800_000],
    ["-2w", now - 1_209_600_000],
    ["-1h30m", now - 5_400_000],
    ["-500ms", now - 500],
    ["now+5m", now + 300_000],
    ["0", 0],
    ["1795341060250", 1_795_341_060_250],
    ["2026-11-22T09:51:00Z", at(2026, 10, 22, 9, 51)],
    ["2026-11-22t09:51:00z", at(2026, 10, 22, 9, 51)],
    ["2026-11-22 09:51:00Z", at(2026, 10, 22, 9, 51)],
    ["2026-11-22T09:51:00.250Z", now],
    ["2026-11-22T09:51:00.2509999Z", now],
    ["2026-11-22T09:51:00.007Z", at(2026, 10, 22, 9, 51, 0, 7)],
    ["2026-11-22T11:51:00+02:00", at(2026, 10, 22, 9, 51)],
    ["2026-11-22T00:21:00-09:30", at(2026, 10, 22, 9, 51)],
    ["2028-02-29T00:00:00Z", at(2028, 1, 29)],
    ["2016-12-31T23:59:60Z", at(2017, 0, 1)],
  ])("%s", (text, expected) => {
    expect(parseTime(text, now)).toBe(expected);
  });

  it.each([
    "",
    " now",
    "now ",
    "yesterday",
    "15m",
    "-15",
    "-m",
    "now-",
    "now15m",
    "--15m",
    "-15m-",
    "-1y",
    "now-1h+5m",
    "1795341060",
    "20261122",
    "-1",
    "1e12",
    "2026-11-22",
    "2026-11-22T09:51:00",
    "2026-11-22T09:51Z",
    "2026-11-22T09:51:00+0200",
    "2026-11-22T09:51:00 02:00",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00+24:00",
    "0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2300-01-01T00:00:00Z",
    "999999999999999",
    "-99999w",
  ])("refuses %j with BAD_TIME", (text) => {
    const error = errorOf(() => parseTime(text, now));
    expect(error.code).toBe("BAD_TIME");
    expect(error.message).toContain(JSON.stringify(text));
    expect(error.message).toMatch(/expected (now, now-1h|a time from)/);
  });

  it("brings every time that we write back", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(at(2299, 11, 31)), noInvalidDate: true }), (date) => {
        expect(parseTime(date.toISOString(), now)).toBe(date.getTime());
      }),
    );
  });
});

describe("parseTimeRange", () => {
  it("reads both ends against the same now", () => {
    expect(parseTimeRange("-15m", "now", now)).toEqual({ fromMs: now - 900_000, toMs: now });
  });

  it.each([
    ["now", "-15m"],
    ["now", "now"],
  ])("refuses %s … %s", (from, to) => {
    expect(errorOf(() => parseTimeRange(from, to, now)).data).toMatchObject({ code: "BAD_TIME", value: `${from} … ${to}` });
  });
});
