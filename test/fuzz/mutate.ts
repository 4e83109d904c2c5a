/** Valid messages, spoilt: the same for the same seed. */

/** A sequence of numbers from [0, 2^32), after xorshift32 (Marsaglia 2003). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** A whole number from [0, limit). */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }
}

/** Numbers at which lengths, pointers and types turn into others. */
const EDGES = [0, 1, 2, 3, 4, 5, 12, 16, 22, 31, 32, 33, 63, 64, 127, 128, 191, 192, 193, 253, 254, 255];

/** Makes inputs of a corpus in a buffer of its own, with other bytes around them. */
export class Mutator {
  /** Where the input is: from `OFFSET` up to `end`. */
  readonly bytes: Uint8Array;
  end: number;
  static readonly OFFSET = 16;
  readonly #random: Random;
  readonly #corpus: readonly Uint8Array[];

  constructor(corpus: readonly Uint8Array[], random: Random) {
    const longest = Math.max(...corpus.map((message) => message.length));
    this.bytes = new Uint8Array(2 * longest + 4 * Mutator.OFFSET);
    this.end = Mutator.OFFSET;
    this.#corpus = corpus;
    this.#random = random;
  }

  get length(): number {
    return this.end - Mutator.OFFSET;
  }

  /** The next input: a message of the corpus with one to four faults; one in 64 has none. */
  next(): void {
    const message = this.#pick();
    this.bytes.set(message, Mutator.OFFSET);
    this.end = Mutator.OFFSET + message.length;
    if (this.#random.below(64) === 0) return;
    for (let faults = 1 + this.#random.below(4); faults > 0; faults--) this.#spoil();
  }

  /** Other bytes around the input, none of which a decoder may look at. */
  surround(filler: number): void {
    this.bytes.fill(filler, 0, Mutator.OFFSET);
    this.bytes.fill(filler, this.end);
  }

  #pick(): Uint8Array {
    return this.#corpus[this.#random.below(this.#corpus.length)]!;
  }

  /** A place in the input; mostly near its beginning, where the lengths are. */
  #place(): number {
    const within = Math.max(1, this.#random.below(3) === 0 ? this.length : Math.min(this.length, 64));
    return Mutator.OFFSET + this.#random.below(within);
  }

  #spoil(): void {
    const { bytes } = this;
    const random = this.#random;
    const at = this.#place();
    switch (random.below(8)) {
      case 0:
        bytes[at]! ^= 1 << random.below(8);
        break;
      case 1:
        bytes[at] = random.below(256);
        break;
      case 2:
        bytes[at] = EDGES[random.below(EDGES.length)]!;
        break;
      case 3: // a length that lies, of two bytes
        bytes[at] = random.below(4) === 0 ? random.below(256) : 0;
        bytes[at + 1] = random.below(256);
        break;
      case 4: // cut off
        this.end = Mutator.OFFSET + random.below(this.length + 1);
        break;
      case 5: // the end of another message
        this.#splice(at);
        break;
      case 6: // a part is missing
        this.#remove(at, 1 + random.below(16));
        break;
      default: // a part is there twice
        this.#repeat(at, 1 + random.below(32));
    }
  }

  #splice(at: number): void {
    const other = this.#pick();
    const from = this.#random.below(other.length);
    const tail = other.subarray(from, from + this.bytes.length - Mutator.OFFSET - at);
    this.bytes.set(tail, at);
    this.end = at + tail.length;
  }

  #remove(at: number, count: number): void {
    const removed = Math.max(0, Math.min(count, this.end - at));
    this.bytes.copyWithin(at, at + removed, this.end);
    this.end -= removed;
  }

  #repeat(at: number, count: number): void {
    const added = Math.max(0, Math.min(count, this.end - at, this.bytes.length - Mutator.OFFSET - this.end));
    this.bytes.copyWithin(at + added, at, this.end);
    this.end += added;
  }
}
