/** Which answer counts from when on, for each of many prefixes: one after the other in one array, as pairs of a time and an answer. */

export interface Stretch {
  /** The first one's is -Infinity. */
  readonly fromMs: number;
  /** -1: nobody held it. */
  readonly answer: number;
}

export class Timelines {
  #pairs = new Float64Array(1024);
  #length = 0;

  get bytes(): number {
    return this.#pairs.byteLength;
  }

  /** @param stretches in the order of time @returns the timeline's place, for `at` */
  add(stretches: readonly Stretch[]): number {
    while (this.#length + stretches.length * 2 > this.#pairs.length) {
      const longer = new Float64Array(this.#pairs.length * 2);
      longer.set(this.#pairs);
      this.#pairs = longer;
    }
    for (const { fromMs, answer } of stretches) {
      this.#pairs[this.#length++] = fromMs;
      this.#pairs[this.#length++] = answer;
    }
    return this.#length - 2;
  }

  /** The answer at that time; -1: none. Newest first: nearly all flows began a moment ago. */
  at(place: number, atMs: number): number {
    const pairs = this.#pairs;
    let pair = place;
    while ((pairs[pair] ?? Number.NEGATIVE_INFINITY) > atMs) pair -= 2;
    return (pairs[pair + 1] ?? -1) | 0;
  }
}
