import type { AlertRule, AlertWatch } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { freeId, slugOf } from "../../lib/slug.ts";
import { formOf, NEW_RULE, readAmount, readForm, writeAmount } from "./rule-form.ts";

const base: Omit<AlertRule, "watch"> = {
  id: "night-copy",
  name: "Night copy",
  explanation: "Much leaves at night. Ask its owner first.",
  enabled: false,
  severity: "critical",
  q: "dst.type=external",
  window_s: 5400,
  for_s: 60,
  clear_s: 900,
  recipients: ["ops"],
  mitre: ["T1048", "T1071.004"],
  shipped: true,
};
const WATCHES: readonly AlertWatch[] = [
  {
    kind: "measure",
    measure: { kind: "bytes" },
    by: ["src.name", "dst.domain"],
    threshold: { kind: "above", value: 512 * 1024 ** 2 },
  },
  { kind: "measure", measure: { kind: "rate" }, by: [], threshold: { kind: "baseline", weeks: 2, factor: 2.5, least: 1000 } },
  { kind: "measure", measure: { kind: "distinct", of: "dst.ip" }, by: ["src.ip"], threshold: { kind: "below", value: 3 } },
  {
    kind: "measure",
    measure: { kind: "share", verdicts: ["denied"], least_connections: 50 },
    by: [],
    threshold: { kind: "above", value: 0.125 },
  },
  { kind: "measure", measure: { kind: "absence" }, by: ["reporter"], threshold: { kind: "above", value: 0 } },
  { kind: "policy", settings: { name: "office", ports: [22, 443], groups: ["a", "b"], strict: true, least: 3 } },
];

describe("a rule", () => {
  it.each(WATCHES)("is the same after it was a form: %j", (watch) => {
    const rule = { ...base, watch };
    expect(readForm(formOf(rule), rule)).toEqual({ rule, mistakes: {} });
  });

  it("has an id made of its name, which stays when the name is changed", () => {
    const form = { ...NEW_RULE, name: " SSH from outside! " };
    expect(readForm(form, null).rule).toMatchObject({ id: "ssh-from-outside", name: "SSH from outside!", shipped: false });
    const rule = { ...base, watch: WATCHES[0] as AlertWatch };
    expect(readForm({ ...formOf(rule), name: "Other" }, rule).rule?.id).toBe("night-copy");
    expect([slugOf("Übermaß 2"), freeId("On call", ["on-call"], "x"), freeId("!", [], "x")]).toEqual([
      "uberma-2",
      "on-call-2",
      "x",
    ]);
  });
});

describe("a form", () => {
  it("says at which field what is wrong", () => {
    const wrong = {
      ...NEW_RULE,
      q: "dst.port=",
      value: "lots",
      window: "soon",
      clear: "",
      mitre: "T1",
      by: ["a", "b", "c", "d"],
    };
    const { rule, mistakes } = readForm(wrong, null);
    expect(rule).toBeNull();
    expect(Object.keys(mistakes).sort()).toEqual(["by", "clear", "mitre", "name", "q", "value", "window"]);
  });

  it("looks at what the measure needs alone", () => {
    const form = { ...NEW_RULE, name: "x", least_connections: "none", weeks: "0", of: "" };
    expect(readForm(form, null).mistakes).toEqual({});
    expect(readForm({ ...form, measure: "share", value: "40%" }, null).mistakes).toHaveProperty("least_connections");
    expect(readForm({ ...form, measure: "share", value: "140", least_connections: "1" }, null).mistakes).toHaveProperty("value");
    expect(readForm({ ...form, threshold: "baseline" }, null).mistakes).toHaveProperty("weeks");
  });

  it("keeps the kind of a watcher's settings", () => {
    const rule = { ...base, watch: { kind: "scan", settings: { least: 100, names: ["a"] } } };
    const form = formOf(rule);
    expect(readForm({ ...form, settings: { least: "many", names: "a, b" } }, rule).mistakes).toEqual({
      "settings.least": "A number.",
    });
    expect(readForm({ ...form, settings: { least: "5", names: "a, b" } }, rule).rule?.watch).toEqual({
      kind: "scan",
      settings: { least: 5, names: ["a", "b"] },
    });
  });
});

it("reads amounts in the unit of what is measured", () => {
  expect([readAmount("1.5 MiB", "bytes"), readAmount("10 MiB/s", "rate"), readAmount("40 %", "share")]).toEqual([
    1572864, 10485760, 0.4,
  ]);
  expect([readAmount("-1", "reports"), readAmount("12", "reports"), readAmount("x", "bytes")]).toEqual([null, 12, null]);
  expect([writeAmount(1536, "bytes"), writeAmount(2048, "rate"), writeAmount(7, "distinct")]).toEqual(["1536 B", "2 KiB", "7"]);
});
