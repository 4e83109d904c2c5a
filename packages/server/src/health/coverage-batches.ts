/**
 * The batches of one state directory of an agent, in whatever order they come: between two consecutive ones, what neither covers is a
 * gap for good. Between others something may still come.
 */
import type { Span } from "./coverage-gaps.ts";

/** Sequences that did not come, between two that did. */
export interface Missing {
  readonly fromSequence: number;
  readonly toSequence: number;
  /** The time that they may speak for: from the end of the batch before to the beginning of the one behind. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly noticedMs: number;
}

interface Edge {
  readonly sequence: number;
  readonly ms: number;
}

export interface EpochState {
  /** The lowest sequence that came, and where its time begins. */
  readonly lowest: Edge;
  /** The highest, and where its time ends. */
  readonly highest: Edge;
  readonly missing: readonly Missing[];
}

/** The sequence of a state directory's first batch. */
export const FIRST_SEQUENCE = 1;
/**
 * An agent has at most 16 batches under way and moves on only when the oldest is off its hands: what is so far behind was lost in the
 * agent (its spool was full) or refused here.
 */
const GIVEN_UP_BATCHES = 64;
const MAX_MISSING = 200;

export class EpochBatches {
  #lowest: Edge;
  #highest: Edge;
  #missing: Missing[];

  constructor(state: EpochState) {
    this.#lowest = state.lowest;
    this.#highest = state.highest;
    this.#missing = [...state.missing];
  }

  /** @param sinceMs what its first batches may speak for, if this is not the first: from then on */
  static begin(sequence: number, { fromMs, toMs }: Span, sinceMs: number, noticedMs: number): EpochBatches {
    const begun = new EpochBatches({ lowest: { sequence, ms: fromMs }, highest: { sequence, ms: toMs }, missing: [] });
    if (sequence <= FIRST_SEQUENCE) return begun;
    begun.#lowest = { sequence: FIRST_SEQUENCE, ms: sinceMs };
    begun.#between({ sequence: FIRST_SEQUENCE - 1, ms: sinceMs }, { sequence, ms: fromMs }, noticedMs);
    return begun;
  }

  get state(): EpochState {
    return { lowest: this.#lowest, highest: this.#highest, missing: this.#missing };
  }

  /**
   * A batch came. The same one may come any number of times.
   * @returns the gaps that are definite now
   */
  note(sequence: number, { fromMs, toMs }: Span, noticedMs: number): Span[] {
    const [low, high] = [this.#lowest, this.#highest];
    if (sequence > high.sequence) {
      this.#highest = { sequence, ms: toMs };
      return this.#between(high, { sequence, ms: fromMs }, noticedMs);
    }
    if (sequence < low.sequence) {
      this.#lowest = { sequence, ms: fromMs };
      return this.#between({ sequence, ms: toMs }, low, noticedMs);
    }
    const missing = this.#missing.find((one) => sequence >= one.fromSequence && sequence <= one.toSequence);
    if (missing === undefined) return [];
    this.#missing = this.#missing.filter((one) => one !== missing);
    const before = { sequence: missing.fromSequence - 1, ms: missing.fromMs };
    const behind = { sequence: missing.toSequence + 1, ms: missing.toMs };
    return [
      ...this.#between(before, { sequence, ms: fromMs }, missing.noticedMs),
      ...this.#between({ sequence, ms: toMs }, behind, missing.noticedMs),
    ];
  }

  /** The time of batches that won't come any more: the agent has gone far ahead of them, or they were missed before then. */
  giveUp(noticedBeforeMs: number): Span[] {
    const isOver = (one: Missing) =>
      one.noticedMs < noticedBeforeMs || this.#highest.sequence - one.toSequence > GIVEN_UP_BATCHES;
    const over = this.#missing.filter(isOver);
    if (over.length > 0) this.#missing = this.#missing.filter((one) => !isOver(one));
    return over.filter(({ fromMs, toMs }) => fromMs < toMs);
  }

  #between(before: Edge, behind: Edge, noticedMs: number): Span[] {
    // By the agent's own clock, so that one that is off by the same all the time has no gaps; what is to come is none.
    const toMs = Math.min(behind.ms, noticedMs);
    if (behind.sequence === before.sequence + 1) return before.ms < toMs ? [{ fromMs: before.ms, toMs }] : [];
    this.#missing.push({
      fromSequence: before.sequence + 1,
      toSequence: behind.sequence - 1,
      fromMs: before.ms,
      toMs,
      noticedMs,
    });
    this.#missing = this.#missing.slice(-MAX_MISSING);
    return [];
  }
}
