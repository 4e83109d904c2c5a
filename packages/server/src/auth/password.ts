/**
 * Passwords as they are kept: scrypt (RFC 7914) with a salt each, and the parameters beside, so that they can be raised.
 * Few are worked out at once, few wait: each costs a third of a second and memory, and whoever asks for them is nobody yet.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { AuthError } from "./errors.ts";

export interface ScryptCost {
  /** Binary logarithm of the number of blocks, of 128 · r bytes each. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** One of the settings that OWASP names as equally strong (Password Storage Cheat Sheet): the one that takes 32 MiB. */
const COST: ScryptCost = { ln: 15, r: 8, p: 3 };

export interface PasswordsConfig {
  readonly cost: ScryptCost;
  readonly maxAtOnce: number;
  /** That may wait, of those whom we know and of others, each. */
  readonly maxWaiting: number;
}

export const PASSWORDS: PasswordsConfig = { cost: COST, maxAtOnce: 2, maxWaiting: 16 };

const SALT_BYTES = 16;
const KEY_BYTES = 32;
const RETRY_AFTER_MS = 5_000;

type Lane = "known" | "other";

export class Passwords {
  readonly #config: PasswordsConfig;
  #running = 0;
  readonly #waiting: Record<Lane, (() => void)[]> = { known: [], other: [] };
  /** Of a password that nobody knows, for names that nobody has. */
  readonly #decoy: string;

  constructor(config: PasswordsConfig) {
    this.#config = config;
    this.#decoy = format(config.cost, randomBytes(SALT_BYTES), randomBytes(KEY_BYTES));
  }

  /** What to keep of a password. @throws AuthError RATE_LIMITED while too many wait */
  hash(password: string): Promise<string> {
    return this.#inTurn("known", async () => {
      const salt = randomBytes(SALT_BYTES);
      return format(this.#config.cost, salt, await derive(password, salt, this.#config.cost));
    });
  }

  /**
   * Is it the one of which this was kept? With nothing kept the answer is no, and takes as long.
   * @param lane those whom we know don't wait for the others
   * @throws AuthError RATE_LIMITED while too many wait
   */
  verify(password: string, kept: string, lane: Lane): Promise<boolean> {
    return this.#inTurn(lane, async () => {
      const { cost, salt, key } = parse(kept === "" ? this.#decoy : kept);
      return timingSafeEqual(await derive(password, salt, cost), key) && kept !== "";
    });
  }

  /** Was this made with other parameters than are used now? */
  isOutdated(kept: string): boolean {
    return format(this.#config.cost, Buffer.alloc(0), Buffer.alloc(0)).split("$")[2] !== kept.split("$")[2];
  }

  /** Holds until something else is awaited. @throws AuthError RATE_LIMITED while too many wait */
  assertRoom(lane: Lane): void {
    if (this.#running >= this.#config.maxAtOnce && this.#waiting[lane].length >= this.#config.maxWaiting)
      throw new AuthError({ code: "RATE_LIMITED", retryAfterMs: RETRY_AFTER_MS }, "too many sign in at the same time");
  }

  async #inTurn<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    this.assertRoom(lane);
    if (this.#running >= this.#config.maxAtOnce) {
      await new Promise<void>((resolve) => this.#waiting[lane].push(resolve));
    } else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.known.shift() ?? this.#waiting.other.shift();
      // The place is handed on as it is.
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

/** Texts that look the same are the same password, whatever keyboard made them (NIST SP 800-63B §5.1.1.2). */
function derive(password: string, salt: Buffer, { ln, r, p }: ScryptCost): Promise<Buffer> {
  const N = 2 ** ln;
  const options: ScryptOptions = { N, r, p, maxmem: 2 * 128 * r * (N + p) };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** The form of passlib and libxcrypt's relatives (PHC string format). */
function format({ ln, r, p }: ScryptCost, salt: Buffer, key: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt.toString("base64url")}$${key.toString("base64url")}`;
}

function parse(kept: string): { cost: ScryptCost; salt: Buffer; key: Buffer } {
  const [, ln, r, p, salt, key] = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]+)$/.exec(kept) ?? [];
  if (salt === undefined || key === undefined) throw new TypeError("a kept password is in no form that is known here");
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  return { cost, salt: Buffer.from(salt, "base64url"), key: Buffer.from(key, "base64url") };
}
