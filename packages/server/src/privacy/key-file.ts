/**
 * The keys of pseudonyms, in a file that only the server's user may read: the first line makes new pseudonyms, all of them reveal. Rotation puts
 * a new line in front; who takes old lines out makes what they made unreadable for ever.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { PrivacyError } from "./errors.ts";

export const KEY_BYTES = 32;
const MARK = "flowtrail-privacy-1";
const OTHERS_BITS = 0o077;

/** Newest first. @throws PrivacyError */
export function readKeys(path: string): readonly Uint8Array[] {
  const text = readText(path);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const keys = lines.map((line, i) => {
    const [mark, , key = ""] = line.trim().split(" ");
    const bytes = Buffer.from(key, "base64url");
    if (mark === MARK && bytes.length === KEY_BYTES) return bytes;
    throw new PrivacyError(
      { code: "BAD_PRIVACY_KEY", path, line: i + 1 },
      `line ${i + 1} of ${path} is no key of Flowtrail: restore the file from its backup. What was made by a key that is gone can't be revealed`,
    );
  });
  if (keys.length > 0) return keys;
  throw new PrivacyError({ code: "BAD_PRIVACY_KEY", path, line: 1 }, `${path} is empty: it has no key`);
}

function readText(path: string): string {
  try {
    if ((statSync(path).mode & OTHERS_BITS) === 0) return readFileSync(path, "utf8");
  } catch (error) {
    const { code = "UNKNOWN" } = error as NodeJS.ErrnoException;
    throw noKey(
      path,
      code === "ENOENT"
        ? "there is none. Restore it from its backup, or make one with `flowtrail privacy key`; names that a lost key made can never be revealed"
        : `it can't be read (${code})`,
    );
  }
  throw noKey(path, "others may read it: it must be its owner's alone (chmod 600)");
}

function noKey(path: string, why: string): PrivacyError {
  return new PrivacyError({ code: "NO_PRIVACY_KEY", path, why }, `the key of pseudonyms, ${path}: ${why}`);
}

/**
 * Makes a key file, or (`rotate`) puts a new key before those that are there.
 * @returns how many keys are in it
 * @throws PrivacyError
 */
export function writeKey(path: string, { rotate, now }: { readonly rotate: boolean; readonly now: number }): number {
  const old = rotate ? readKeys(path).length : 0;
  const line = `${MARK} ${new Date(now).toISOString()} ${randomBytes(KEY_BYTES).toString("base64url")}\n`;
  try {
    if (!rotate) {
      writeFileSync(path, line, { mode: 0o600, flag: "wx" });
      return 1;
    }
    const rest = readFileSync(path, "utf8");
    // As one file or the other: a half of one would lose keys.
    writeFileSync(`${path}.new`, `${line}${rest}`, { mode: 0o600 });
    chmodSync(`${path}.new`, 0o600);
    renameSync(`${path}.new`, path);
    return old + 1;
  } catch (error) {
    const { code = "UNKNOWN" } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") throw noKey(path, `it can't be written (${code})`);
    throw new PrivacyError(
      { code: "PRIVACY_KEY_EXISTS", path },
      `${path} is there already: --rotate adds a new key to it and keeps the old ones`,
    );
  }
}
