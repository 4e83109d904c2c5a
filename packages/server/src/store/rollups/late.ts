/** Rows that came for buckets that are computed already: until they are taken in, questions ask the rows themselves from there on. */
interface Note {
  readonly fromMs: number;
  /** By the node's clock; null: since the last look at it. */
  readonly stampMs: number | null;
}

export class Late {
  #notes: readonly Note[] = [];

  /** The oldest of it, ms since 1970; infinite: there is nothing. */
  get fromMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#notes.map(({ fromMs }) => fromMs));
  }

  /** @param fromMs no row of what has just been stored is of before */
  note(fromMs: number): void {
    const older = this.#notes.filter(({ stampMs }) => stampMs !== null);
    const fresh = this.#notes.filter(({ stampMs }) => stampMs === null);
    this.#notes = [...older, { fromMs: Math.min(fromMs, ...fresh.map((note) => note.fromMs)), stampMs: null }];
  }

  /** What was noted so far was stored before this time of the node's clock. */
  stamp(nowMs: number): void {
    const fromMs = this.fromMs;
    if (this.#notes.some(({ stampMs }) => stampMs === null)) this.#notes = [{ fromMs, stampMs: nowMs }];
  }

  /** All that was stored before this time of the node's clock is taken in. */
  settle(checkedMs: number): void {
    this.#notes = this.#notes.filter(({ stampMs }) => stampMs === null || stampMs > checkedMs);
  }
}
