import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseFilter, printFilter } from "@flowtrail/model";
import { expect, it } from "vitest";
import { root } from "./generate-docs.ts";

const page = readFileSync(join(root, "docs/how-to/filter.md"), "utf8");
const examples = [...page.matchAll(/^\| `(.+?)` \| `(.+?)` \|/gm)].map(([, written, canonical]) => [
  written ?? "",
  canonical ?? "",
]);

it("has examples", () => expect(examples.length).toBeGreaterThan(15));

it.each(examples)("%s means what the page on filters says", (written, canonical) => {
  expect(printFilter(parseFilter(written))).toBe(canonical);
});
