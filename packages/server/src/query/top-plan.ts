/** `GET /api/flows/plan`: where an answer of `GET /api/flows/top` would come from, without making it. */
import type { TimeRange } from "@flowtrail/model";
import { type TopQuery, topStepMs } from "./top.ts";
import type { GroupField } from "./traffic/fields.ts";
import { rollupsFor, tableOf } from "./traffic/plan.ts";
import { measureOf } from "./traffic/question.ts";
import { rowsMs, type Traffic } from "./traffic/traffic.ts";

export type TopPlanQuery = Pick<TopQuery, "range" | "filter" | "by" | "metric" | "buckets">;

export interface TopPlan {
  /** How much time of the range each table answers for, the most first. */
  readonly sources: { readonly table: string; readonly ms: number }[];
  /** How much of it is read row by row. */
  readonly rows_ms: number;
  /** A rollup has all fields, if not for all of the range or in such steps. */
  readonly known: boolean;
  /** Fields without any one of which a rollup would do; none, if one does. */
  readonly forced_by: string[];
  readonly step_ms: number;
  readonly estimated: boolean;
  readonly partial: boolean;
}

export function topPlan(traffic: Traffic, query: TopPlanQuery): TopPlan {
  const { range, filter, by, metric } = query;
  const stepMs = topStepMs(query);
  const plan = traffic.plan({ filter, groups: by, range, stepMs, measures: [measureOf(metric)] });
  const lengths = new Map<string, number>();
  for (const segment of plan.segments) {
    const table = tableOf(segment);
    lengths.set(table, (lengths.get(table) ?? 0) + lengthOf(segment.range));
  }
  const isKnown = (groups: readonly GroupField[]) => rollupsFor({ filter, groups }, null).length > 0;
  const forcing = isKnown(by) ? [] : by.filter((field) => isKnown(by.filter((other) => other !== field)));
  return {
    sources: plan.tables.map((table) => ({ table, ms: lengths.get(table) ?? 0 })),
    rows_ms: rowsMs(plan),
    known: isKnown(by),
    forced_by: forcing.map(({ name }) => name),
    step_ms: stepMs,
    estimated: plan.estimated,
    partial: plan.partial,
  };
}

function lengthOf({ fromMs, toMs }: TimeRange): number {
  return toMs - fromMs;
}
