/** `GET /api/flows/top`: the largest groups of up to four fields, and what all others have together. */
import type { TimeRange } from "@flowtrail/model";
import type { Inquiry } from "./inquiry.ts";
import type { Narrowed } from "./narrowed.ts";
import {
  type Amount,
  aboveP95,
  remainder,
  type Statistics,
  type Stepped,
  statistics,
  stepsOver,
  valuesBySteps,
  valueTold,
} from "./traffic/amounts.ts";
import { type GroupField, groupValue } from "./traffic/fields.ts";
import { leastStepMs } from "./traffic/plan.ts";
import { rankedWithPrevious } from "./traffic/previous.ts";
import { type Metric, measureOf, type RankedBy } from "./traffic/question.ts";
import { alignDown, stepFor, stepsIn } from "./traffic/steps.ts";
import type { Ranked, Series, Traffic } from "./traffic/traffic.ts";

/** What the largest are chosen by. `total` is the same order as that of averages. */
export const RANKS = ["total", "max", "p95", "last"] as const;
export type Rank = (typeof RANKS)[number];

export interface TopQuery {
  readonly range: TimeRange;
  readonly filter: Narrowed;
  readonly by: readonly GroupField[];
  readonly metric: Metric;
  readonly rank: Rank;
  readonly limit: number;
  readonly previous: boolean;
  /** Most steps of series; null: none are told. */
  readonly buckets: number | null;
  readonly nowMs: number;
}

interface Told {
  readonly previous?: Amount;
  /** One value for each step. */
  readonly series?: Amount[];
  readonly previous_series?: Amount[];
}

export interface Top {
  readonly rows: (Statistics & Told & { readonly by: (string | null)[] })[];
  readonly other: Statistics & Told & { readonly groups: number };
  readonly total: Amount;
  readonly previous_total?: Amount;
  readonly step_ms: number;
  /** Beginning of the first step. */
  readonly from: string;
  readonly estimated: boolean;
}

export const MOST_FIELDS = 4;
/** Steps that avg, max and p95 are made of. */
const STEPS = 120;
/** So many are enough, if they are as wide as the buckets of a rollup. */
const FEW_STEPS = 12;
/** The same where they are drawn. */
const DRAWN_STEPS = 48;

/** Width of the steps of an answer. */
export function topStepMs({ range, filter, by, buckets }: Pick<TopQuery, "range" | "filter" | "by" | "buckets">): number {
  const enough = buckets === null ? FEW_STEPS : DRAWN_STEPS;
  return stepFor(range, buckets ?? STEPS, leastStepMs({ filter, groups: by }, range, enough));
}

/** @throws StoreError, QuestionError */
export async function top(traffic: Traffic, query: TopQuery, inquiry: Inquiry): Promise<Top> {
  const { range, filter, by, metric } = query;
  const stepMs = topStepMs(query);
  const stepped = { ...query, stepMs };
  const question = { filter, groups: by, range, stepMs, measure: measureOf(metric), rank: rankedBy(stepped) };
  const { found, earlier, earlierRange } = await rankedWithPrevious(traffic, question, query, inquiry);
  const { total } = found;
  const count = stepsIn(range, stepMs);
  const series = (one: Series) => valuesBySteps(one, count, metric, stepMs);
  const told = (one: Series, before: (earlier: Ranked) => Series | undefined): Statistics & Told => ({
    ...statistics(one, total.sum, stepped),
    ...(query.buckets === null ? {} : { series: series(one) }),
    ...(earlier === null ? {} : toldBefore(before(earlier))),
  });
  const valueBefore = (sum: bigint) => valueTold(sum, { ...stepped, range: earlierRange });
  const toldBefore = (one: Series | undefined): Told => ({
    previous: valueBefore(one?.sum ?? 0n),
    ...(query.buckets === null ? {} : { previous_series: series(one ?? { values: [], sum: 0n, steps: new Map() }) }),
  });
  const rows = found.groups.map((group, i) => ({
    by: by.map((field, n) => groupValue(field, group.values[n] ?? null, found.plan.folded)),
    ...told(group, (before) => before.groups[i]),
  }));
  return {
    rows,
    other: { ...told(remainder(found), remainder), groups: Math.max(0, found.found - rows.length) },
    total: valueTold(total.sum, stepped),
    ...(earlier === null ? {} : { previous_total: valueBefore(earlier.total.sum) }),
    step_ms: stepMs,
    from: new Date(alignDown(range.fromMs, stepMs)).toISOString(),
    estimated: found.plan.estimated || earlier?.plan.estimated === true,
  };
}

function rankedBy(question: Stepped & { readonly rank: Rank }): RankedBy | undefined {
  const { count, last } = stepsOver(question);
  switch (question.rank) {
    case "total":
      return;
    case "max":
      return { kind: "max" };
    case "last":
      return { kind: "last", step: last };
    case "p95":
      return { kind: "p95", above: aboveP95(count) };
  }
}
