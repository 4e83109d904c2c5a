/** Keys of a few 32-bit words → a number: open addressing over one typed array, so that a look-up makes nothing and touches one place of memory. */

export class WordIndex {
  /** Write the key here, then call `find` or `set`. */
  readonly key: Uint32Array;
  readonly #words: number;
  /** Key by key, each followed by its number plus one; zero: the slot is free. */
  #slots: Uint32Array;
  #mask: number;
  #size = 0;

  /** @param words of a key */
  constructor(words: number, expected = 8) {
    let capacity = 16;
    while (capacity < expected * 2) capacity *= 2;
    this.#words = words;
    this.key = new Uint32Array(words);
    this.#slots = new Uint32Array((words + 1) * capacity);
    this.#mask = capacity - 1;
  }

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** The number that was set for the key; -1: none. */
  find(): number {
    return (this.#slots[this.#slot() + this.#words] ?? 0) - 1;
  }

  /** `find` of a key of one word. */
  find1(w0: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = mix(step(0, w0)) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 2;
      const value = slots[at + 1] ?? 0;
      if (value === 0 || slots[at] === w0) return value - 1;
    }
  }

  /** `find` of a key of four words. */
  find4(w0: number, w1: number, w2: number, w3: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = mix(step(step(step(step(0, w0), w1), w2), w3)) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 5;
      const value = slots[at + 4] ?? 0;
      if (value === 0 || (slots[at + 3] === w3 && slots[at + 2] === w2 && slots[at + 1] === w1 && slots[at] === w0))
        return value - 1;
    }
  }

  /** @param value at least 0 */
  set(value: number): void {
    const slot = this.#slot();
    const isNew = this.#slots[slot + this.#words] === 0;
    this.#slots.set(this.key, slot);
    this.#slots[slot + this.#words] = value + 1;
    if (isNew && ++this.#size * 2 > this.#mask) this.#grow();
  }

  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }

  /** Where the key is, or would be. */
  #slot(): number {
    const { key } = this;
    const words = this.#words;
    const slots = this.#slots;
    const mask = this.#mask;
    let hash = 0;
    for (let i = 0; i < words; i++) hash = step(hash, key[i] ?? 0);
    hash = mix(hash);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * (words + 1);
      if (slots[at + words] === 0) return at;
      let i = 0;
      while (i < words && slots[at + i] === key[i]) i++;
      if (i === words) return at;
    }
  }

  #grow(): void {
    const before = this.#slots;
    const width = this.#words + 1;
    const wanted = this.key.slice();
    this.#slots = new Uint32Array(before.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let at = 0; at < before.length; at += width) {
      if (before[at + width - 1] === 0) continue;
      const entry = before.subarray(at, at + width);
      this.key.set(entry.subarray(0, width - 1));
      this.#slots.set(entry, this.#slot());
    }
    this.key.set(wanted);
  }
}

function step(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15);
}

/** Every bit of the word changes half of the result's (the finalizer of MurmurHash3, which is in the public domain). */
function mix(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
