import type { AlertRule } from "@flowtrail/model";
import { expect, it } from "vitest";
import { ruleEffect } from "./rule-effect.ts";

const rule: AlertRule = {
  id: "scan",
  name: "Scan",
  explanation: "Many ports. Ask who.",
  enabled: true,
  severity: "high",
  q: "",
  watch: { kind: "port-scan", settings: { ports: 100 } },
  window_s: 60,
  for_s: 0,
  clear_s: 600,
  recipients: [],
  mitre: ["T1046"],
  shipped: true,
};

it("says what becomes different, and nothing else", () => {
  expect(ruleEffect(rule, rule)).toEqual(["Nothing becomes different."]);
  expect(ruleEffect(rule, { ...rule, enabled: false, q: "network=prod", window_s: 120, recipients: ["ops"] })).toEqual([
    "It is switched off: nothing is looked for any more.",
    "Filter: all traffic → network=prod",
    "Window: 1 min → 2 min",
    "The recipient ops is told.",
  ]);
  expect(ruleEffect(rule, { ...rule, watch: { kind: "port-scan", settings: { ports: 50 } } })).toEqual([
    "Its settings become other ones.",
  ]);
});

it("says of a new one what it watches and who is told", () => {
  expect(ruleEffect(null, rule)).toEqual([
    "Many ports.",
    "It watches from the next look on. Recipients that take every alert are told.",
  ]);
});
