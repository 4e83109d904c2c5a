/** `GET /api/flows/histogram`: traffic over time, by the largest groups of one field. */
import type { TimeRange } from "@flowtrail/model";
import type { Inquiry } from "./inquiry.ts";
import type { Narrowed } from "./narrowed.ts";
import { type Amount, remainder, valuesBySteps } from "./traffic/amounts.ts";
import { type GroupField, groupValue } from "./traffic/fields.ts";
import { leastStepMs } from "./traffic/plan.ts";
import { rankedWithPrevious } from "./traffic/previous.ts";
import { type Metric, measureOf } from "./traffic/question.ts";
import { alignDown, stepFor, stepsIn } from "./traffic/steps.ts";
import type { Ranked, Traffic } from "./traffic/traffic.ts";

export interface HistogramQuery {
  readonly range: TimeRange;
  readonly filter: Narrowed;
  /** Null: one series. */
  readonly group: GroupField | null;
  readonly metric: Metric;
  /** Most steps. */
  readonly buckets: number;
  /** Most groups besides "Other". */
  readonly limit: number;
  /** Also the time of the same length before. */
  readonly previous: boolean;
}

export interface Histogram {
  readonly step_ms: number;
  /** Beginning of the first step, ms since 1970. */
  readonly from: string;
  readonly groups: (string | null)[];
  readonly other: boolean;
  readonly series: Amount[][];
  readonly estimated: boolean;
  readonly previous?: { readonly from: string; readonly series: Amount[][] };
}

/** What stands for the only group where there are none, and for all that are not told. */
export const TOTAL = "Total";
export const OTHER = "Other";
/** So many steps are enough, if they are as wide as the buckets of a rollup. */
const FINE_STEPS = 48;

/** @throws StoreError, QuestionError */
export async function histogram(traffic: Traffic, query: HistogramQuery, inquiry: Inquiry): Promise<Histogram> {
  const { range, filter, group, metric } = query;
  const groups = group === null ? [] : [group];
  const stepMs = stepFor(range, query.buckets, leastStepMs({ filter, groups }, range, FINE_STEPS));
  const count = stepsIn(range, stepMs);
  const question = { filter, groups, range, stepMs, measure: measureOf(metric) };
  const { found, earlier, earlierRange } = await rankedWithPrevious(traffic, question, query, inquiry);
  const other = group !== null && found.found > found.groups.length;
  const told = (ranked: Ranked) => {
    const all = group === null ? [ranked.total] : [...ranked.groups, ...(other ? [remainder(ranked)] : [])];
    return all.map((one) => valuesBySteps(one, count, metric, stepMs));
  };
  const names = found.groups.map(({ values }) => group && groupValue(group, values[0] ?? null, found.plan.folded));
  const begins = ({ fromMs }: TimeRange) => new Date(alignDown(fromMs, stepMs)).toISOString();
  return {
    step_ms: stepMs,
    from: begins(range),
    groups: group === null ? [TOTAL] : [...names, ...(other ? [OTHER] : [])],
    other,
    series: told(found),
    estimated: found.plan.estimated || earlier?.plan.estimated === true,
    ...(earlier === null ? {} : { previous: { from: begins(earlierRange), series: told(earlier) } }),
  };
}
