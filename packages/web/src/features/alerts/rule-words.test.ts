import type { AlertMeasure, AlertRule, AlertThreshold } from "@flowtrail/model";
import { expect, it } from "vitest";
import { amountText, firstSentence, ruleSentence } from "./rule-words.ts";
import { lastedText, readSpan, writeSpan } from "./spans.ts";

const RULE: AlertRule = {
  id: "ssh",
  name: "SSH",
  explanation: "Somebody tries passwords. Look who.",
  enabled: true,
  severity: "high",
  q: "dst.port=22",
  watch: {
    kind: "measure",
    measure: { kind: "connections" },
    by: ["src.name"],
    threshold: { kind: "above", value: 1200 },
  },
  window_s: 300,
  for_s: 0,
  clear_s: 600,
  recipients: [],
  mitre: [],
  shipped: false,
};
const watching = (measure: AlertMeasure, threshold: AlertThreshold, by: readonly string[] = []) =>
  ruleSentence({ ...RULE, q: "", for_s: 120, clear_s: 0, watch: { kind: "measure", measure, threshold, by } });

it("says what a rule watches", () => {
  expect(ruleSentence(RULE)).toBe(
    "High alert when one Source has more than 1,200 connections within 5 min, of flows where dst.port=22. It is over when that has been gone for 10 min.",
  );
  expect(watching({ kind: "bytes" }, { kind: "baseline", weeks: 4, factor: 3, least: 1024 ** 3 })).toBe(
    "High alert when all traffic together has more than 3 times the bytes of the same time in the 4 weeks before (on average), and at least 1.00 GiB within 5 min, for 2 min at least. It is over when that is gone.",
  );
  expect(watching({ kind: "absence" }, { kind: "above", value: 0 }, ["reporter"])).toContain(
    "has no traffic at all within 5 min",
  );
  expect(
    watching({ kind: "share", verdicts: ["unanswered", "denied"], least_connections: 20 }, { kind: "above", value: 0.4 }),
  ).toContain("has more than 40 % of its connections unanswered or denied, with at least 20 connections within 5 min");
  expect(watching({ kind: "distinct", of: "dst.port" }, { kind: "below", value: 2 })).toMatch(/less than 2 different values of /);
});

it("says of a watcher what its explanation begins with", () => {
  expect(ruleSentence({ ...RULE, watch: { kind: "port-scan", settings: {} } })).toBe("Somebody tries passwords.");
  expect(firstSentence("no end")).toBe("no end");
  expect(firstSentence("Version 1.2 is old. Update.")).toBe("Version 1.2 is old.");
});

it("has amounts in their unit", () => {
  expect(amountText(412, { kind: "distinct", of: "dst.port" })).toMatch(/^412 different values of/);
  expect(amountText(2048, { kind: "rate" })).toBe("2.00 KiB/s");
  expect(amountText(0.4, { kind: "share", verdicts: [], least_connections: 1 })).toBe("40 %");
});

it.each([
  ["5m", 300],
  ["1h30m", 5400],
  ["0s", 0],
  ["1d", 86_400],
] as const)("reads and writes %s", (text, seconds) => {
  expect(readSpan(text)).toBe(seconds);
  expect(writeSpan(seconds)).toBe(text);
});

it("reads what people write", () => {
  expect([readSpan("90"), readSpan("1 h 30 min"), readSpan("soon"), readSpan("5ms")]).toEqual([90, 5400, null, null]);
  expect(lastedText(0, 59_000)).toBe("less than a minute");
  expect(lastedText(0, 12 * 60_000 + 30_000)).toMatch(/^12 min/);
});
