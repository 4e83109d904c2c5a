/** How a sink is doing: told by the server that runs it, kept in the store so that every other can tell it. */
import type { Trouble } from "./deliver.ts";

export interface SinkStatus {
  readonly at_ms: number;
  readonly state: "running" | "trouble";
  /** Of the oldest record that waits; 0: none does. */
  readonly lag_ms: number;
  /** Records that wait, at most; null: not counted yet. */
  readonly waiting: number | null;
  /** Taken by the endpoint since the sink was made. */
  readonly taken: number;
  readonly per_second: number;
  readonly last_taken_ms: number | null;
  readonly trouble: Trouble | null;
  /** Share of the time that flows are kept for that the lag has reached; null: they are kept for ever. */
  readonly of_retention: number | null;
  /** Records that retention deleted before they were handed over, at most. */
  readonly lost: number;
  /** Refused without saying which, since this server runs it. */
  readonly unnamed: number;
}

const MINUTE_MS = 60_000;

/** Events of about the last minute. */
export class Rate {
  #since: number;
  #count = 0;
  #before = 0;

  constructor(nowMs: number) {
    this.#since = nowMs;
  }

  add(events: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#count += events;
  }

  perSecond(nowMs: number): number {
    this.#turn(nowMs);
    const share = (nowMs - this.#since) / MINUTE_MS;
    return Math.round(((this.#count + this.#before * (1 - share)) / 60) * 10) / 10;
  }

  #turn(nowMs: number): void {
    const minutes = Math.floor((nowMs - this.#since) / MINUTE_MS);
    if (minutes < 1) return;
    this.#before = minutes === 1 ? this.#count : 0;
    this.#count = 0;
    this.#since += minutes * MINUTE_MS;
  }
}
