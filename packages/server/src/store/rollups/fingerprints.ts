/** Whether what rollups know of an hour's rows is as it was: who rewrites a row without changing that need not have the hour computed. */
import type { ClickHouse } from "../clickhouse.ts";
import { HOUR_MS } from "./extents.ts";
import { isTooMuch } from "./shares.ts";
import { type FingerprintRow, fingerprintQuestion, type Kept, type Local } from "./statements.ts";

/** Beginnings of hours. */
export interface Changed {
  readonly traffic: readonly number[];
  readonly values: readonly number[];
}

/** Hours that are remembered; twice as many fingerprints. */
const MOST = 5_000;
const MOST_BOOST = 32;
const ON_ONE_CORE = { max_threads: 1, do_not_merge_across_partitions_select_final: 1 } as const;

export class Fingerprints {
  readonly #node: ClickHouse;
  readonly #local: Local;
  readonly #longestMs: number;
  readonly #known = new Map<string, string>();
  #boost = 1;

  constructor(node: ClickHouse, local: Local, longestMs: number) {
    this.#node = node;
    this.#local = local;
    this.#longestMs = longestMs;
  }

  /** So many times fewer hours should be asked for together: more were too much. */
  get boost(): number {
    return this.#boost;
  }

  /** All that waited is done: more hours may be asked for again. */
  rest(): void {
    this.#boost = 1;
  }

  /** Which hours of a stretch have changed since the last time; one that was not looked at has. @throws StoreError */
  async changed(fromMs: number, toMs: number, kept: Kept, signal: AbortSignal): Promise<Changed> {
    const found = await this.#read(fromMs, toMs, kept, signal);
    const rows = new Map(found.map((row) => [Number(row.hour) * HOUR_MS, row]));
    const hours = Array.from({ length: (toMs - fromMs) / HOUR_MS }, (_, n) => fromMs + n * HOUR_MS);
    return {
      traffic: hours.filter((hour) => this.#note(`traffic ${hour}`, `${rows.get(hour)?.moved} ${rows.get(hour)?.begun}`)),
      values: hours.filter((hour) => this.#note(`values ${hour}`, `${rows.get(hour)?.counted}`)),
    };
  }

  async #read(fromMs: number, toMs: number, kept: Kept, signal: AbortSignal): Promise<FingerprintRow[]> {
    const limits = { maxExecutionMs: this.#longestMs, maxRowsToRead: 10_000_000_000 };
    try {
      return await this.#node.rows<FingerprintRow>(
        fingerprintQuestion(this.#local, kept),
        { from: fromMs, to: toMs },
        { signal, limits, settings: ON_ONE_CORE },
      );
    } catch (error) {
      if (isTooMuch(error)) this.#boost = Math.min(MOST_BOOST, this.#boost * 2);
      throw error;
    }
  }

  /** What changed could not be computed: it has still changed. */
  forget(fromMs: number, toMs: number): void {
    for (let hour = fromMs; hour < toMs; hour += HOUR_MS) {
      for (const kind of ["traffic", "values"]) this.#known.delete(`${kind} ${hour}`);
    }
  }

  clear(): void {
    this.#known.clear();
  }

  /** @returns whether it is another one than before */
  #note(place: string, fingerprint: string): boolean {
    const isNew = this.#known.get(place) !== fingerprint;
    this.#known.delete(place);
    this.#known.set(place, fingerprint);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= 2 * MOST) break;
      this.#known.delete(oldest);
    }
    return isNew;
  }
}
