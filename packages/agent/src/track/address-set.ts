/** A set of addresses (16 bytes, IPv4 mapped) that is asked for each new flow: open addressing, no allocation. */
import { ADDRESS_BYTES } from "@flowtrail/model";

export class AddressSet {
  readonly size: number;
  /** Twice as many places as addresses, a power of two; 0 = free, else the address's number + 1. */
  readonly #places: Uint32Array;
  readonly #bytes: Uint8Array;

  constructor(addresses: Iterable<Uint8Array>) {
    const list = [...addresses];
    let places = 2;
    while (places < list.length * 2) places *= 2;
    this.#places = new Uint32Array(places);
    this.#bytes = new Uint8Array(list.length * ADDRESS_BYTES);
    let size = 0;
    for (const address of list) {
      const place = this.#find(address, 0);
      if (this.#places[place] !== 0) continue;
      this.#bytes.set(address.subarray(0, ADDRESS_BYTES), size * ADDRESS_BYTES);
      this.#places[place] = ++size;
    }
    this.size = size;
  }

  /** Is the address at `offset` of `bytes` in the set? */
  has(bytes: Uint8Array, offset = 0): boolean {
    return this.#places[this.#find(bytes, offset)] !== 0;
  }

  /** The address's place, or the free one where it would be. */
  #find(bytes: Uint8Array, offset: number): number {
    const mask = this.#places.length - 1;
    let hash = 0;
    for (let i = 0; i < ADDRESS_BYTES; i++) hash = Math.imul(hash ^ bytes[offset + i]!, 0x01000193);
    for (let place = (hash ^ (hash >>> 15)) & mask; ; place = (place + 1) & mask) {
      const number = this.#places[place]!;
      if (number === 0 || this.#equals((number - 1) * ADDRESS_BYTES, bytes, offset)) return place;
    }
  }

  #equals(at: number, bytes: Uint8Array, offset: number): boolean {
    for (let i = 0; i < ADDRESS_BYTES; i++) if (this.#bytes[at + i] !== bytes[offset + i]) return false;
    return true;
  }
}
