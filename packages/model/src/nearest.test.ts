import { expect, it } from "vitest";
import { nearest } from "./nearest.ts";

it.each([
  ["nmae", "name"],
  ["NAME", "name"],
  ["nam", "name"],
  ["xyzzy", null],
  ["a", null],
])("takes %s for %s", (word, near) => expect(nearest(word, ["node", "kind", "name"])).toBe(near));

it("changes no more characters than it may", () => {
  expect(nearest("ABCD", ["ABXY"], 2)).toBe("ABXY");
  expect(nearest("ABCD", ["AWXY"], 2)).toBeNull();
});
