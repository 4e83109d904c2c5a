import { expect, it } from "vitest";
import { EXAMPLE_MS, exampleFlow } from "../testing.ts";
import { bytesPerSecond, countText, rateText, sumOf } from "./amounts.ts";

const after = (ms: number) => new Date(EXAMPLE_MS + ms).toISOString();

it("adds up what is known", () => {
  expect(sumOf(1, "18446744073709551614")).toBe(18_446_744_073_709_551_615n);
  expect(countText(sumOf(null, 1200))).toBe("1,200");
  expect(countText(sumOf(null, null))).toBe("–");
});

it("is the rate over a flow's life, and over the last interval while it is open", () => {
  expect(rateText(exampleFlow({ src_bytes: 1024, dst_bytes: 1024, end: after(2000) }))).toBe("1.00 KiB/s");
  const open = exampleFlow({
    state: "open",
    end: null,
    src_bytes: 10_000_000,
    src_bytes_delta: 500,
    dst_bytes_delta: 0,
    since: after(1000),
    last_seen: after(6000),
  });
  expect(bytesPerSecond(open)).toBe(100);
});

it("has no rate where there is no time", () => {
  expect(rateText(exampleFlow())).toBe("–");
});
