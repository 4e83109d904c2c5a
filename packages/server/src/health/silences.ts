/** When reporters said nothing of flows that they should have seen: what a chart shows of that time is less than there was. */
import type { Roster } from "./roster.ts";

export interface Silence {
  readonly reporterId: string;
  readonly reporter: string;
  /** ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Shorter ones would not be seen. */
const LEAST_MS = 1000;

/**
 * Within a range, in order: known gaps, and the time since a reporter went silent. Not the time before it first reported, nor after it
 * was removed.
 */
export function silencesIn(
  roster: Pick<Roster, "coverages" | "isRemoved" | "has">,
  range: { readonly fromMs: number; readonly toMs: number },
  nowMs: number,
): Silence[] {
  const untilMs = Math.min(range.toMs, nowMs);
  const found: Silence[] = [];
  for (const [reporterId, coverage] of roster.coverages) {
    if (coverage.isImported) continue;
    const isMissed = !roster.isRemoved(reporterId);
    const spans = coverage.gaps.filter(({ fromMs, toMs }) => Number.isFinite(fromMs) && (isMissed || Number.isFinite(toMs)));
    const { coveredToMs } = coverage;
    const isSilent = isMissed && !coverage.isGone && !roster.has(reporterId) && coveredToMs !== null;
    for (const span of isSilent ? [...spans, { fromMs: coveredToMs, toMs: nowMs }] : spans) {
      const [fromMs, toMs] = [Math.max(span.fromMs, range.fromMs), Math.min(span.toMs, untilMs)];
      if (toMs - fromMs >= LEAST_MS) found.push({ reporterId, reporter: coverage.name, fromMs, toMs });
    }
  }
  return found.sort((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs);
}
