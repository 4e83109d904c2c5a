/** The Ed25519 key of manifests, in a file that only the server's user may read. Made when the first manifest is. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { ComplianceError } from "./errors.ts";

export interface SigningKey {
  /** Tells keys apart. */
  readonly id: string;
  readonly secret: KeyObject;
  /** PEM. */
  readonly publicKey: string;
}

const OTHERS_BITS = 0o077;

/** Null: there is no such file. @throws ComplianceError */
export function readSigningKey(path: string): SigningKey | null {
  try {
    if ((statSync(path).mode & OTHERS_BITS) !== 0) throw bad(path, "others may read it: chmod 600");
    const secret = createPrivateKey(readFileSync(path, "utf8"));
    if (secret.asymmetricKeyType !== "ed25519") throw bad(path, "it is no Ed25519 key");
    const publicKey = createPublicKey(secret).export({ type: "spki", format: "pem" }).toString();
    return { id: createHash("sha256").update(publicKey).digest("hex").slice(0, 16), secret, publicKey };
  } catch (error) {
    if (error instanceof ComplianceError) throw error;
    const { code = "not a PEM key" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    throw bad(path, `it can't be read (${code})`);
  }
}

/** Makes one if there is none. @throws ComplianceError */
export function needSigningKey(path: string): SigningKey {
  const found = readSigningKey(path);
  if (found !== null) return found;
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  const next = `${path}.${process.pid}.new`;
  try {
    writeFileSync(next, pem, { mode: 0o600, flush: true });
    // Nobody ever reads a half of it, and nothing that is there is written over.
    linkSync(next, path);
  } catch (error) {
    const { code = "UNKNOWN" } = error as NodeJS.ErrnoException;
    if (code !== "EEXIST") throw bad(path, `it can't be made (${code})`);
  } finally {
    rmSync(next, { force: true });
  }
  const made = readSigningKey(path);
  if (made === null) throw bad(path, "it is gone again");
  return made;
}

const bad = (path: string, why: string) =>
  new ComplianceError({ code: "BAD_COMPLIANCE_KEY", path }, `the key of manifests, ${path}: ${why}`);
