/** Sums → what an answer tells of them. */
import type { Metric } from "./question.ts";
import { alignDown, stepsIn } from "./steps.ts";
import type { RankedQuestion, Series } from "./traffic.ts";

/** A number, as text above 2^53. */
export type Amount = number | string;

export function amount(sum: bigint): Amount {
  const number = Number(sum);
  return Number.isSafeInteger(number) ? number : String(sum);
}

/** Per second, to a thousandth. */
export function perSecond(sum: bigint, ms: number): number {
  return Math.round((Number(sum) * 1_000_000) / Math.max(1, ms)) / 1000;
}

/** What all groups but those that are told have together. */
export function remainder({ groups, total }: { readonly groups: readonly Series[]; readonly total: Series }): Series {
  const steps = new Map(total.steps);
  let { sum } = total;
  for (const group of groups) {
    sum -= group.sum;
    for (const [step, value] of group.steps) steps.set(step, (steps.get(step) ?? 0n) - value);
  }
  return { values: [], sum, steps };
}

/** One value for each step of the range. `rate`: of the step's whole width, also where the range cuts it off. */
export function valuesBySteps({ steps }: Series, count: number, metric: Metric, stepMs: number): Amount[] {
  return Array.from({ length: count }, (_, i) => {
    const value = steps.get(i) ?? 0n;
    return metric === "rate" ? perSecond(value, stepMs) : amount(value);
  });
}

export interface Statistics {
  readonly value: Amount;
  readonly share: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly p95: number;
  readonly last: number;
}

export type Stepped = Pick<RankedQuestion, "range"> & {
  readonly stepMs: number;
  readonly metric: Metric;
  readonly nowMs: number;
};

/** How much of the range is over: what is still to come had no chance of any traffic. */
function spanMs({ range, nowMs }: Pick<Stepped, "range" | "nowMs">): number {
  const untilMs = nowMs > range.fromMs ? Math.min(range.toMs, nowMs) : range.toMs;
  return untilMs - range.fromMs;
}

/** What is told as the value of a group, or as the total. */
export function valueTold(sum: bigint, question: Pick<Stepped, "range" | "nowMs" | "metric">): Amount {
  return question.metric === "rate" ? perSecond(sum, spanMs(question)) : amount(sum);
}

/** Steps of the range that are over, and the last whole one of them. */
export function stepsOver(question: Omit<Stepped, "metric">): {
  readonly endMs: number;
  readonly count: number;
  readonly last: number;
} {
  const { range, stepMs } = question;
  const endMs = range.fromMs + spanMs(question);
  const whole = (alignDown(endMs, stepMs) - alignDown(range.fromMs, stepMs)) / stepMs;
  return { endMs, count: stepsIn({ fromMs: range.fromMs, toMs: endMs }, stepMs), last: Math.max(0, whole - 1) };
}

/** Of so many values, sorted, how many are above the one that 95 of 100 do not exceed. */
export function aboveP95(count: number): number {
  return count - Math.ceil(count * 0.95);
}

/** Of one group. All but value and share are per second, over steps that are over; one that the range cuts off counts with its whole width. */
export function statistics(series: Series, total: bigint, question: Stepped): Statistics {
  const { range, stepMs } = question;
  const { endMs, count, last } = stepsOver(question);
  const values = Array.from({ length: count }, (_, i) =>
    perSecond(series.steps.get(i) ?? 0n, Math.min(stepMs, endMs - range.fromMs)),
  );
  const sorted = values.toSorted((a, b) => b - a);
  return {
    value: valueTold(series.sum, question),
    share: total === 0n ? 0 : Math.round((Number(series.sum) / Number(total)) * 1e6) / 1e6,
    avg: perSecond(series.sum, endMs - range.fromMs),
    min: sorted.at(-1) ?? 0,
    max: sorted[0] ?? 0,
    p95: sorted[aboveP95(count)] ?? 0,
    last: values[last] ?? 0,
  };
}
