/**
 * Entries by two addresses, two ports and a protocol, several for one key: at most `limit` of them, the least recently used goes first. Numbers in
 * typed arrays, no object per entry; what an entry means is kept by its owner under the entry's number.
 */
import { randomInt } from "node:crypto";
import type { FlowKey } from "../track/flow-key.ts";
import { mix } from "../track/flow-table.ts";

const FIRST_CAPACITY = 256;
/** Eight words of addresses, one of ports, one of the protocol. */
const KEY_WORDS = 10;

export class KeyedTable {
  readonly #limit: number;
  readonly #onEvict: (entry: number) => void;
  readonly #seed: number;
  #capacity: number;
  #keys: Uint32Array;
  /** Next entry of the hash chain, newest first; of a free entry: the next free one. */
  #next: Int32Array;
  /** Neighbours in the order of use; `#newest` and `#oldest` are its ends. */
  #newer: Int32Array;
  #older: Int32Array;
  #buckets: Int32Array;
  #newest = -1;
  #oldest = -1;
  #free = -1;
  #used = 0;
  #size = 0;

  /** @param onEvict an entry had to go to make room */
  constructor(limit: number, onEvict: (entry: number) => void, seed = randomInt(2 ** 32)) {
    this.#limit = limit;
    this.#onEvict = onEvict;
    this.#seed = seed;
    this.#capacity = Math.min(limit, FIRST_CAPACITY);
    this.#keys = new Uint32Array(this.#capacity * KEY_WORDS);
    this.#next = new Int32Array(this.#capacity);
    this.#newer = new Int32Array(this.#capacity);
    this.#older = new Int32Array(this.#capacity);
    this.#buckets = this.#newBuckets();
  }

  get size(): number {
    return this.#size;
  }

  /** All entries' numbers are less than this. It grows. */
  get capacity(): number {
    return this.#capacity;
  }

  get bytes(): number {
    const { byteLength } = this.#buckets;
    return byteLength + this.#capacity * (KEY_WORDS * 4 + 12);
  }

  /** The least recently used entry, −1 if there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The entry that was used next after this one; −1 after the last. */
  after(entry: number): number {
    return this.#newer[entry]!;
  }

  /** The newest entry of a key, −1 if there is none. */
  find(key: FlowKey): number {
    return this.#from(this.#buckets[this.#bucketOf(key)]!, key);
  }

  /** The next older entry of the same key, −1 if there is none. */
  findOlder(key: FlowKey, entry: number): number {
    return this.#from(this.#next[entry]!, key);
  }

  add(key: FlowKey): number {
    const entry = this.#take();
    const at = entry * KEY_WORDS;
    for (let i = 0; i < 8; i++) this.#keys[at + i] = key.words[i]!;
    this.#keys[at + 8] = (key.first << 16) | key.second;
    this.#keys[at + 9] = key.protocol;
    const bucket = this.#bucketOf(key);
    this.#next[entry] = this.#buckets[bucket]!;
    this.#buckets[bucket] = entry;
    this.#append(entry);
    this.#size++;
    return entry;
  }

  /** The first address of an entry's key, 16 bytes; valid until the next call of `add`. */
  sourceOf(entry: number): Uint8Array {
    return new Uint8Array(this.#keys.buffer, entry * KEY_WORDS * 4, 16);
  }

  /** It was used just now. */
  touch(entry: number): void {
    if (entry === this.#newest) return;
    this.#detach(entry);
    this.#append(entry);
  }

  remove(entry: number): void {
    const bucket = this.#bucketOfEntry(entry);
    if (this.#buckets[bucket] === entry) this.#buckets[bucket] = this.#next[entry]!;
    else {
      let before = this.#buckets[bucket]!;
      while (this.#next[before] !== entry) before = this.#next[before]!;
      this.#next[before] = this.#next[entry]!;
    }
    this.#detach(entry);
    this.#next[entry] = this.#free;
    this.#free = entry;
    this.#size--;
  }

  #from(first: number, key: FlowKey): number {
    let entry = first;
    while (entry >= 0 && !this.#matches(entry, key)) entry = this.#next[entry]!;
    return entry;
  }

  #matches(entry: number, key: FlowKey): boolean {
    const at = entry * KEY_WORDS;
    if (this.#keys[at + 8] !== ((key.first << 16) | key.second) >>> 0 || this.#keys[at + 9] !== key.protocol) return false;
    for (let i = 0; i < 8; i++) if (this.#keys[at + i] !== key.words[i]) return false;
    return true;
  }

  #take(): number {
    if (this.#free < 0 && this.#used === this.#capacity) {
      if (this.#capacity < this.#limit) this.#grow();
      else {
        const { oldest } = this;
        this.#onEvict(oldest);
        this.remove(oldest);
      }
    }
    if (this.#free < 0) return this.#used++;
    const entry = this.#free;
    this.#free = this.#next[entry]!;
    return entry;
  }

  #append(entry: number): void {
    this.#older[entry] = this.#newest;
    this.#newer[entry] = -1;
    if (this.#newest >= 0) this.#newer[this.#newest] = entry;
    else this.#oldest = entry;
    this.#newest = entry;
  }

  #detach(entry: number): void {
    const newer = this.#newer[entry]!;
    const older = this.#older[entry]!;
    if (newer >= 0) this.#older[newer] = older;
    else this.#newest = older;
    if (older >= 0) this.#newer[older] = newer;
    else this.#oldest = newer;
  }

  #grow(): void {
    const before = this.#capacity;
    this.#capacity = Math.min(this.#limit, before * 2);
    const grown = <A extends Uint32Array | Int32Array>(array: A, width: number): A => {
      const next = new (array.constructor as new (length: number) => A)(this.#capacity * width);
      next.set(array);
      return next;
    };
    this.#keys = grown(this.#keys, KEY_WORDS);
    this.#next = grown(this.#next, 1);
    this.#newer = grown(this.#newer, 1);
    this.#older = grown(this.#older, 1);
    this.#buckets = this.#newBuckets();
    // All entries are in use when it grows; those of one key keep their order, as they were added in the order of their use or were touched.
    for (let entry = this.#oldest; entry >= 0; entry = this.#newer[entry]!) {
      const bucket = this.#bucketOfEntry(entry);
      this.#next[entry] = this.#buckets[bucket]!;
      this.#buckets[bucket] = entry;
    }
  }

  #newBuckets(): Int32Array {
    let buckets = 1;
    while (buckets < this.#capacity) buckets *= 2;
    return new Int32Array(buckets).fill(-1);
  }

  #bucketOf(key: FlowKey): number {
    let hash = mix(mix(this.#seed, (key.first << 16) | key.second), key.protocol);
    for (let i = 0; i < 8; i++) hash = mix(hash, key.words[i]!);
    return (hash ^ (hash >>> 16)) & (this.#buckets.length - 1);
  }

  #bucketOfEntry(entry: number): number {
    const at = entry * KEY_WORDS;
    let hash = mix(mix(this.#seed, this.#keys[at + 8]!), this.#keys[at + 9]!);
    for (let i = 0; i < 8; i++) hash = mix(hash, this.#keys[at + i]!);
    return (hash ^ (hash >>> 16)) & (this.#buckets.length - 1);
  }
}
