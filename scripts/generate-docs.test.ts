import { readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { generatedPages, root } from "./generate-docs.ts";

const pages = await generatedPages();

it.each([...pages])("%s is what the code says", (path, text) => {
  expect(readFileSync(join(root, path), "utf8"), `${path} is not up to date: run npm run docs and commit it`).toBe(text);
});

it.each([...pages])("%s is the same on every machine", (_path, text) => {
  expect(text).not.toContain(`default: "${hostname()}"`);
  expect(text).not.toContain('default: "/');
  expect(text).not.toContain(join(homedir(), ".local"));
});
