import { completeFilter } from "@flowtrail/model";
import { expect, it } from "vitest";
import { take } from "./take.ts";

/** Takes one suggestion after the other, as a person does who types nothing. */
function taken(...choices: readonly string[]): string {
  let [text, at] = ["", 0];
  for (const choice of choices) {
    const completion = completeFilter(text, at);
    const suggestion = completion.suggestions.find((one) => one.text === choice) ?? { text: choice, kind: "value", detail: "" };
    ({ text, at } = take(text, completion, suggestion));
  }
  return text;
}

it.each<[string[], string]>([
  [["src.name", "=", '"ana b"'], 'src.name="ana b" '],
  [["protocol", "=", "tcp", "and", "bytes", ">", "1MiB"], "protocol=tcp and bytes>1MiB "],
  [["port", "in", "22", ",", "80", ")"], "port in (22, 80) "],
  [["not", "verdict", "not in", "denied", ")"], "not verdict not in (denied) "],
])("%j becomes %s", (choices, expected) => {
  expect(taken(...choices)).toBe(expected);
});

it("stands in the place of what was begun, and leaves what follows", () => {
  const text = "proto and port=22";
  const completion = completeFilter(text, 5);
  expect(take(text, completion, { text: "protocol", kind: "field", detail: "" })).toEqual({
    text: "protocol and port=22",
    at: 9,
  });
});
