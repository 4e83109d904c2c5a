/** A set of times in which a reporter is known not to have covered its flows. */

/** ms since 1970; may reach from -Infinity to Infinity. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** So many separate gaps are kept of one reporter; of more, the oldest count as covered: then less is counted, never more. */
const MAX_GAPS = 2000;

export class Gaps {
  /** Disjoint, in order. */
  #spans: Span[];

  constructor(spans: readonly Span[]) {
    this.#spans = [...spans];
  }

  get spans(): readonly Span[] {
    return this.#spans;
  }

  /** @returns what of it was no gap before */
  add(span: Span): Span[] {
    if (!(span.fromMs < span.toMs)) return [];
    let fresh: Span[] = [span];
    let whole = span;
    const apart: Span[] = [];
    for (const gap of this.#spans) {
      if (gap.toMs < whole.fromMs || gap.fromMs > whole.toMs) {
        apart.push(gap);
        continue;
      }
      whole = { fromMs: Math.min(whole.fromMs, gap.fromMs), toMs: Math.max(whole.toMs, gap.toMs) };
      fresh = fresh.flatMap((one) => without(one, gap));
    }
    this.#spans = [...apart, whole].sort((a, b) => a.fromMs - b.fromMs).slice(-MAX_GAPS);
    return fresh;
  }

  /** @returns what of it was a gap before */
  cut(span: Span): Span[] {
    // The common case: an agent goes on, and its gaps lie behind it.
    const last = this.#spans.at(-1);
    if (last === undefined || last.toMs <= span.fromMs || !(span.fromMs < span.toMs)) return [];
    const filled = this.#spans.flatMap((gap) => common(gap, span));
    if (filled.length > 0) this.#spans = this.#spans.flatMap((gap) => without(gap, span));
    return filled;
  }

  /** True if all of it, its ends too, lies inside one gap. `toMs` may be Infinity: then the gap must have no end, either. */
  contain({ fromMs, toMs }: Span): boolean {
    return this.#spans.some((gap) => gap.fromMs < fromMs && (toMs < gap.toMs || gap.toMs === Number.POSITIVE_INFINITY));
  }

  /** True if one of them ends exactly then. */
  endAt(ms: number): boolean {
    return this.#spans.some(({ toMs }) => toMs === ms);
  }

  /** True if some of it is a gap. */
  touch({ fromMs, toMs }: Span): boolean {
    return this.#spans.some((gap) => gap.fromMs < toMs && fromMs < gap.toMs);
  }

  /** Forgets what was over before then. The time before the first coverage is not: it ends where it ended. */
  forget(beforeMs: number): void {
    this.#spans = this.#spans.filter(({ fromMs, toMs }) => toMs >= beforeMs || fromMs === Number.NEGATIVE_INFINITY);
  }
}

function common(a: Span, b: Span): Span[] {
  const span = { fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) };
  return span.fromMs < span.toMs ? [span] : [];
}

function without(span: Span, taken: Span): Span[] {
  if (taken.toMs <= span.fromMs || taken.fromMs >= span.toMs) return [span];
  return [
    { fromMs: span.fromMs, toMs: taken.fromMs },
    { fromMs: taken.toMs, toMs: span.toMs },
  ].filter(({ fromMs, toMs }) => fromMs < toMs);
}
