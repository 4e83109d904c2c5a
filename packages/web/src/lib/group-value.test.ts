import { describe, expect, it } from "vitest";
import { groupLabel, groupValue } from "./group-value.ts";

describe("a group of a chart", () => {
  it.each([
    ["protocol", "tcp", 6, "TCP"],
    ["protocol", "protocol 200", 200, "protocol 200"],
    ["direction", "ingress", "ingress", "Inbound"],
    ["dst.port", "443", 443, "443 (https)"],
    ["dst.port", ">32767", undefined, "above 32767"],
    ["src.name", "Other", "Other", "Other"],
    ["domain", null, null, "none"],
    ["src.type", "extclient", "extclient", "Config file"],
  ] as const)("%s %s", (field, group, value, label) => {
    expect(groupValue(field, group)).toBe(value);
    expect(groupLabel(field, group)).toBe(label);
  });
});
