/** What is asked about traffic, and what it is measured by. */
import type { Filter, TimeRange } from "@flowtrail/model";
import type { GroupField } from "./fields.ts";

/** `rate`: bytes per second. */
export const METRICS = ["bytes", "packets", "connections", "reports", "rate"] as const;
export type Metric = (typeof METRICS)[number];

/**
 * What is added up: bytes and packets of primary reports, by when they flowed; connections (primary reports) and reports (all) by when
 * they began.
 */
export type TrafficMeasure = Exclude<Metric, "rate">;

/** What the largest groups are chosen by, where it is not their sum; steps are counted from 0. */
export type RankedBy =
  | { readonly kind: "max" }
  | { readonly kind: "last"; readonly step: number }
  /** The largest step but for so many. */
  | { readonly kind: "p95"; readonly above: number };

export interface TrafficQuestion {
  readonly filter: Filter;
  /** What it is divided by; may be nothing. */
  readonly groups: readonly GroupField[];
  readonly measures: readonly TrafficMeasure[];
  readonly range: TimeRange;
  /** Width of a step (UTC, see `steps.ts`); null: the range is one. */
  readonly stepMs: number | null;
  /** High ports of destinations are told as one, wherever the answer comes from. Else only where it comes from a rollup. */
  readonly fold?: boolean;
}

export function measureOf(metric: Metric): TrafficMeasure {
  return metric === "rate" ? "bytes" : metric;
}

/** Of the two kinds of measures, those that are counted when a flow begins. */
export function isCount(measure: TrafficMeasure): boolean {
  return measure === "connections" || measure === "reports";
}
