/** What is known of each flow, from three independent witnesses: the kernel, the link between agent and server, the store. */

/** A few bytes a flow: a soak has millions. */
class Counts {
  #bytes = new Uint8Array(1 << 20);

  add(number: number): void {
    if (number >= this.#bytes.length) this.#grow(number);
    // More than that is as wrong as that.
    if ((this.#bytes[number] ?? 0) < 255) this.#bytes[number] = (this.#bytes[number] ?? 0) + 1;
  }

  at(number: number): number {
    return this.#bytes[number] ?? 0;
  }

  #grow(number: number): void {
    const larger = new Uint8Array(Math.max(number + 1, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** When it happened first or last, in ms since the ledger was made; 0: it did not. */
class Times {
  #words = new Uint32Array(1 << 18);

  set(number: number, ms: number): void {
    if (number >= this.#words.length) {
      const larger = new Uint32Array(Math.max(number + 1, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[number] = Math.max(1, Math.round(ms));
  }

  at(number: number): number {
    return this.#words[number] ?? 0;
  }
}

export class Ledger {
  /** As the kernel reported them: NEW and DESTROY. */
  readonly born = new Counts();
  readonly died = new Counts();
  readonly bornMs = new Times();
  readonly diedMs = new Times();
  /** Uploads that the server acknowledged with a row of it. */
  readonly acknowledged = new Counts();
  readonly acknowledgedMs = new Times();
  /** Numbers in the order of their birth, each once. */
  readonly numbers: number[] = [];

  /** ms since the ledger was made, by a clock that nobody sets. */
  now(): number {
    return performance.now() - this.#madeMs;
  }
  readonly #madeMs = performance.now() - 1;

  onBorn(number: number): void {
    if (this.born.at(number) === 0) this.numbers.push(number);
    this.born.add(number);
    this.bornMs.set(number, this.now());
  }

  onAcknowledged(number: number): void {
    if (this.acknowledged.at(number) === 0) this.acknowledgedMs.set(number, this.now());
    this.acknowledged.add(number);
  }

  onDied(number: number): void {
    this.died.add(number);
    this.diedMs.set(number, this.now());
  }
}
