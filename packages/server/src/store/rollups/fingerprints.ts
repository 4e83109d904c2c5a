/** Whether what rollups know of an hour's rows is as it was: who rewrites a row without changing that need not have the hour computed. */
import type { ClickHouse } from "../clickhouse.ts";
import { HOUR_MS } from "./extents.ts";
import { fingerprintQuestion, type Kept, type Local } from "./statements.ts";

export interface Changed {
  readonly traffic: boolean;
  readonly values: boolean;
}

/** Hours that are remembered; twice as many fingerprints. */
const MOST = 5_000;
const ON_ONE_CORE = { max_threads: 1, do_not_merge_across_partitions_select_final: 1 } as const;

export class Fingerprints {
  readonly #node: ClickHouse;
  readonly #local: Local;
  readonly #known = new Map<string, string>();

  constructor(node: ClickHouse, local: Local) {
    this.#node = node;
    this.#local = local;
  }

  /** Since the last time; an hour that was not looked at has changed. @throws StoreError */
  async changed(hourMs: number, kept: Kept, signal: AbortSignal): Promise<Changed> {
    const [found] = await this.#node.rows<{ moved: string; begun: [string, string] }>(
      fingerprintQuestion(this.#local, kept),
      { from: hourMs, to: hourMs + HOUR_MS },
      { signal, limits: { maxRowsToRead: 10_000_000_000 }, settings: ON_ONE_CORE },
    );
    return {
      traffic: this.#note(`traffic ${hourMs}`, `${found?.moved} ${found?.begun[0]}`),
      values: this.#note(`values ${hourMs}`, `${found?.begun[1]}`),
    };
  }

  /** What changed could not be computed: it has still changed. */
  forget(hourMs: number): void {
    for (const kind of ["traffic", "values"]) this.#known.delete(`${kind} ${hourMs}`);
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
