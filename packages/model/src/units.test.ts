import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatDuration, formatExactBytes, parseDuration, parseSize } from "./units.ts";

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [60, "60 B"],
    [1023, "1023 B"],
    [1024, "1.00 KiB"],
    [2417, "2.36 KiB"],
    [4127, "4.03 KiB"],
    [1_048_570, "1023.99 KiB"],
    [1_048_575, "1.00 MiB"],
    [1_048_576, "1.00 MiB"],
    [1_073_741_823, "1.00 GiB"],
    [1.5 * 1024 ** 4, "1.50 TiB"],
    [2n ** 64n - 1n, "16777216.00 TiB"],
    [2417n, "2.36 KiB"],
  ])("%s: %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it("never shows 1024 of a unit that has a larger one", () => {
    fc.assert(fc.property(fc.nat(2 ** 31 - 1), (bytes) => !formatBytes(bytes).startsWith("1024")));
  });
});

it.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [1n, "1 byte"],
  [2417, "2,417 bytes"],
  [2n ** 64n - 1n, "18,446,744,073,709,551,615 bytes"],
])("formatExactBytes(%s): %s", (bytes, text) => {
  expect(formatExactBytes(bytes)).toBe(text);
});

it("formatCount separates thousands", () => {
  expect([0, 999, 1204, 12_345_678n].map(formatCount)).toEqual(["0", "999", "1,204", "12,345,678"]);
});

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [0.4, "0 ms"],
    [450, "450 ms"],
    [999.6, "1.0 s"],
    [1234, "1.2 s"],
    [9949, "9.9 s"],
    [9950, "10 s"],
    [12_000, "12 s"],
    [59_499, "59 s"],
    [59_500, "1 min"],
    [200_000, "3 min 20 s"],
    [3_599_499, "59 min 59 s"],
    [3_599_500, "1 h"],
    [7_500_000, "2 h 5 min"],
    [86_399_999, "1 d"],
    [273_600_000, "3 d 4 h"],
  ])("%s ms: %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("parseSize", () => {
  it.each([
    ["0", 0],
    ["1500", 1500],
    ["60 B", 60],
    ["1MiB", 1_048_576],
    ["1.5 KiB", 1536],
    ["10k", 10_240],
    ["10kB", 10_000],
    [" 2 gib ", 2_147_483_648],
    ["1TB", 1e12],
    ["2.36 KiB", 2417],
  ])("%j: %d", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(["", "B", "KiB", "-1", "1 XB", "1..5", ".5k", "1e3", "1,000", "1  MiB", "99999999999999999999", "1 constructor"])(
    "refuses %j",
    (text) => {
      expect(parseSize(text)).toBeNull();
    },
  );
});

describe("parseDuration", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["7d", 604_800_000],
    ["2w", 1_209_600_000],
    ["0s", 0],
  ])("%j: %d", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "s", "5", "-5s", "5 s", "5y", "5min", "1.5h", "999999999999w999999999999w"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});
