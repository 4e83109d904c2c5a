/**
 * Secrets that have to be sent on, such as the password of a mail server: kept sealed in the store, opened only to be used. Whoever has the store
 * or a backup of it and not the key file has none of them.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { SecretsError } from "./errors.ts";
import { makeKey, noKey, readKeys, type SecretsKey } from "./key-file.ts";

const MARK = "sealed1";
const CIPHER = "aes-256-gcm";
/** NIST SP 800-38D § 8.2: 96 bits, by chance; far fewer than 2^32 texts are sealed with one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface SealedConfig {
  /** Made when the first secret is sealed. */
  readonly keyFile: string;
}

export class Sealed {
  readonly #path: string;
  readonly #now: () => number;

  constructor({ keyFile }: SealedConfig, deps: { readonly now: () => number }) {
    this.#path = keyFile;
    this.#now = deps.now;
  }

  /** Another text each time. @throws SecretsError */
  seal(text: string): string {
    const [key] = this.#keys({ make: true });
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key.bytes, nonce).setAAD(Buffer.from(`${MARK}.${key.id}`));
    const body = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `${MARK}.${key.id}.${body.toString("base64url")}`;
  }

  /** @throws SecretsError */
  open(sealed: string): string {
    const [mark, id = "", body = ""] = sealed.split(".");
    const bytes = Buffer.from(body, "base64url");
    if (mark !== MARK || bytes.length < NONCE_BYTES + TAG_BYTES) throw badSealed();
    const key = this.#keys({ make: false }).find((one) => one.id === id);
    if (key === undefined) throw otherKey(this.#path, id);
    const decipher = createDecipheriv(CIPHER, key.bytes, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(`${MARK}.${id}`)).setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString("utf8");
    } catch {
      throw badSealed(); // Node says "unable to authenticate data", and nothing more
    }
  }

  #keys({ make }: { make: boolean }): readonly [SecretsKey, ...SecretsKey[]] {
    const found = readKeys(this.#path);
    if (found !== null) return found;
    if (make) makeKey(this.#path, this.#now());
    const made = make ? readKeys(this.#path) : null;
    if (made === null)
      throw noKey(
        this.#path,
        "there is none. Restore it from its backup, copy it from the server that has it, or set the secrets again",
      );
    return made;
  }
}

function otherKey(path: string, key: string): SecretsError {
  return new SecretsError(
    { code: "OTHER_SECRETS_KEY", path, key },
    `a secret was sealed with another key (${key}) than those in ${path}: add the line of that key to the file (it is on the server where the secret was set, or in the file's backup), or set the secret again`,
  );
}

const badSealed = () => new SecretsError({ code: "BAD_SEALED" }, "a sealed secret was changed or cut: set it again");
