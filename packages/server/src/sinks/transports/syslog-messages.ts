/** An event as messages of syslog: the line of its format is the text, and what tells the event is structured data. */
import { SYSLOG_FACILITIES, SYSLOG_SEVERITIES, syslogMessage } from "../../outgoing/syslog.ts";
import { actionOf, happened, told } from "../formats/field.ts";
import type { SinkEvent } from "../ports.ts";

/** The number that RFC 5612 keeps for examples: we have none of our own. */
const ELEMENT = "flowtrail@32473";

/** @returns null: it would be longer than `maxBytes` */
export function syslogMessagesOf(
  event: SinkEvent,
  line: string,
  { facility, maxBytes }: { readonly facility: (typeof SYSLOG_FACILITIES)[number]; readonly maxBytes: number },
): Buffer[] | null {
  const record = told(event);
  const action = actionOf(record);
  // A format may tell an event in several lines.
  const messages = line.split("\n").map((text) =>
    syslogMessage(
      {
        facility: SYSLOG_FACILITIES.indexOf(facility),
        severity: SYSLOG_SEVERITIES.indexOf(action === "denied" ? "warning" : "info"),
        timeMs: Date.parse(happened(record)),
        host: record.flow.reporter,
        app: "flowtrail",
        msgId: action,
        data: { [ELEMENT]: { id: event.id, version: event.version, network: record.flow.network } },
        text,
      },
      maxBytes + 1,
    ),
  );
  return messages.some(({ length }) => length > maxBytes) ? null : messages;
}
