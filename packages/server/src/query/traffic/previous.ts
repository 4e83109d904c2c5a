/** A time and the one before it, group by group. */
import type { TimeRange } from "@flowtrail/model";
import type { Inquiry } from "../inquiry.ts";
import type { Ranked, RankedQuestion, Traffic } from "./traffic.ts";

export interface WithPrevious {
  readonly found: Ranked;
  /** The groups of `found`, in their order; those that were not there have nothing. Null: it was not asked for. */
  readonly earlier: Ranked | null;
  readonly earlierRange: TimeRange;
}

/** @throws StoreError, QuestionError */
export async function rankedWithPrevious(
  traffic: Traffic,
  asked: RankedQuestion & { readonly stepMs: number },
  { limit, previous }: { readonly limit: number; readonly previous: boolean },
  inquiry: Inquiry,
): Promise<WithPrevious> {
  const earlierRange = previousRange(asked.range, asked.stepMs);
  const whole = previous ? { fromMs: earlierRange.fromMs, toMs: asked.range.toMs } : asked.range;
  const question = { ...asked, filter: await traffic.withKnown(asked.filter, whole, inquiry) };
  const before = { ...question, range: earlierRange };
  // Both must tell the same groups.
  const fold = previous && [question, before].some((one) => traffic.plan({ ...one, measures: [one.measure] }).folded);
  const found = await traffic.ranked({ ...question, fold }, limit, inquiry);
  const answer = { found, earlier: null, earlierRange: before.range };
  if (!previous) return answer;
  return { ...answer, earlier: await traffic.ranked({ ...before, fold }, limit, inquiry, found.groups) };
}

/** The time before, moved by whole steps so that the steps of both lie on each other. */
function previousRange({ fromMs, toMs }: TimeRange, stepMs: number): TimeRange {
  const byMs = Math.ceil((toMs - fromMs) / stepMs) * stepMs;
  // Nothing is told before 1970.
  return { fromMs: Math.max(0, fromMs - byMs), toMs: Math.max(1, toMs - byMs) };
}
