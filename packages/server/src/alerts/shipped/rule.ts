/** What the rules that ship have in common. */
import type { AlertRule, AlertSeverity, AlertThreshold, AlertWatch, MeasureWatch } from "@flowtrail/model";

export interface Shipping {
  readonly id: string;
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly q?: string;
  readonly watch: AlertWatch;
  readonly window_s: number;
  readonly for_s?: number;
  readonly clear_s?: number;
  readonly mitre?: readonly string[];
  /** What it finds and why that matters, what to do first, how to tune it. */
  readonly explanation: { readonly what: string; readonly first: string; readonly tune: string };
}

/** On, with thresholds that ordinary traffic does not reach (docs/alerts.md: measured). */
export function shipped({ id, name, severity, q = "", watch, window_s, explanation, ...more }: Shipping): AlertRule {
  return {
    id,
    name,
    explanation: `${explanation.what}\nFirst: ${explanation.first}\nTo tune it: ${explanation.tune}`,
    enabled: true,
    severity,
    q,
    watch,
    window_s,
    for_s: more.for_s ?? 0,
    clear_s: more.clear_s ?? Math.max(600, window_s),
    recipients: [],
    mitre: more.mitre ?? [],
    shipped: true,
  };
}

export const above = (value: number): AlertThreshold => ({ kind: "above", value });

export const measure = (of: MeasureWatch["measure"], by: readonly string[], threshold: AlertThreshold): MeasureWatch => ({
  kind: "measure",
  measure: of,
  by,
  threshold,
});
