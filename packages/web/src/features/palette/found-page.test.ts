import { expect, it } from "vitest";
import { foundParams } from "./found-page.ts";

it.each([
  ["net=lab&from=-1h&cols=x", "user", "corp", "net=corp&from=-1h&name=it"],
  ["net=lab", "network", "corp", "name=it"],
  ["net=corp", "user", "corp", "net=corp&name=it"],
  ["from=-1h", "user", "corp", "from=-1h&name=it"],
  ["from=-1h", "node", "sample", "from=-1h&name=it&net=sample"],
] as const)("from ?%s to a %s of %s: ?%s", (params, kind, network, expected) => {
  expect(foundParams(new URLSearchParams(params), { kind, name: "it", network }).toString()).toBe(expected);
});
