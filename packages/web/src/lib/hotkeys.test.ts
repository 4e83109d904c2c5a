import { expect, it } from "vitest";
import { usesKey } from "./hotkeys.ts";

it.each([
  ["text", "j", true],
  ["search", "/", true],
  ["textarea", "?", true],
  ["div", "j", true],
  ["radio", "j", false],
  ["radio", "b", false],
  ["radio", "ArrowDown", true],
  ["radio", " ", true],
  ["checkbox", "l", false],
  ["checkbox", "ArrowDown", false],
  ["checkbox", " ", true],
  ["select", "j", true],
  ["select", "ArrowDown", true],
  ["select", "/", false],
  ["select", "?", false],
])("%s uses the key %j itself: %s", (control, key, uses) => {
  expect(usesKey(control, key)).toBe(uses);
});
