/** In which units a metric is told: its values, and its figures per second. */
import type { ChartUnit } from "../../ui/charts/units.ts";
import type { Metric } from "./question.ts";

export function unitOf(metric: Metric): ChartUnit {
  return metric === "rate" ? "bytes/s" : metric;
}

export function rateUnitOf(metric: Metric): ChartUnit {
  return metric === "rate" || metric === "bytes" ? "bytes/s" : `${metric}/s`;
}
