import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPseudonym } from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { PrivacyError } from "./errors.ts";
import { readKeys, writeKey } from "./key-file.ts";
import { Pseudonyms } from "./pseudonyms.ts";

const keyOf = (byte: number) => new Uint8Array(32).fill(byte);
const ours = new Pseudonyms([keyOf(1)]);

describe("pseudonyms", () => {
  it("are the same for the same name, and are turned back by the key alone", () => {
    const name = fc.string({ minLength: 1, maxLength: 256 }).filter((text) => !text.includes("\0") && text.isWellFormed());
    fc.assert(
      fc.property(name, (name) => {
        const pseudonym = ours.of("user", name);
        expect(new Pseudonyms([keyOf(1)]).of("user", name)).toBe(pseudonym);
        expect(readPseudonym(pseudonym)?.kind).toBe("user");
        expect(ours.reveal(pseudonym)).toEqual({ kind: "user", name });
        expect(new Pseudonyms([keyOf(2)]).reveal(pseudonym)).toBeNull();
        expect(ours.of("user", pseudonym)).toBe(pseudonym);
      }),
    );
  });

  it("tell neither the name nor its length, and differ by kind and by key", () => {
    const pseudonym = ours.of("user", "ana@example.com");
    expect(pseudonym).toMatch(/^user-[a-z2-7]+$/);
    expect(ours.of("user", "bo").length).toBe(ours.of("user", "mia.li").length);
    expect(ours.of("config", "ana@example.com").slice(7)).not.toBe(pseudonym.slice(5));
    expect(new Pseudonyms([keyOf(2)]).of("user", "ana@example.com")).not.toBe(pseudonym);
  });

  it("that somebody changed are nobody's, each letter of it", () => {
    const pseudonym = ours.of("user", "ana@example.com");
    for (let at = 5; at < pseudonym.length; at++) {
      const other = pseudonym[at] === "a" ? "b" : "a";
      expect(ours.reveal(`${pseudonym.slice(0, at)}${other}${pseudonym.slice(at + 1)}`)).toBeNull();
    }
    expect(ours.reveal(pseudonym.replace("user-", "config-"))).toBeNull();
    for (const text of ["", "user-", "user-aaaa", `${pseudonym}a`, pseudonym.toUpperCase(), "ana"])
      expect(ours.reveal(text)).toBeNull();
  });

  it("are made by the newest key, and revealed by all", () => {
    const before = ours.of("user", "ana");
    const rotated = new Pseudonyms([keyOf(2), keyOf(1)]);
    expect(rotated.of("user", "ana")).not.toBe(before);
    expect(rotated.reveal(before)).toEqual({ kind: "user", name: "ana" });
    expect(rotated.of("user", before)).toBe(before);
    // Rows of before are called as they were: whoever looks for a person looks for all of these.
    expect(rotated.everyOf("user", "ana")).toEqual([rotated.of("user", "ana"), before]);
  });
});

describe("the key file", () => {
  const dir = mkdtempSync(join(tmpdir(), "flowtrail-key-"));
  afterAll(() => rmSync(dir, { recursive: true }));
  const path = join(dir, "privacy.key");
  const codeOf = (work: () => unknown): unknown => {
    try {
      work();
    } catch (error) {
      return error instanceof PrivacyError ? error.code : error;
    }
    return null;
  };

  it("is its owner's alone, is never written over, and keeps old keys when it is rotated", () => {
    expect(codeOf(() => readKeys(path))).toBe("NO_PRIVACY_KEY");
    expect(codeOf(() => writeKey(path, { rotate: true, now: 0 }))).toBe("NO_PRIVACY_KEY");
    expect(writeKey(path, { rotate: false, now: 0 })).toBe(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const [first] = readKeys(path);
    expect(codeOf(() => writeKey(path, { rotate: false, now: 0 }))).toBe("PRIVACY_KEY_EXISTS");
    expect(writeKey(path, { rotate: true, now: 1 })).toBe(2);
    const keys = readKeys(path);
    expect([keys.length, keys[1], statSync(path).mode & 0o777]).toEqual([2, first, 0o600]);
    expect(keys[0]).not.toEqual(first);
  });

  it("is refused if others may read it, if it is empty, or holds what is no key", () => {
    chmodSync(path, 0o640);
    expect(codeOf(() => readKeys(path))).toBe("NO_PRIVACY_KEY");
    chmodSync(path, 0o600);
    const text = readFileSync(path, "utf8");
    for (const bad of ["", `${text}x\n`, text.replaceAll("flowtrail-privacy-1", "other"), text.slice(0, -9)]) {
      writeFileSync(path, bad);
      expect(codeOf(() => readKeys(path))).toBe("BAD_PRIVACY_KEY");
    }
  });
});
