/**
 * The open flows as columns (a struct of arrays): 198 bytes each, 234 where flows are translated, no object per flow. Slots are found by a chained hash
 * over the whole identity of an entry, because CTA_ID alone is neither unique at one time nor for ever.
 */
import { randomInt } from "node:crypto";
import { NO_CODE } from "./codes.ts";
import type { FlowKey } from "./flow-key.ts";
import { ALL_LAYOUTS, type AnyArray, type ColumnName, type FlowColumns, NAT_LAYOUT, PHASE } from "./flow-layout.ts";

const FIRST_CAPACITY = 1024;

export class FlowTable {
  /** Replaced one by one when the table grows: don't hold on to an array over an `add`. */
  readonly columns: FlowColumns;
  /** `addresses` and `natAddresses` as bytes. */
  addressBytes = new Uint8Array(0);
  natBytes = new Uint8Array(0);
  readonly #limit: number;
  readonly #seed: number;
  #capacity: number;
  #buckets: Int32Array;
  #free = -1;
  /** Slots that were ever in use: all from here on are fresh. */
  #used = 0;
  #size = 0;

  /** @param limit most slots; @param seed so that nobody can choose ports that all fall into one chain */
  constructor(limit: number, seed = randomInt(2 ** 32)) {
    this.#limit = limit;
    this.#seed = seed;
    this.#capacity = Math.min(limit, FIRST_CAPACITY);
    const columns = {} as Record<ColumnName, AnyArray>;
    for (const name of Object.keys(ALL_LAYOUTS) as ColumnName[]) {
      const [type, width] = ALL_LAYOUTS[name];
      columns[name] = new type(name in NAT_LAYOUT ? 0 : this.#capacity * width);
    }
    this.columns = columns as FlowColumns;
    this.#buckets = new Int32Array(0);
    this.#refreshViews();
    this.#rehash();
  }

  /** Slots in use. */
  get size(): number {
    return this.#size;
  }

  /** No slot in use has this number or a higher one. */
  get end(): number {
    return this.#used;
  }

  get bytes(): number {
    let bytes = this.#buckets.byteLength;
    for (const name of Object.keys(ALL_LAYOUTS) as ColumnName[]) bytes += this.columns[name].byteLength;
    return bytes;
  }

  get translates(): boolean {
    return this.natBytes.length > 0;
  }

  /** The newest slot with this identity, −1 if there is none. */
  find(key: FlowKey): number {
    const { next } = this.columns;
    let slot = this.#buckets[this.#bucketOf(key.words, 0, key.first, key.second, key.protocol, key.zone, key.id)]!;
    while (slot >= 0 && !this.#matches(slot, key)) slot = next[slot]!;
    return slot;
  }

  /** The next older slot of the same identity, −1 if there is none. */
  findOlder(key: FlowKey, slot: number): number {
    const { next } = this.columns;
    let older = next[slot]!;
    while (older >= 0 && !this.#matches(older, key)) older = next[older]!;
    return older;
  }

  /** Takes a slot for this identity: counters, times and flags are 0, the rest is the caller's. −1 if the table is full. */
  add(key: FlowKey): number {
    const slot = this.#take();
    if (slot < 0) return -1;
    this.#clear(slot);
    const { addresses, ports, zone, conntrackId, protocol } = this.columns;
    addresses.set(key.words, slot * 8);
    ports[slot * 2] = key.first;
    ports[slot * 2 + 1] = key.second;
    zone[slot] = key.zone;
    conntrackId[slot] = key.id;
    protocol[slot] = key.protocol;
    this.link(slot);
    return slot;
  }

  /**
   * Takes the first slots of an empty table and leaves it to the caller to fill their columns and to `link` them. Returns how many it has
   * room for.
   */
  addUnlinked(count: number): number {
    let taken = 0;
    while (taken < count && this.#take() >= 0) taken++;
    return taken;
  }

  /** Makes a slot findable. */
  link(slot: number): void {
    const bucket = this.#bucketOfSlot(slot);
    this.columns.next[slot] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
  }

  free(slot: number): void {
    const { next, phase } = this.columns;
    const bucket = this.#bucketOfSlot(slot);
    if (this.#buckets[bucket] === slot) this.#buckets[bucket] = next[slot]!;
    else {
      let before = this.#buckets[bucket]!;
      while (next[before] !== slot) before = next[before]!;
      next[before] = next[slot]!;
    }
    phase[slot] = PHASE.free;
    next[slot] = this.#free;
    this.#free = slot;
    this.#size--;
  }

  /** Copies the identity of a slot. */
  readKey(slot: number, key: FlowKey): void {
    const { addresses, ports, zone, conntrackId, protocol } = this.columns;
    for (let i = 0; i < 8; i++) key.words[i] = addresses[slot * 8 + i]!;
    key.first = ports[slot * 2]!;
    key.second = ports[slot * 2 + 1]!;
    key.zone = zone[slot]!;
    key.id = conntrackId[slot]!;
    key.protocol = protocol[slot]!;
  }

  /** Makes room for translated addresses. */
  translate(): void {
    if (this.translates) return;
    this.columns.natAddresses = new Uint32Array(this.#capacity * NAT_LAYOUT.natAddresses[1]);
    this.columns.natPorts = new Uint16Array(this.#capacity * NAT_LAYOUT.natPorts[1]);
    this.#refreshViews();
  }

  #take(): number {
    let slot = this.#free;
    if (slot >= 0) this.#free = this.columns.next[slot]!;
    else {
      if (this.#used === this.#capacity && !this.#grow()) return -1;
      slot = this.#used++;
    }
    this.#size++;
    return slot;
  }

  #clear(slot: number): void {
    const { columns } = this;
    columns.flags[slot] = 0;
    columns.status[slot] = 0;
    columns.revision[slot] = 0;
    columns.totals.fill(0, slot * 4, slot * 4 + 4);
    columns.reported.fill(0, slot * 4, slot * 4 + 4);
    columns.start[slot] = 0;
    columns.kernelStartUs[slot] = 0;
    columns.seen[slot] = 0;
    columns.since[slot] = 0;
    columns.end[slot] = 0;
    columns.rowS[slot] = 0;
    columns.domain[slot] = 0;
    columns.about[slot] = 0;
    columns.domainSource[slot] = NO_CODE;
  }

  #matches(slot: number, key: FlowKey): boolean {
    const { addresses, ports, zone, conntrackId, protocol } = this.columns;
    if (conntrackId[slot] !== key.id || ports[slot * 2] !== key.first || ports[slot * 2 + 1] !== key.second) return false;
    if (protocol[slot] !== key.protocol || zone[slot] !== key.zone) return false;
    const { words } = key;
    for (let i = 0; i < 8; i++) if (addresses[slot * 8 + i] !== words[i]) return false;
    return true;
  }

  #bucketOfSlot(slot: number): number {
    const { addresses, ports, zone, conntrackId, protocol } = this.columns;
    return this.#bucketOf(
      addresses,
      slot * 8,
      ports[slot * 2]!,
      ports[slot * 2 + 1]!,
      protocol[slot]!,
      zone[slot]!,
      conntrackId[slot]!,
    );
  }

  #bucketOf(words: Uint32Array, at: number, first: number, second: number, protocol: number, zone: number, id: number): number {
    let hash = mix(this.#seed ^ id, (first << 16) | second);
    hash = mix(hash, (protocol << 16) | zone);
    for (let i = 0; i < 8; i++) hash = mix(hash, words[at + i]!);
    return (hash ^ (hash >>> 16)) & (this.#buckets.length - 1);
  }

  #grow(): boolean {
    if (this.#capacity >= this.#limit) return false;
    this.#capacity = Math.min(this.#limit, this.#capacity * 2);
    const columns = this.columns as Record<ColumnName, AnyArray>;
    for (const name of Object.keys(ALL_LAYOUTS) as ColumnName[]) {
      const [type, width] = ALL_LAYOUTS[name];
      if (name in NAT_LAYOUT && !this.translates) continue;
      const grown = new type(this.#capacity * width);
      grown.set(columns[name]);
      columns[name] = grown;
    }
    this.#refreshViews();
    this.#rehash();
    return true;
  }

  #refreshViews(): void {
    this.addressBytes = new Uint8Array(this.columns.addresses.buffer);
    this.natBytes = new Uint8Array(this.columns.natAddresses.buffer);
  }

  /** Chains keep their order, newest first: the slots of one identity are all in one chain, before and after. */
  #rehash(): void {
    const before = this.#buckets;
    let buckets = 1;
    while (buckets < this.#capacity) buckets *= 2;
    this.#buckets = new Int32Array(buckets).fill(-1);
    const chain: number[] = [];
    for (const first of before) {
      for (let slot = first; slot >= 0; slot = this.columns.next[slot]!) chain.push(slot);
      while (chain.length > 0) this.link(chain.pop()!);
    }
  }
}

/** One round of MurmurHash3. */
export function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}
