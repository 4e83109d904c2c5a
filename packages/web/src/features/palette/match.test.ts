import { describe, expect, it } from "vitest";
import { matching } from "./match.ts";

const COMMANDS = [
  { label: "Traffic Logs" },
  { label: "Health" },
  { label: "Last 6 hours", words: "time" },
  { label: "Dark colours", words: "theme night" },
  { label: "Stealth" },
];
const labels = (text: string) => matching(COMMANDS, text).map(({ label }) => label);

describe("a text means", () => {
  it.each([
    ["", COMMANDS.map(({ label }) => label)],
    ["heal", ["Health"]],
    ["HE", ["Health", "Dark colours"]],
    ["lo", ["Traffic Logs", "Dark colours"]],
    ["6 last", ["Last 6 hours"]],
    ["theme dark", ["Dark colours"]],
    ["dark logs", []],
  ])("%j: %j", (text, expected) => {
    expect(labels(text)).toEqual(expected);
  });
});
