/** `GET /api/flows/top`: the largest groups of up to four fields, and what all others have together. */
import type { Filter, TimeRange } from "@flowtrail/model";
import type { Inquiry } from "./inquiry.ts";
import { type Amount, remainder, type Statistics, statistics, valueTold } from "./traffic/amounts.ts";
import { type GroupField, groupValue } from "./traffic/fields.ts";
import { leastStepMs } from "./traffic/plan.ts";
import { rankedWithPrevious } from "./traffic/previous.ts";
import { type Metric, measureOf } from "./traffic/question.ts";
import { stepFor } from "./traffic/steps.ts";
import type { Traffic } from "./traffic/traffic.ts";

export interface TopQuery {
  readonly range: TimeRange;
  readonly filter: Filter;
  readonly by: readonly GroupField[];
  readonly metric: Metric;
  readonly limit: number;
  readonly previous: boolean;
  readonly nowMs: number;
}

interface WithPrevious {
  readonly previous?: Amount;
}

export interface Top {
  readonly rows: (Statistics & WithPrevious & { readonly by: (string | null)[] })[];
  readonly other: Statistics & WithPrevious & { readonly groups: number };
  readonly total: Amount;
  readonly previous_total?: Amount;
  readonly step_ms: number;
  readonly estimated: boolean;
}

export const MOST_FIELDS = 4;
/** Steps that avg, max and p95 are made of. */
const STEPS = 120;
/** So many are enough, if they are as wide as the buckets of a rollup. */
const FEW_STEPS = 12;

/** @throws StoreError, QuestionError */
export async function top(traffic: Traffic, query: TopQuery, inquiry: Inquiry): Promise<Top> {
  const { range, filter, by, metric } = query;
  const stepMs = stepFor(range, STEPS, leastStepMs({ filter, groups: by }, range, FEW_STEPS));
  const question = { filter, groups: by, range, stepMs, measure: measureOf(metric) };
  const { found, earlier, earlierRange } = await rankedWithPrevious(traffic, question, query, inquiry);
  const { total } = found;
  const stepped = { ...query, stepMs };
  const rows = found.groups.map((group) => ({
    by: by.map((field, i) => groupValue(field, group.values[i] ?? null, found.plan.folded)),
    ...statistics(group, total.sum, stepped),
  }));
  const answer = {
    rows,
    other: { ...statistics(remainder(found), total.sum, stepped), groups: Math.max(0, found.found - rows.length) },
    total: valueTold(total.sum, stepped),
    step_ms: stepMs,
    estimated: found.plan.estimated || earlier?.plan.estimated === true,
  };
  if (earlier === null) return answer;
  const told = (sum: bigint) => valueTold(sum, { ...stepped, range: earlierRange });
  return {
    ...answer,
    rows: rows.map((row, i) => ({ ...row, previous: told(earlier.groups[i]?.sum ?? 0n) })),
    other: { ...answer.other, previous: told(remainder(earlier).sum) },
    previous_total: told(earlier.total.sum),
  };
}
