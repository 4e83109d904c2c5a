/** Hours and days to compute again, the newest first. What took long rests for long before it is computed once more. */
import { DAY_MS, floorTo, HOUR_MS, MINUTE_MS } from "./extents.ts";

export interface Unit {
  readonly kind: "hour" | "day";
  readonly beginMs: number;
  /** Which minutes of an hour, from the first to the last that something came for. */
  readonly minutes: { readonly fromMs: number; readonly toMs: number };
  /** What came for it was stored then, or later. */
  readonly sinceMs: number;
}

/** So many new rows make an hour one that much came for. */
const MANY_ROWS = 10;
/** So many times as long as it took: a bucket that rows come for all the time takes this share of a core at most. */
const REST = 20;
const POSTPONED_MS = MINUTE_MS;

export class Queue {
  readonly #hours = new Map<number, { fromMs: number; toMs: number; sinceMs: number; rows: number }>();
  readonly #days = new Map<number, { sinceMs: number }>();
  /** When a unit may be computed again, by `performance.now()`. */
  readonly #resting = new Map<string, number>();

  get size(): number {
    return this.#hours.size + this.#days.size;
  }

  /** Hours that much came for: a single flow may have traffic in hundreds of them. */
  get full(): number {
    return [...this.#hours.values()].filter(({ rows }) => rows >= MANY_ROWS).length;
  }

  /** Null: there is none. */
  get oldestMs(): number | null {
    const oldest = Math.min(...this.#hours.keys(), ...this.#days.keys());
    return Number.isFinite(oldest) ? oldest : null;
  }

  /** What came for one of these was stored then, or later. Null: nothing waits. */
  get sinceMs(): number | null {
    const since = Math.min(...[...this.#hours.values(), ...this.#days.values()].map(({ sinceMs }) => sinceMs));
    return Number.isFinite(since) ? since : null;
  }

  /**
   * @param rows so many came for it, about
   * @param sinceMs they were stored then, or later
   */
  add(minuteMs: number, rows: number, sinceMs: number): void {
    const hour = floorTo(minuteMs, HOUR_MS);
    const has = this.#hours.get(hour) ?? { fromMs: minuteMs, toMs: minuteMs, sinceMs, rows: 0 };
    this.#hours.set(hour, {
      fromMs: Math.min(has.fromMs, minuteMs),
      toMs: Math.max(has.toMs, minuteMs + MINUTE_MS),
      sinceMs: Math.min(has.sinceMs, sinceMs),
      rows: has.rows + rows,
    });
  }

  addDay(dayMs: number, sinceMs: number): void {
    this.#days.set(dayMs, { sinceMs: Math.min(sinceMs, this.#days.get(dayMs)?.sinceMs ?? sinceMs) });
  }

  clear(): void {
    this.#hours.clear();
    this.#days.clear();
    this.#resting.clear();
  }

  /** @param all also what rests. Days after their hours. */
  next(all: boolean): Unit | null {
    const now = performance.now();
    for (const [place, untilMs] of this.#resting) if (untilMs <= now) this.#resting.delete(place);
    const ready = (kind: Unit["kind"]) => (beginMs: number) => all || !this.#resting.has(`${kind} ${beginMs}`);
    const hours = [...this.#hours.keys()].filter(ready("hour"));
    if (hours.length > 0) {
      const beginMs = Math.max(...hours);
      const { fromMs, toMs, sinceMs } = this.#hours.get(beginMs) ?? { fromMs: beginMs, toMs: beginMs + HOUR_MS, sinceMs: 0 };
      return { kind: "hour", beginMs, minutes: { fromMs, toMs }, sinceMs };
    }
    const days = [...this.#days.keys()].filter(ready("day"));
    if (days.length === 0) return null;
    const beginMs = Math.max(...days);
    const { sinceMs } = this.#days.get(beginMs) ?? { sinceMs: 0 };
    return { kind: "day", beginMs, minutes: { fromMs: beginMs, toMs: beginMs + DAY_MS }, sinceMs };
  }

  /** It failed: others first. */
  postpone({ kind, beginMs }: Unit): void {
    this.#resting.set(`${kind} ${beginMs}`, performance.now() + POSTPONED_MS);
  }

  done({ kind, beginMs }: Unit, tookMs: number): void {
    if (kind === "hour") this.#hours.delete(beginMs);
    else this.#days.delete(beginMs);
    this.#resting.set(`${kind} ${beginMs}`, performance.now() + tookMs * REST);
  }
}
