/** Which answer counts from when on, for each of many prefixes. */

export interface Stretch {
  /** The first one's is -Infinity. */
  readonly fromMs: number;
  /** -1: nobody held it. */
  readonly answer: number;
}

export class Timelines {
  /** Of each timeline, time and answer of its last stretch: nearly all flows began a moment ago, so this is what is asked for, in one place of memory. */
  readonly #last: Float64Array;
  /** Behind the stretches before it, in the arrays below. */
  readonly #ends: Int32Array;
  /** All others, each timeline's in the order of time. */
  readonly #fromMs: Float64Array;
  readonly #answers: Int32Array;

  /** @param timelines at least one stretch each, in the order of time; their places are their numbers */
  constructor(timelines: readonly (readonly Stretch[])[]) {
    const stretches = timelines.reduce((sum, { length }) => sum + length, 0);
    this.#last = new Float64Array(timelines.length * 2);
    this.#ends = new Int32Array(timelines.length);
    this.#fromMs = new Float64Array(stretches - timelines.length);
    this.#answers = new Int32Array(stretches - timelines.length);
    let end = 0;
    for (const [timeline, list] of timelines.entries()) {
      for (const [i, { fromMs, answer }] of list.entries()) {
        if (i === list.length - 1) {
          this.#last[timeline * 2] = fromMs;
          this.#last[timeline * 2 + 1] = answer;
          this.#ends[timeline] = end;
        } else {
          this.#fromMs[end] = fromMs;
          this.#answers[end++] = answer;
        }
      }
    }
  }

  get bytes(): number {
    const parts = [this.#last, this.#ends, this.#fromMs, this.#answers];
    return parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The timeline's answer at that time; -1: none. */
  at(timeline: number, atMs: number): number {
    const last = this.#last;
    // As a small integer: a double would have to be made an object for each answer.
    if ((last[timeline * 2] ?? 0) <= atMs) return (last[timeline * 2 + 1] ?? -1) | 0;
    let low = timeline === 0 ? 0 : (this.#ends[timeline - 1] ?? 0);
    let high = (this.#ends[timeline] ?? 0) - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#fromMs[middle] ?? 0) <= atMs) low = middle;
      else high = middle - 1;
    }
    return this.#answers[low] ?? -1;
  }
}
