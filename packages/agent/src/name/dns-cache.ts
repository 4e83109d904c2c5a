/** Which names each client has lately asked for, by the addresses that it was given: client → address → names. Never another client's. */
import { FlowKey } from "../track/flow-key.ts";
import { TextTable } from "../track/text-table.ts";
import { KeyedTable } from "./keyed-table.ts";

export interface DnsCacheConfig {
  readonly maxEntries: number;
  /** Of different names. */
  readonly maxNameBytes: number;
}

export const DNS_CACHE_DEFAULTS: DnsCacheConfig = { maxEntries: 32_768, maxNameBytes: 2 * 1024 * 1024 };

/** "Answered not longer ago than max(TTL, 10 min)": programs keep addresses for longer than they may. */
const LEAST_MS = 600_000;
/** Longer TTLs are believed for a day, as by resolvers. */
const MOST_MS = 86_400_000;
/** Names of one client for one address: of the hosts of one CDN address, the last ones. */
const MAX_NAMES_PER_KEY = 16;
const BYTES_PER_ENTRY = 24;

export class DnsCache {
  readonly #table: KeyedTable;
  readonly #names: TextTable;
  readonly #key = new FlowKey();
  // By entry; grown with the table.
  #name = new Uint32Array(0);
  #validMs = new Uint32Array(0);
  /** Its last answer; and how long before that were the one before, and the first since which it was never out of date. */
  #lastMs = new Float64Array(0);
  #beforeMs = new Uint32Array(0);
  #sinceMs = new Uint32Array(0);
  #evicted = 0;

  constructor(config: Partial<DnsCacheConfig> = {}) {
    const { maxEntries, maxNameBytes } = { ...DNS_CACHE_DEFAULTS, ...config };
    this.#names = new TextTable(maxNameBytes);
    this.#table = new KeyedTable(maxEntries, (entry) => {
      this.#evicted++;
      this.#names.release(this.#name[entry]!);
    });
  }

  get size(): number {
    return this.#table.size;
  }

  get bytes(): number {
    return this.#table.bytes + this.#table.capacity * BYTES_PER_ENTRY + this.#names.bytes;
  }

  /** Entries that had to go before they were out of date. */
  get evicted(): number {
    return this.#evicted;
  }

  /** `client` (16 bytes) was told at `atMs` (ms since 1970) that `name` is at this address. */
  add(client: Uint8Array, address: Uint8Array, addressAt: number, name: string, atMs: number, ttlS: number): void {
    const key = this.#keyOf(client, address, addressAt);
    const validMs = Math.min(Math.max(ttlS * 1000, LEAST_MS), MOST_MS);
    let count = 0;
    let oldest = -1;
    for (let entry = this.#table.find(key); entry >= 0; entry = this.#table.findOlder(key, entry)) {
      if (this.#names.get(this.#name[entry]!) === name) {
        this.#answerAgain(entry, atMs, validMs);
        return;
      }
      count++;
      if (oldest < 0 || this.#lastMs[entry]! < this.#lastMs[oldest]!) oldest = entry;
    }
    if (count >= MAX_NAMES_PER_KEY) this.#evict(oldest);
    const number = this.#takeName(name);
    if (number === 0) return;
    const entry = this.#table.add(key);
    if (entry >= this.#name.length) this.#grow();
    this.#name[entry] = number;
    this.#validMs[entry] = validMs;
    this.#lastMs[entry] = atMs;
    this.#beforeMs[entry] = 0;
    this.#sinceMs[entry] = 0;
  }

  /** The name that the client asked for last, at or before `startMs`, and was given this address; null if there is none that still counts. */
  look(client: Uint8Array, address: Uint8Array, addressAt: number, startMs: number): string | null {
    const key = this.#keyOf(client, address, addressAt);
    let best = -1;
    let bestMs = Number.NEGATIVE_INFINITY;
    for (let entry = this.#table.find(key); entry >= 0; entry = this.#table.findOlder(key, entry)) {
      const atMs = this.#answeredMs(entry, startMs);
      if (atMs <= bestMs) continue;
      best = entry;
      bestMs = atMs;
    }
    if (best < 0) return null;
    this.#table.touch(best);
    return this.#names.get(this.#name[best]!);
  }

  /** Is `name` among those that the client asked for and was given this address, so that they count at `startMs`? */
  has(client: Uint8Array, address: Uint8Array, addressAt: number, startMs: number, name: string): boolean {
    const key = this.#keyOf(client, address, addressAt);
    for (let entry = this.#table.find(key); entry >= 0; entry = this.#table.findOlder(key, entry)) {
      if (this.#names.get(this.#name[entry]!) === name && this.#answeredMs(entry, startMs) > Number.NEGATIVE_INFINITY)
        return true;
    }
    return false;
  }

  /** Forgets what is out of date, of the `most` least recently used entries. */
  sweep(nowMs: number, most = 4096): void {
    let entry = this.#table.oldest;
    for (let i = 0; i < most && entry >= 0; i++) {
      const next = this.#table.after(entry);
      if (nowMs - this.#lastMs[entry]! > this.#validMs[entry]!) this.#remove(entry);
      entry = next;
    }
  }

  /** Forgets what these clients asked for; `isOne` is told an address of 16 bytes. */
  forgetClients(isOne: (client: Uint8Array) => boolean): void {
    for (let entry = this.#table.oldest; entry >= 0; ) {
      const next = this.#table.after(entry);
      if (isOne(this.#table.sourceOf(entry))) this.#remove(entry);
      entry = next;
    }
  }

  clear(): void {
    while (this.#table.oldest >= 0) this.#remove(this.#table.oldest);
  }

  /** When it was answered last, at or before `startMs`; −∞ if that is too long ago, or never was. */
  #answeredMs(entry: number, startMs: number): number {
    const lastMs = this.#lastMs[entry]!;
    if (lastMs <= startMs) return startMs - lastMs <= this.#validMs[entry]! ? lastMs : Number.NEGATIVE_INFINITY;
    const beforeMs = lastMs - this.#beforeMs[entry]!;
    if (beforeMs <= startMs) return beforeMs;
    const sinceMs = lastMs - this.#sinceMs[entry]!;
    return sinceMs <= startMs ? sinceMs : Number.NEGATIVE_INFINITY;
  }

  #answerAgain(entry: number, atMs: number, validMs: number): void {
    const lastMs = this.#lastMs[entry]!;
    if (atMs <= lastMs) return; // the same packet on another interface
    const pauseMs = atMs - lastMs;
    const isRenewed = pauseMs <= this.#validMs[entry]!;
    this.#beforeMs[entry] = isRenewed ? pauseMs : 0;
    this.#sinceMs[entry] = isRenewed ? Math.min(this.#sinceMs[entry]! + pauseMs, 2 ** 32 - 1) : 0;
    this.#lastMs[entry] = atMs;
    this.#validMs[entry] = validMs;
    this.#table.touch(entry);
  }

  #grow(): void {
    const { capacity } = this.#table;
    const grown = <A extends Uint32Array | Float64Array>(array: A, next: A): A => {
      next.set(array);
      return next;
    };
    this.#name = grown(this.#name, new Uint32Array(capacity));
    this.#validMs = grown(this.#validMs, new Uint32Array(capacity));
    this.#lastMs = grown(this.#lastMs, new Float64Array(capacity));
    this.#beforeMs = grown(this.#beforeMs, new Uint32Array(capacity));
    this.#sinceMs = grown(this.#sinceMs, new Uint32Array(capacity));
  }

  #takeName(name: string): number {
    let number = this.#names.take(name);
    while (number === 0 && this.#table.oldest >= 0) {
      this.#evict(this.#table.oldest);
      number = this.#names.take(name);
    }
    return number;
  }

  #evict(entry: number): void {
    this.#evicted++;
    this.#remove(entry);
  }

  #remove(entry: number): void {
    this.#names.release(this.#name[entry]!);
    this.#table.remove(entry);
  }

  #keyOf(client: Uint8Array, address: Uint8Array, addressAt: number): FlowKey {
    const { bytes } = this.#key;
    for (let i = 0; i < 16; i++) {
      bytes[i] = client[i]!;
      bytes[16 + i] = address[addressAt + i]!;
    }
    return this.#key;
  }
}
