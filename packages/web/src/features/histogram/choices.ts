/** What of a chart over time one chooses; it is in the address. */
import type { ChartUnit } from "../../ui/charts/units.ts";

export const METRICS = [
  { value: "bytes", label: "Bytes" },
  { value: "packets", label: "Packets" },
  { value: "connections", label: "Connections" },
  { value: "reports", label: "Reports" },
  { value: "rate", label: "Bytes per second" },
] as const;
export type Metric = (typeof METRICS)[number]["value"];

export const GROUPS = [
  { value: "protocol", label: "Protocol" },
  { value: "direction", label: "Direction" },
  { value: "src.type", label: "Source type" },
  { value: "dst.type", label: "Destination type" },
  { value: "verdict", label: "Verdict" },
  { value: "state", label: "State" },
  { value: "reporter", label: "Node" },
  { value: "src.name", label: "Source" },
  { value: "dst.name", label: "Destination" },
  { value: "domain", label: "Domain" },
  { value: "dst.port", label: "Port" },
  { value: "none", label: "Nothing" },
] as const;
export type Group = (typeof GROUPS)[number]["value"];

export function readMetric(text: string | null, otherwise: Metric = "bytes"): Metric {
  return METRICS.find(({ value }) => value === text)?.value ?? otherwise;
}

export function readGroup(text: string | null, otherwise: Group = "protocol"): Group {
  return GROUPS.find(({ value }) => value === text)?.value ?? otherwise;
}

export function unitOf(metric: Metric): ChartUnit {
  return metric === "rate" ? "bytes/s" : metric;
}

/** `Bytes by protocol over time` */
export function chartTitle(metric: Metric, group: Group): string {
  const label = (list: readonly { value: string; label: string }[], value: string) =>
    list.find((one) => one.value === value)?.label;
  const by = group === "none" ? "" : ` by ${label(GROUPS, group)?.toLowerCase()}`;
  return `${label(METRICS, metric)}${by} over time`;
}
