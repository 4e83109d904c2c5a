import { expect, it } from "vitest";
import { addressesOf, saidBy, whatChanged } from "./history-words.ts";

const phone = { devices: [{ name: "phone", addresses: ["100.64.0.7"] }] };

it("tells addresses of all kinds", () => {
  expect(addressesOf({ addresses: ["100.64.0.1"], ranges: ["10.0.0.0/8"], ...phone })).toEqual([
    "100.64.0.1",
    "10.0.0.0/8",
    "100.64.0.7 (phone)",
  ]);
});

it.each([
  ["added", null, phone, "Added"],
  ["removed", phone, null, "Removed"],
  ["changed devices", phone, { devices: [] }, "Changed devices: was 100.64.0.7 (phone)"],
  ["changed tags", { ...phone, tags: [] }, { ...phone, tags: ["a"] }, "Changed tags"],
  ["changed name", { name: "a" }, { name: "b" }, "Changed name: was “a”"],
] as const)("%s", (what, before, after, text) => expect(whatChanged({ what, before, after })).toBe(text));

it("names the source", () => {
  expect(saidBy({ who: "file:/etc/a.yaml" })).toBe("file /etc/a.yaml");
  expect(saidBy({ who: "Ana: retired file" })).toBe("Ana: retired file");
});
