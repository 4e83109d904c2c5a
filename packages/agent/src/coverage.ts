/** For which time the agent can speak: from its start on, but for the gaps in which the kernel dropped events. */
import type { ConntrackRecord } from "./capture/conntrack/record.ts";
import type { ConntrackListener } from "./capture/source.ts";

export interface CoveredTime {
  /** ms since 1970. Equal to `toMs` where nothing is covered. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Stands between the source and the tracker, and notes what it hears of overruns. */
export class Coverage implements ConntrackListener {
  readonly #tracker: ConntrackListener;
  /** Where the next batch's coverage begins; null in a gap. */
  #fromMs: number | null = null;
  /** A dump began after the events were dropped: when it is complete, all is known again. */
  #repairing = false;

  constructor(tracker: ConntrackListener) {
    this.#tracker = tracker;
  }

  /** Capture has been (or is about to be) switched on. */
  begin(nowMs: number): void {
    this.#fromMs = nowMs;
  }

  /** Capture is off. What was covered until now is to be taken before. */
  pause(): void {
    this.#fromMs = null;
  }

  /** The time since the last call, for the batch that is made now. */
  take(nowMs: number): CoveredTime {
    if (this.#fromMs === null) return { fromMs: nowMs, toMs: nowMs };
    // The clock may have been set back.
    const fromMs = Math.min(this.#fromMs, nowMs);
    this.#fromMs = nowMs;
    return { fromMs, toMs: nowMs };
  }

  onEvent(record: ConntrackRecord, arrivalMs: number): void {
    this.#tracker.onEvent(record, arrivalMs);
  }

  onDumpStart(arrivalMs: number): void {
    this.#repairing = this.#fromMs === null;
    this.#tracker.onDumpStart(arrivalMs);
  }

  onDumpEntry(record: ConntrackRecord, arrivalMs: number): void {
    this.#tracker.onDumpEntry(record, arrivalMs);
  }

  onDumpEnd(complete: boolean, arrivalMs: number): void {
    if (this.#repairing && complete) this.#fromMs = arrivalMs;
    this.#repairing = false;
    this.#tracker.onDumpEnd(complete, arrivalMs);
  }

  onOverrun(arrivalMs: number): void {
    this.#fromMs = null;
    this.#repairing = false;
    this.#tracker.onOverrun(arrivalMs);
  }

  onDrained(arrivalMs: number): void {
    this.#tracker.onDrained(arrivalMs);
  }
}
