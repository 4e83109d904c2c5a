/** Hours and days to compute again, the newest first. What took long rests for long before it is computed once more. */
import { DAY_MS, floorTo, HOUR_MS, MINUTE_MS } from "./extents.ts";

export interface Unit {
  /** Hours: one after the other, of one day. */
  readonly kind: "hours" | "day";
  readonly beginMs: number;
  readonly endMs: number;
  /** From the first to the last minute that something came for. */
  readonly minutes: { readonly fromMs: number; readonly toMs: number };
  /** What came for it was stored then, or later. */
  readonly sinceMs: number;
}

interface Hour {
  readonly fromMs: number;
  readonly toMs: number;
  readonly sinceMs: number;
}

interface NextOptions {
  /** Also what rests. */
  readonly all: boolean;
  /** Hours from then on stand alone. */
  readonly aloneFromMs: number;
  /** So many of the day at most. */
  readonly hoursTogether: (dayMs: number) => number;
}

/** So many times as long as it took: a bucket that rows come for all the time takes this share of a core at most. */
const REST = 20;
const POSTPONED_MS = MINUTE_MS;

export class Queue {
  readonly #hours = new Map<number, Hour>();
  readonly #days = new Map<number, { sinceMs: number }>();
  /** When a unit may be computed again, by `performance.now()`. */
  readonly #resting = new Map<string, number>();

  /** Hours and days. */
  get size(): number {
    return this.#hours.size + this.#days.size;
  }

  /** What came for one of these was stored then, or later. Null: nothing waits. */
  get sinceMs(): number | null {
    let since = Number.POSITIVE_INFINITY;
    for (const waiting of [this.#hours, this.#days]) for (const { sinceMs } of waiting.values()) since = Math.min(since, sinceMs);
    return Number.isFinite(since) ? since : null;
  }

  /** @param sinceMs what came for it was stored then, or later */
  add(minuteMs: number, sinceMs: number): void {
    const hour = floorTo(minuteMs, HOUR_MS);
    const has = this.#hours.get(hour) ?? { fromMs: minuteMs, toMs: minuteMs, sinceMs };
    this.#hours.set(hour, {
      fromMs: Math.min(has.fromMs, minuteMs),
      toMs: Math.max(has.toMs, minuteMs + MINUTE_MS),
      sinceMs: Math.min(has.sinceMs, sinceMs),
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

  /** The newest hours; days after all hours. Null: there is nothing, or it rests. */
  next({ all, aloneFromMs, hoursTogether }: NextOptions): Unit | null {
    const now = performance.now();
    for (const [place, untilMs] of this.#resting) if (untilMs <= now) this.#resting.delete(place);
    const isReady = (kind: "hour" | "day", beginMs: number) => all || !this.#resting.has(`${kind} ${beginMs}`);
    const newest = (kind: "hour" | "day", begins: Iterable<number>) => {
      let found: number | null = null;
      for (const beginMs of begins) if ((found === null || beginMs > found) && isReady(kind, beginMs)) found = beginMs;
      return found;
    };
    const lastMs = newest("hour", this.#hours.keys());
    if (lastMs !== null) {
      const fromMs = Math.max(floorTo(lastMs, DAY_MS), lastMs - (hoursTogether(floorTo(lastMs, DAY_MS)) - 1) * HOUR_MS);
      return this.#together(lastMs, lastMs < aloneFromMs ? fromMs : lastMs, (hourMs) => isReady("hour", hourMs));
    }
    const beginMs = newest("day", this.#days.keys());
    if (beginMs === null) return null;
    const endMs = beginMs + DAY_MS;
    const { sinceMs } = this.#days.get(beginMs) ?? { sinceMs: 0 };
    return { kind: "day", beginMs, endMs, minutes: { fromMs: beginMs, toMs: endMs }, sinceMs };
  }

  /** @param fromMs none that begins before */
  #together(lastMs: number, fromMs: number, isReady: (hourMs: number) => boolean): Unit {
    let beginMs = lastMs;
    const isOneMore = (hourMs: number) => hourMs >= fromMs && this.#hours.has(hourMs) && isReady(hourMs);
    while (isOneMore(beginMs - HOUR_MS)) beginMs -= HOUR_MS;
    const hours: Hour[] = [];
    for (let hourMs = beginMs; hourMs <= lastMs; hourMs += HOUR_MS) {
      const hour = this.#hours.get(hourMs);
      if (hour !== undefined) hours.push(hour);
    }
    const minutes = { fromMs: Math.min(...hours.map(({ fromMs }) => fromMs)), toMs: Math.max(...hours.map(({ toMs }) => toMs)) };
    const sinceMs = Math.min(...hours.map((hour) => hour.sinceMs));
    return { kind: "hours", beginMs, endMs: lastMs + HOUR_MS, minutes, sinceMs };
  }

  /** It failed: others first. */
  postpone(unit: Unit): void {
    this.#rest(unit, POSTPONED_MS);
  }

  done(unit: Unit, tookMs: number): void {
    if (unit.kind === "day") this.#days.delete(unit.beginMs);
    else for (let hourMs = unit.beginMs; hourMs < unit.endMs; hourMs += HOUR_MS) this.#hours.delete(hourMs);
    this.#rest(unit, tookMs * REST);
  }

  #rest({ kind, beginMs, endMs }: Unit, restMs: number): void {
    const untilMs = performance.now() + restMs;
    if (kind === "day") this.#resting.set(`day ${beginMs}`, untilMs);
    else for (let hourMs = beginMs; hourMs < endMs; hourMs += HOUR_MS) this.#resting.set(`hour ${hourMs}`, untilMs);
  }
}
