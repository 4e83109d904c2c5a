/**
 * The keys that secrets are sealed with, in a file that only the server's user may read. The first line seals, all of them open: whoever joins
 * two servers, or changes the key, puts lines together.
 */
import { createHash, randomBytes } from "node:crypto";
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { SecretsError } from "./errors.ts";

const KEY_BYTES = 32;
const MARK = "flowtrail-secrets-1";
const OTHERS_BITS = 0o077;

export interface SecretsKey {
  /** Tells keys apart and says nothing of them. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** Null: there is no such file. @throws SecretsError */
export function readKeys(path: string): readonly [SecretsKey, ...SecretsKey[]] | null {
  const text = readText(path);
  if (text === null) return null;
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const [first, ...rest] = lines.map((line, i) => {
    const [mark, , key = ""] = line.trim().split(" ");
    const bytes = Buffer.from(key, "base64url");
    if (mark === MARK && bytes.length === KEY_BYTES) return { id: idOf(bytes), bytes };
    throw badKey(path, i + 1, `line ${i + 1} of ${path} is no key of Flowtrail: restore the file from its backup`);
  });
  if (first === undefined) throw badKey(path, 1, `${path} is empty: restore it from its backup`);
  return [first, ...rest];
}

/** Makes a file with one key. One that another process makes at the same time stays as it is. @throws SecretsError */
export function makeKey(path: string, now: number): void {
  const line = `${MARK} ${new Date(now).toISOString()} ${randomBytes(KEY_BYTES).toString("base64url")}\n`;
  const next = `${path}.${process.pid}.new`;
  try {
    writeFileSync(next, line, { mode: 0o600, flush: true });
    // Nobody ever reads a half of it, and nothing that is there is written over.
    linkSync(next, path);
  } catch (error) {
    const { code = "UNKNOWN" } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") throw noKey(path, `it can't be made (${code})`);
  } finally {
    rmSync(next, { force: true });
  }
}

export function noKey(path: string, why: string): SecretsError {
  return new SecretsError({ code: "NO_SECRETS_KEY", path, why }, `the key of secrets, ${path}: ${why}`);
}

function readText(path: string): string | null {
  try {
    if ((statSync(path).mode & OTHERS_BITS) === 0) return readFileSync(path, "utf8");
  } catch (error) {
    const { code = "UNKNOWN" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    throw noKey(path, `it can't be read (${code})`);
  }
  throw noKey(path, "others may read it: it must be its owner's alone (chmod 600)");
}

function badKey(path: string, line: number, message: string): SecretsError {
  return new SecretsError({ code: "BAD_SECRETS_KEY", path, line }, message);
}

const idOf = (bytes: Uint8Array) => createHash("sha256").update("flowtrail secrets ").update(bytes).digest("hex").slice(0, 8);
