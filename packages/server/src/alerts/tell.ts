/** Who is told of alerts. */
import type { Alert, AlertRule } from "@flowtrail/model";

/** `reopened`: by a person, or its silence is over and it still holds. `escalated`: its rule is of a higher severity now. `acknowledged`: by a person. */
export interface AlertEvent {
  readonly kind: "opened" | "resolved" | "reopened" | "escalated" | "acknowledged";
  readonly alert: Alert;
  readonly rule: AlertRule;
}

/**
 * Of an alert whose rule is gone the rule may be no more than what the alert says of it: whoever was told `opened` is told `resolved`.
 * Resolves when it can't be lost any more, not when somebody has read it. After a crash the same event (kind and `alert.id`, for `reopened`,
 * `escalated` and `acknowledged` with `alert.last`) may be told once more.
 */
export type TellAlert = (event: AlertEvent) => Promise<void>;
