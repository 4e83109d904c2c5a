/** How the list goes on at both ends of the stretch that is held: each page that was asked for has a cursor to the one before and behind. */
import type { FlowEntry } from "./flow-list.ts";

/** `at`: rows were pushed out that no page ends with; those that began then or before come next. */
export type Onwards = { readonly cursor: string } | { readonly at: string } | null;

interface Mark {
  /** Keys of its first and last row. */
  readonly first: string;
  readonly last: string;
  readonly prev: string | null;
  readonly next: string | null;
}

interface Places {
  readonly next: string | null;
  readonly prev: string | null;
}

type Entries = readonly FlowEntry[];
/** Rows to keep: `from` belongs to them, `to` does not. */
type Kept = readonly [from: number, to: number];

export class PageMarks {
  #marks: Mark[] = [];
  /** Rows below were pushed out by rows that came in live. */
  #cutAt: string | null = null;

  begin(): void {
    this.#marks = [];
    this.#cutAt = null;
  }

  get newer(): Onwards {
    const cursor = this.#marks[0]?.prev ?? null;
    return cursor === null ? null : { cursor };
  }

  get older(): Onwards {
    if (this.#cutAt !== null) return { at: this.#cutAt };
    const cursor = this.#marks.at(-1)?.next ?? null;
    return cursor === null ? null : { cursor };
  }

  /** A page came in at the end, or the first one at all. */
  addOlder(keys: readonly string[], { next, prev }: Places): void {
    this.#cutAt = null;
    const [first, last] = [keys[0], keys.at(-1)];
    if (first !== undefined && last !== undefined) this.#marks.push({ first, last, prev, next });
    else this.#changeLast({ next });
  }

  /** A page came in before all others. */
  addNewer(keys: readonly string[], { next, prev }: Places): void {
    const [first, last] = [keys[0], keys.at(-1)];
    if (first !== undefined && last !== undefined) this.#marks.unshift({ first, last, prev, next });
    else if (this.#marks[0] !== undefined) this.#marks[0] = { ...this.#marks[0], prev };
  }

  /** Forgets pages at the beginning until not more than `most` rows are left. */
  cutNewest(entries: Entries, most: number): Kept {
    let from = 0;
    while (entries.length - from > most && this.#marks.length > 1) {
      this.#marks.shift();
      from = Math.max(from, indexOf(entries, this.#marks[0]?.first));
    }
    return [from, entries.length];
  }

  /** Forgets pages at the end until not more than `most` rows are left. */
  cutOldest(entries: Entries, most: number): Kept {
    let to = entries.length;
    while (to > most && this.#marks.length > 1) {
      this.#marks.pop();
      this.#cutAt = null;
      const last = indexOf(entries, this.#marks.at(-1)?.last);
      if (last >= 0) to = Math.min(to, last + 1);
    }
    if (to <= most) return [0, to];
    const last = entries[most - 1];
    if (last !== undefined) this.#cutAt = new Date(last.startMs).toISOString();
    return [0, most];
  }

  #changeLast(change: Partial<Mark>): void {
    const last = this.#marks.pop();
    if (last !== undefined) this.#marks.push({ ...last, ...change });
  }
}

function indexOf(entries: Entries, key: string | undefined): number {
  return entries.findIndex((entry) => entry.key === key);
}
