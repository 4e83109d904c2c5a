import { expect, it } from "vitest";
import { codeInFragment, codeInInput, withoutFragment } from "./link.ts";

it.each([
  ["#signin=abc%2Fd", "abc/d"],
  ["#signin=", null],
  ["#other=1", null],
  ["", null],
])("finds the code of the fragment %j", (hash, code) => {
  expect(codeInFragment(hash)).toBe(code);
});

it.each([
  [" abc ", "abc"],
  ["http://127.0.0.1:8080/#signin=abc", "abc"],
  ["http://127.0.0.1:8080/x?v=1#signin=abc%2Fd", "abc/d"],
  ["a#b", "a#b"],
])("takes what people paste: %j", (text, code) => {
  expect(codeInInput(text)).toBe(code);
});

it("takes the fragment, and only it, out of the address", () => {
  expect(withoutFragment("http://127.0.0.1:8080/traffic-logs?v=1&from=-1h#signin=abc")).toBe("/traffic-logs?v=1&from=-1h");
});
