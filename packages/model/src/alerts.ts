/** What an alert rule and an alert are: the same words in the store, the API, YAML, the page and the command line. */

export const ALERT_SEVERITIES = ["info", "low", "medium", "high", "critical"] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** `open` until it clears (`resolved`) or a person says otherwise; a silenced alert comes back when its silence ends and it still holds. */
export const ALERT_STATES = ["open", "acknowledged", "silenced", "resolved"] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** What is measured in each window. `share`: connections with these verdicts, of all, 0 to 1. `absence`: 1 where nothing was seen at all. */
export type AlertMeasure =
  | { readonly kind: "reports" | "connections" | "bytes" | "packets" | "rate" }
  | { readonly kind: "distinct"; readonly of: string }
  | { readonly kind: "share"; readonly verdicts: readonly string[]; readonly least_connections: number }
  | { readonly kind: "absence" };

/** `baseline`: against the mean of the same time in the last weeks, and never below `least`. */
export type AlertThreshold =
  | { readonly kind: "above" | "below"; readonly value: number }
  | { readonly kind: "baseline"; readonly weeks: number; readonly factor: number; readonly least: number };

/** A rule that anybody can write: a filter, a measure, a limit. */
export interface MeasureWatch {
  readonly kind: "measure";
  readonly measure: AlertMeasure;
  /** Fields of the filter language, at most three: each group is an alert of its own. */
  readonly by: readonly string[];
  readonly threshold: AlertThreshold;
}

/** What no filter and limit can say: looked at by a watcher of that name, with settings of its own. */
export interface NamedWatch {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

export type AlertWatch = MeasureWatch | NamedWatch;

export interface AlertRule {
  /** Readable, such as `port-scan`; never changes. */
  readonly id: string;
  readonly name: string;
  /** What it finds, why that matters, what to do first. */
  readonly explanation: string;
  readonly enabled: boolean;
  readonly severity: AlertSeverity;
  /** In the filter language; empty: all traffic. */
  readonly q: string;
  readonly watch: AlertWatch;
  readonly window_s: number;
  /** It has to hold for so long before it is an alert, and to be gone for so long before it is resolved. */
  readonly for_s: number;
  readonly clear_s: number;
  /** Ids of recipients; empty: those that take every alert. */
  readonly recipients: readonly string[];
  /** MITRE ATT&CK techniques, such as T1046. */
  readonly mitre: readonly string[];
  /** It came with Flowtrail: can be changed and switched off, not deleted. */
  readonly shipped: boolean;
}

/** What a rule found in one window, for one group. */
export interface Finding {
  /** Tells groups of one rule apart: `{"src.name": "officegw"}`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly limit: number;
  /** "officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered" */
  readonly summary: string;
  /** The evidence: exactly these flows, ms since 1970. */
  readonly q: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Alert {
  readonly id: string;
  readonly rule: string;
  readonly rule_name: string;
  readonly severity: AlertSeverity;
  readonly state: AlertState;
  readonly summary: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly limit: number;
  readonly mitre: readonly string[];
  /** RFC 3339. `since`: when it began; `last`: when it last held; `until`: when a silence ends; `ended`: when it was resolved. */
  readonly since: string;
  readonly last: string;
  readonly until: string | null;
  readonly ended: string | null;
  /** Who acknowledged or silenced it, and why. */
  readonly by: string | null;
  readonly note: string | null;
  readonly q: string;
  readonly from: string;
  readonly to: string;
}
