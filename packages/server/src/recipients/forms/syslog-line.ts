/** An alert as a message of syslog: its sentence, and what programs look for as structured data. */
import type { AlertSeverity } from "@flowtrail/model";
import { SYSLOG_FACILITIES, type SyslogMessage } from "../../outgoing/syslog.ts";
import type { SettingsOf } from "../kinds.ts";
import { type Message, stateWords, titleOf } from "../message.ts";

/** RFC 5424 § 6.2.1: critical, error, warning, notice, informational. */
const SEVERITIES: Readonly<Record<AlertSeverity, number>> = { critical: 2, high: 3, medium: 4, low: 5, info: 6 };
const NOTICE = 5;
/** Of a number for examples (RFC 5612): Flowtrail has none of its own. */
const ELEMENT = "flowtrail@32473";

export function syslogLine(
  { id, madeMs, isTest, entries: [entry] }: Message,
  { facility }: SettingsOf<"syslog">,
  host: string,
): SyslogMessage {
  const { alert, kind, link } = entry;
  return {
    facility: SYSLOG_FACILITIES.indexOf(facility),
    severity: kind === "resolved" ? NOTICE : SEVERITIES[alert.severity],
    timeMs: madeMs,
    host,
    app: "flowtrail",
    msgId: "alert",
    data: {
      [ELEMENT]: {
        id,
        event: isTest ? "test" : kind,
        alert: alert.id,
        rule: alert.rule,
        severity: alert.severity,
        ...alert.labels,
        ...(link === null ? {} : { link }),
      },
    },
    text: isTest ? titleOf({ id, madeMs, isTest, entries: [entry] }) : `${stateWords(entry)}: ${alert.summary}`,
  };
}
