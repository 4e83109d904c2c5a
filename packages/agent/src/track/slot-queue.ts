/** Slots of the flow table in the order in which they came: a ring that grows. */
export class SlotQueue {
  #slots = new Int32Array(256);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(slot: number): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length++) & (this.#slots.length - 1)] = slot;
  }

  /** The first one; −1 if there is none. */
  peek(): number {
    return this.#length === 0 ? -1 : this.#slots[this.#head]!;
  }

  /** Takes the first one out; −1 if there is none. */
  shift(): number {
    if (this.#length === 0) return -1;
    const slot = this.#slots[this.#head]!;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    return slot;
  }

  #grow(): void {
    const next = new Int32Array(this.#slots.length * 2);
    next.set(this.#slots.subarray(this.#head));
    next.set(this.#slots.subarray(0, this.#head), this.#slots.length - this.#head);
    this.#slots = next;
    this.#head = 0;
  }
}
