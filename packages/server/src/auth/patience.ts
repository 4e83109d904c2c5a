/**
 * Who tries passwords waits, longer and longer. Nobody can lock somebody else out: a device that signed in to an account before is
 * counted for itself, and waits for nobody's failures but its own. (OWASP: Slow Down Online Guessing Attacks with Device Cookies.)
 */
import { addressGroup } from "./address-group.ts";

interface Rung {
  /** Failures without a wait. */
  readonly free: number;
  /** The first wait, which is doubled with each further failure. */
  readonly firstMs: number;
  readonly maxMs: number;
}

export interface PatienceConfig {
  /** Failures are forgotten when there were none for so long. */
  readonly forgetMs: number;
  /** Of one account from one device that it knows. */
  readonly device: Rung;
  /** Of one account from one address. */
  readonly pair: Rung;
  /** Of one address, whatever the account. */
  readonly address: Rung;
  /** Of one account from all unknown devices: those wait for each other, and the known ones don't. */
  readonly account: Rung;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Fewer than a hundred guesses an hour at one account (ASVS 2.2.1), however many addresses they come from. */
export const PATIENCE: PatienceConfig = {
  forgetMs: 60 * MINUTE,
  device: { free: 10, firstMs: 2 * SECOND, maxMs: 15 * MINUTE },
  pair: { free: 5, firstMs: SECOND, maxMs: 15 * MINUTE },
  address: { free: 20, firstMs: SECOND, maxMs: MINUTE },
  account: { free: 20, firstMs: 45 * SECOND, maxMs: 45 * SECOND },
};

/** A try to sign in. */
export interface Attempt {
  /** What names are compared by, whether somebody has it or not. */
  readonly account: string;
  /** Somebody has it. It changes nothing of the waits: what is counted of it is kept, however many names others invent. */
  readonly exists: boolean;
  readonly address: string;
  /** A device that signed in to this account before; null: it is unknown. */
  readonly device: string | null;
}

interface Count {
  failures: number;
  lastMs: number;
}

/** Of each kind. */
const MAX_COUNTS = 20_000;

/** Each kind has its own counts, so that those that strangers can make at will (addresses, names) push none of the others out. */
type Kind = "device" | "pair" | "address" | "account" | "nobody";

interface Key {
  readonly kind: Kind;
  readonly of: string;
  readonly rung: Rung;
}

export class Patience {
  readonly #config: PatienceConfig;
  readonly #now: () => number;
  /** The one that was touched longest ago is first. */
  readonly #counts: Record<Kind, Map<string, Count>> = {
    device: new Map(),
    pair: new Map(),
    address: new Map(),
    account: new Map(),
    nobody: new Map(),
  };

  constructor(config: PatienceConfig, deps: { now: () => number }) {
    this.#config = config;
    this.#now = deps.now;
  }

  /** 0: it may be tried, and is taken for a failure until `succeeded`. Else the time until the next try is looked at. */
  begin(attempt: Attempt): number {
    const keys = this.#keys(attempt);
    const waitMs = Math.max(...keys.map((key) => this.#waitMs(key)));
    if (waitMs > 0) return waitMs;
    for (const key of keys) this.#note(key, 1);
    return 0;
  }

  /** What began was good. Others' failures stay. */
  succeeded(attempt: Attempt): void {
    const [own, ...shared] = this.#keys(attempt);
    if (own !== undefined) this.#counts[own.kind].delete(own.of);
    for (const key of shared) this.#note(key, -1);
  }

  /** The first is of nobody but whoever tries. */
  #keys({ account, exists, address, device }: Attempt): Key[] {
    const rungs = this.#config;
    if (device !== null) return [{ kind: "device", of: `${account} ${device}`, rung: rungs.device }];
    const from = addressGroup(address);
    return [
      { kind: "pair", of: `${account} ${from}`, rung: rungs.pair },
      { kind: "address", of: from, rung: rungs.address },
      { kind: exists ? "account" : "nobody", of: account, rung: rungs.account },
    ];
  }

  #waitMs({ kind, of, rung: { free, firstMs, maxMs } }: Key): number {
    const known = this.#counts[kind].get(of);
    const now = this.#now();
    if (known === undefined || now - known.lastMs > this.#config.forgetMs || known.failures < free) return 0;
    return Math.max(0, known.lastMs + Math.min(maxMs, firstMs * 2 ** (known.failures - free)) - now);
  }

  #note({ kind, of }: Key, change: 1 | -1): void {
    const now = this.#now();
    const counts = this.#counts[kind];
    const known = counts.get(of);
    const before = known === undefined || now - known.lastMs > this.#config.forgetMs ? 0 : known.failures;
    counts.delete(of);
    counts.set(of, { failures: Math.max(0, before + change), lastMs: now });
    // There are only so many accounts.
    if (kind === "account" || counts.size <= MAX_COUNTS) return;
    const [oldest] = counts.keys();
    if (oldest !== undefined) counts.delete(oldest);
  }
}
