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

/** `GET /api/alerts`. Newest first. */
export interface AlertList {
  readonly alerts: readonly Alert[];
  readonly next: string | null;
}

/** `GET /api/alerts/count`: how many there are, by state, and of the open ones by severity. */
export interface AlertCount {
  readonly open: number;
  readonly acknowledged: number;
  readonly silenced: number;
  readonly by_severity: Readonly<Record<AlertSeverity, number>>;
}

/** Where a rule comes from: as it came, one that came and was changed, somebody's own, the file of `alerts.rules_file` (read-only). */
export const RULE_ORIGINS = ["shipped", "changed", "own", "file"] as const;
export type RuleOrigin = (typeof RULE_ORIGINS)[number];

/** How a rule does. Of the server that evaluates. */
export interface AlertRuleStatus {
  /** `off`: by a person. `stopped`: it failed or was too dear again and again; any change of it starts it again. `waiting`: it was not looked at yet. */
  readonly state: "ok" | "waiting" | "failing" | "stopped" | "off";
  /** RFC 3339; null: never. */
  readonly evaluated: string | null;
  /** Of the last look. */
  readonly rows_read: number;
  readonly ms: number;
  /** Null: the last look went well. */
  readonly error: string | null;
  /** Such as "history reaches back 3 days only: quiet until there are 7". */
  readonly notes: readonly string[];
  /** Open, acknowledged and silenced ones. */
  readonly open: number;
}

/** One of `GET /api/alert-rules` (`{"rules": […], "kinds": […]}`). */
export interface AlertRuleReport extends AlertRule {
  readonly origin: RuleOrigin;
  readonly changed: { readonly time: string; readonly who: string } | null;
  readonly status: AlertRuleStatus;
}

/** A silence of all alerts with these labels, of one rule or (null) of all. */
export interface AlertSilence {
  readonly id: string;
  readonly rule: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly until: string;
  readonly note: string;
  readonly who: string;
}

/** A line (NDJSON) of the answer of `POST /api/alert-rules/test`: any number of `progress` and `fired`, then `done` or `error`. */
export type AlertTestLine =
  | { readonly kind: "progress"; readonly windows: number; readonly of: number; readonly rows_read: number }
  | ({ readonly kind: "fired"; readonly since: string; readonly last: string; readonly ended: string | null } & Omit<
      Finding,
      "fromMs" | "toMs"
    > & { readonly from: string; readonly to: string })
  | {
      readonly kind: "done";
      /** How many there were, also those that were too many to be told. */
      readonly fired: number;
      readonly windows: number;
      readonly rows_read: number;
      readonly ms: number;
      /** Not all windows were looked at, and why. */
      readonly partial: string | null;
      readonly notes: readonly string[];
    }
  | { readonly kind: "error"; readonly code: string; readonly message: string };
