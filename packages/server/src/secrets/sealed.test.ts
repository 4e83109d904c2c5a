import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { Sealed } from "./sealed.ts";

const dir = mkdtempSync(join(tmpdir(), "flowtrail-secrets-"));
const keyFile = join(dir, "secrets.key");
const make = () => new Sealed({ keyFile }, { now: () => Date.parse("2026-11-23T06:00:00Z") });

beforeEach(() => rmSync(keyFile, { force: true }));
afterAll(() => rmSync(dir, { recursive: true }));

it("opens what it sealed, also after a restart, with a key file that is made at first need", () => {
  const sealed = make().seal("pässword: 日本");
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  expect(sealed).toMatch(/^sealed1\.[0-9a-f]{8}\.[\w-]+$/);
  expect(make().open(sealed)).toBe("pässword: 日本");
  expect(make().seal("pässword: 日本")).not.toBe(sealed);
  expect(make().open(make().seal(""))).toBe("");
});

it("says what is wrong when the key is another one, and takes a file with both", () => {
  const sealed = make().seal("one");
  const first = readFileSync(keyFile, "utf8");
  rmSync(keyFile);
  expect(() => make().open(sealed)).toThrow(expect.objectContaining({ code: "NO_SECRETS_KEY" }));
  const second = make().seal("two");
  expect(() => make().open(sealed)).toThrow(expect.objectContaining({ code: "OTHER_SECRETS_KEY" }));
  writeFileSync(keyFile, readFileSync(keyFile, "utf8") + first, { mode: 0o600 });
  expect([make().open(sealed), make().open(second)]).toEqual(["one", "two"]);
});

it("refuses what was changed, in any place", () => {
  const sealed = make().seal("secret");
  const dot = sealed.lastIndexOf(".") + 1;
  for (const at of [dot, dot + 14, dot + 20, sealed.length - 3]) {
    const other = sealed[at] === "A" ? "B" : "A";
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
    expect(() => make().open(changed)).toThrow(expect.objectContaining({ code: "BAD_SEALED" }));
  }
  for (const text of ["", "secret", "sealed1.12345678.", sealed.slice(0, dot + 20)])
    expect(() => make().open(text)).toThrow(expect.objectContaining({ code: "BAD_SEALED" }));
});

it("refuses a key file that others may read, that is none, or that can't be made", () => {
  const sealed = make().seal("secret");
  chmodSync(keyFile, 0o640);
  expect(() => make().open(sealed)).toThrow(/chmod 600/);
  expect(() => make().seal("more")).toThrow(/chmod 600/);
  renameSync(keyFile, `${keyFile}.old`);
  writeFileSync(keyFile, "something else\n", { mode: 0o600 });
  expect(() => make().open(sealed)).toThrow(expect.objectContaining({ code: "BAD_SECRETS_KEY" }));
  const nowhere = new Sealed({ keyFile: join(dir, "no", "where") }, { now: () => 0 });
  expect(() => nowhere.seal("secret")).toThrow(expect.objectContaining({ code: "NO_SECRETS_KEY" }));
});
