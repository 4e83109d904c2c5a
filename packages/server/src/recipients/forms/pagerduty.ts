/** PagerDuty's Events API v2 (github.com/PagerDuty/api-schema, reference/events-v2/openapiv3.json): the alert's id tells which incident it is. */
import type { AlertSeverity } from "@flowtrail/model";
import type { Opened } from "../kinds.ts";
import { type Entry, type Message, oneLine } from "../message.ts";
import { type FormRequest, jsonRequest } from "./request.ts";

/** They know four: critical, error, warning, info. */
const SEVERITIES: Readonly<Record<AlertSeverity, string>> = {
  info: "info",
  low: "warning",
  medium: "warning",
  high: "error",
  critical: "critical",
};
const MAX_SUMMARY = 1024;
const MAX_KEY = 255;

/** @param source who tells it, where the alert names nothing */
export function pagerdutyForm(
  { entries: [entry], isTest }: Message,
  { url, secrets }: Opened<"pagerduty">,
  source: string,
): FormRequest {
  const { alert, kind } = entry;
  const common = { routing_key: secrets.routing_key ?? "", dedup_key: `flowtrail-${alert.id}`.slice(0, MAX_KEY) };
  // A test is over at once: nobody is woken up.
  if (kind === "resolved" || isTest) return jsonRequest(url, { ...common, event_action: "resolve" });
  if (kind === "acknowledged") return jsonRequest(url, { ...common, event_action: "acknowledge" });
  return jsonRequest(url, {
    ...common,
    event_action: "trigger",
    client: "Flowtrail",
    ...(entry.link === null ? {} : { client_url: entry.link }),
    links: linksOf(entry),
    payload: {
      summary: oneLine(alert.summary, MAX_SUMMARY) || alert.rule_name,
      source: Object.values(alert.labels)[0] || source,
      severity: SEVERITIES[alert.severity],
      timestamp: alert.since,
      class: alert.rule,
      custom_details: {
        rule: alert.rule_name,
        explanation: entry.explanation,
        ...alert.labels,
        value: alert.value,
        limit: alert.limit,
        filter: alert.q,
        mitre: alert.mitre,
      },
    },
  });
}

function linksOf({ link, evidence }: Entry) {
  return [
    { href: link, text: "Open the alert" },
    { href: evidence, text: "See the flows" },
  ].filter(({ href }) => href !== null);
}
