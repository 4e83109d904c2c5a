/**
 * Where the pages of a list begin that is asked for by their numbers: whoever asks for one page after the other is not made to pay for
 * those before, and sees each row once though new ones come in.
 */
import type { TimeRange } from "@flowtrail/model";
import type { ListPlace } from "../query/flow-list-order.ts";

/** The nearest page before the one that is asked for, of which it is known where it begins. */
export interface PageStart {
  readonly page: number;
  /** Null: the beginning of the list. */
  readonly place: ListPlace | null;
  /** As it was when the first page was asked for. */
  readonly range: TimeRange;
}

interface List {
  readonly range: TimeRange;
  readonly untilMs: number;
  readonly starts: Map<number, ListPlace>;
}

const KEPT_MS = 15 * 60_000;
const MAX_LISTS = 1000;
/** Of one list. Mostly the last one is wanted, or the one before it again. */
const MAX_STARTS = 50;

export class PageStarts {
  readonly #now: () => number;
  /** By question. Last asked last. */
  readonly #lists = new Map<string, List>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param range of now, for a list that begins */
  before(question: string, page: number, range: TimeRange): PageStart {
    const list = this.#lists.get(question);
    if (page === 1 || list === undefined || list.untilMs < this.#now()) {
      this.#keep(question, { range, starts: new Map() });
      return { page: 1, place: null, range };
    }
    let nearest = 1;
    for (const known of list.starts.keys()) if (known <= page && known > nearest) nearest = known;
    return { page: nearest, place: list.starts.get(nearest) ?? null, range: list.range };
  }

  note(question: string, page: number, place: ListPlace): void {
    const list = this.#lists.get(question);
    if (list === undefined) return;
    const { starts } = list;
    starts.set(page, place);
    const [oldest] = starts.keys();
    if (starts.size > MAX_STARTS && oldest !== undefined) starts.delete(oldest);
    this.#keep(question, list);
  }

  #keep(question: string, list: Pick<List, "range" | "starts">): void {
    this.#lists.delete(question);
    this.#lists.set(question, { ...list, untilMs: this.#now() + KEPT_MS });
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > MAX_LISTS && oldest !== undefined) this.#lists.delete(oldest);
  }
}
