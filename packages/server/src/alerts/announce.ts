/** Who has to be told of what: pure, by what an alert is and what recipients were told of it last. */
import { ALERT_SEVERITIES, type AlertSeverity, type AlertState } from "@flowtrail/model";
import type { StoredAlert } from "../store/alert-log.ts";
import type { AlertEvent } from "./tell.ts";

/**
 * @param before what it was at the look before; null: this server has not looked yet
 * @returns null: nobody
 */
export function eventOf(
  { told, openedMs, severity }: Pick<StoredAlert, "told" | "openedMs" | "severity">,
  state: AlertState,
  before: AlertState | null,
  ruleSeverity: AlertSeverity,
): AlertEvent["kind"] | null {
  if (openedMs === null) return null;
  // Who was not told that it began need not be told that it is over.
  if (state === "resolved") return told === "opened" ? "resolved" : null;
  if (state !== "open") return null;
  if (told === "") return "opened";
  if (before === "silenced" || before === "acknowledged") return "reopened";
  return ALERT_SEVERITIES.indexOf(ruleSeverity) > ALERT_SEVERITIES.indexOf(severity) ? "escalated" : null;
}
