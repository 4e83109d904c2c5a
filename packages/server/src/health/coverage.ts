/**
 * For which times a reporter can be expected to report its flows: since it first covered them, but for definite gaps. While it is silent
 * it counts as covering: its spool may still come.
 */
import type { CoverageNote } from "../receive/ports.ts";
import { EpochBatches, type EpochState, FIRST_SEQUENCE } from "./coverage-batches.ts";
import { Gaps, type Span } from "./coverage-gaps.ts";

/** What became different: flows that lived then are to be elected again. */
export interface CoverageChange {
  readonly span: Span;
  /** `gap`: not expected any more · `longer`: the same, and it goes on from a gap (capture is switched off) · `covered`: expected now, and was not before. */
  readonly kind: "gap" | "longer" | "covered";
}

/** To be kept over a restart. Null stands for "since ever" and "for ever": JSON has no infinity. */
export interface CoverageState {
  readonly name: string;
  readonly gaps: readonly (readonly [number | null, number | null])[];
  readonly epochs: Readonly<Record<string, EpochState & Pick<KnownEpoch, "afterMs">>>;
  readonly coveredToMs: number | null;
  readonly heardMs: number;
  readonly goneMs: number | null;
  readonly imported?: true;
}

interface KnownEpoch {
  readonly batches: EpochBatches;
  /** End of what was covered when it began, ms since 1970. */
  readonly afterMs: number | null;
}

/** Less than this between two batches is no gap: an agent's clock is adjusted by as much. */
const TOLERANCE_MS = 50;
/** State directories whose batches may still come. */
const MAX_EPOCHS = 4;
const EVER = Number.POSITIVE_INFINITY;
const NEVER_YET: Span = { fromMs: Number.NEGATIVE_INFINITY, toMs: EVER };

export class Coverage {
  #name: string;
  readonly #gaps: Gaps;
  readonly #epochs = new Map<string, KnownEpoch>();
  /** End of what it declared, of all times. */
  #coveredToMs: number | null = null;
  #heardMs = 0;
  /** When it was given up: silent for too long, or removed. */
  #goneMs: number | null = null;
  #isImported: boolean;

  constructor(name: string, state?: CoverageState) {
    this.#name = name;
    this.#isImported = state?.imported === true;
    this.#gaps = new Gaps(
      state === undefined ? [NEVER_YET] : state.gaps.map(([from, to]) => ({ fromMs: from ?? -EVER, toMs: to ?? EVER })),
    );
    if (state === undefined) return;
    for (const [epoch, batches] of Object.entries(state.epochs))
      this.#epochs.set(epoch, { batches: new EpochBatches(batches), afterMs: batches.afterMs });
    // Earlier programs took what was declared for the future as it was.
    this.#coveredToMs = state.coveredToMs === null ? null : Math.min(state.coveredToMs, state.heardMs);
    this.#heardMs = state.heardMs;
    this.#goneMs = state.goneMs;
  }

  get state(): CoverageState {
    const finite = (ms: number) => (Number.isFinite(ms) ? ms : null);
    return {
      name: this.#name,
      gaps: this.#gaps.spans.map(({ fromMs, toMs }) => [finite(fromMs), finite(toMs)] as const),
      epochs: Object.fromEntries(
        [...this.#epochs].map(([epoch, { batches, afterMs }]) => [epoch, { ...batches.state, afterMs }]),
      ),
      coveredToMs: this.#coveredToMs,
      heardMs: this.#heardMs,
      goneMs: this.#goneMs,
      ...(this.#isImported ? { imported: true as const } : {}),
    };
  }

  /** When something was last heard of it, ms since 1970; 0: never. */
  get heardMs(): number {
    return this.#heardMs;
  }

  get name(): string {
    return this.#name;
  }

  /** All that is known of it was imported: that nothing comes is no silence. */
  get isImported(): boolean {
    return this.#isImported;
  }

  get isGone(): boolean {
    return this.#goneMs !== null;
  }

  /** End of what it declared; null: nothing was. */
  get coveredToMs(): number | null {
    return this.#coveredToMs;
  }

  get gaps(): readonly Span[] {
    return this.#gaps.spans;
  }

  /** It got a token: from then on it is expected, whether or not it was heard of. */
  enrol(atMs: number): CoverageChange[] {
    if (this.#heardMs > 0 || this.#goneMs !== null) return [];
    return covered(this.#gaps.cut({ fromMs: atMs, toMs: EVER }));
  }

  /** Will it be expected for a time, by this delivery, for which it is not yet? */
  isNews(note: CoverageNote, oldestMs = -EVER): boolean {
    if (this.#heardMs === 0 || (this.#goneMs !== null && note.receivedMs > this.#goneMs)) return true;
    if (this.#isImported && note.imported !== true) return true;
    const declared = declaredSpan(note);
    return declared !== null && this.#gaps.touch(within(declared, oldestMs, note.receivedMs));
  }

  /**
   * A delivery, in any order and any number of times.
   * @param oldestMs older flows are not kept, whatever it says to have covered
   */
  note(note: CoverageNote, oldestMs = -EVER): CoverageChange[] {
    const { reporter, epoch, sequence, receivedMs } = note;
    const changes: CoverageChange[] = [];
    const isFirst = this.#heardMs === 0;
    const wasImported = this.#isImported;
    this.#isImported = note.imported === true && (isFirst || this.#isImported);
    const isNew = receivedMs > Math.max(this.#heardMs, this.#goneMs ?? 0);
    if (receivedMs >= this.#heardMs) this.#name = reporter;
    this.#heardMs = Math.max(this.#heardMs, receivedMs);
    const declared = declaredSpan(note);
    if (declared === null) {
      // A sender that declares nothing speaks from the first that it tells of, when it is heard of.
      if (isFirst || (isNew && this.#goneMs !== null)) {
        const { fromMs } = within({ fromMs: note.firstStartMs ?? receivedMs, toMs: receivedMs }, oldestMs, receivedMs);
        changes.push(...covered(this.#gaps.cut({ fromMs, toMs: EVER })));
      }
      if (isNew) this.#goneMs = null;
      return changes;
    }
    const span = within(declared, oldestMs, receivedMs);
    // Whoever is heard of again goes on from there. The others are the spool of a time that was given up, or somebody else's log of one.
    const lives = isNew && note.imported !== true && (this.#goneMs !== null || isFirst || wasImported);
    if (lives) this.#goneMs = null;
    changes.push(...covered(this.#gaps.cut(lives ? { ...span, toMs: EVER } : span)));
    changes.push(...this.#sequence(epoch, sequence, declared, receivedMs));
    this.#coveredToMs = Math.max(this.#coveredToMs ?? 0, span.toMs);
    return changes;
  }

  /**
   * Gives up on what can't come any more.
   * @param givenUpMs whoever was last heard of before it is gone
   * @param isRemoved its token was taken back
   */
  review(nowMs: number, givenUpMs: number, isRemoved: boolean, enrolledMs: number | null): CoverageChange[] {
    const gaps = [...this.#epochs.values()].flatMap(({ batches }) => batches.giveUp(givenUpMs));
    const changes = gaps.flatMap((gap) => this.#addGap(gap));
    const lastMs = Math.max(this.#heardMs, enrolledMs ?? 0);
    if (this.#goneMs === null && (isRemoved || (lastMs > 0 && lastMs < givenUpMs))) {
      this.#goneMs = nowMs;
      const fromMs = this.#coveredToMs ?? (this.#heardMs > 0 ? this.#heardMs : -EVER);
      changes.push(...this.#addGap({ fromMs, toMs: EVER }));
    }
    return changes;
  }

  /** Old gaps: flows of then are not kept any more. */
  forget(beforeMs: number): void {
    this.#gaps.forget(beforeMs);
  }

  /** Can it be expected to report a flow that lived then? `endMs` may be Infinity. */
  expects(startMs: number, endMs: number): boolean {
    return !this.#gaps.contain({ fromMs: startMs, toMs: endMs });
  }

  #sequence(epoch: string, sequence: number, span: Span, receivedMs: number): CoverageChange[] {
    // A sender that does not number its batches has no gaps that could be told from late ones.
    if (epoch === "") return [];
    const known = this.#epochs.get(epoch);
    const { batches, afterMs } = known ?? this.#begin(epoch, sequence, span, receivedMs);
    const gaps =
      known === undefined ? [] : [...batches.note(sequence, span, receivedMs), ...batches.giveUp(Number.NEGATIVE_INFINITY)];
    // The first batch of a state directory: what waited in another one is lost, and whoever was enrolled before it spoke begins here.
    if (sequence === FIRST_SEQUENCE) gaps.push({ fromMs: afterMs ?? -EVER, toMs: Math.min(span.fromMs, receivedMs) });
    return gaps.flatMap((gap) => this.#addGap(gap));
  }

  #begin(epoch: string, sequence: number, span: Span, receivedMs: number): KnownEpoch {
    const oldest = this.#epochs.keys().next();
    if (this.#epochs.size >= MAX_EPOCHS && !oldest.done) this.#epochs.delete(oldest.value);
    const afterMs = this.#coveredToMs;
    // Of one that never spoke: since it was enrolled.
    const sinceMs = afterMs ?? this.#gaps.spans.find(({ fromMs }) => fromMs === -EVER)?.toMs ?? span.fromMs;
    const begun = { batches: EpochBatches.begin(sequence, span, sinceMs, receivedMs), afterMs };
    this.#epochs.set(epoch, begun);
    return begun;
  }

  #addGap(gap: Span): CoverageChange[] {
    if (gap.toMs - gap.fromMs <= TOLERANCE_MS) return [];
    const kind = this.#gaps.endAt(gap.fromMs) ? "longer" : "gap";
    return this.#gaps.add(gap).map((span) => ({ span, kind }));
  }
}

function declaredSpan({ coveredFromMs, coveredToMs }: CoverageNote): Span | null {
  if (coveredFromMs === null || coveredToMs === null || coveredToMs < coveredFromMs) return null;
  return { fromMs: coveredFromMs, toMs: coveredToMs };
}

/** Nobody has covered what is to come, however far ahead a clock is, and the past only as far as it is kept. */
function within({ fromMs, toMs }: Span, oldestMs: number, nowMs: number): Span {
  const clamp = (ms: number) => Math.min(nowMs, Math.max(oldestMs, ms));
  return { fromMs: clamp(fromMs), toMs: clamp(toMs) };
}

const covered = (spans: readonly Span[]): CoverageChange[] => spans.map((span) => ({ span, kind: "covered" }));
