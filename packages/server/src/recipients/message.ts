/**
 * What a message says, whatever kind of recipient gets it. Names in it are whatever somebody called a node or a domain: here they become one line
 * of bounded length, without characters that reorder or hide text; what means something to a recipient's own format is escaped there (`forms/`).
 */
import type { Alert, AlertSeverity } from "@flowtrail/model";
import type { Notice, ToldEvent } from "./notice.ts";

export interface Entry {
  readonly id: string;
  readonly kind: ToldEvent["kind"];
  readonly alert: Alert;
  readonly explanation: string;
  /** The alert on the page, and the flows that are its evidence; null: nobody said where the page is. */
  readonly link: string | null;
  readonly evidence: string | null;
}

export interface Message {
  readonly id: string;
  readonly madeMs: number;
  readonly isTest: boolean;
  /** One, or those of a digest. */
  readonly entries: readonly [Entry, ...Entry[]];
}

const MAX_SUMMARY = 500;
const MAX_NAME = 200;
const MAX_LABELS = 10;
const MAX_FILTER = 4000;

/** Control characters, line and paragraph separators; then what changes the direction of text or can't be seen (UAX #9, tags, joiners). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BREAKS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
const UNSEEN = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** One line, at most so many characters. */
export function oneLine(text: string, max: number): string {
  const line = text.toWellFormed().replaceAll(BREAKS, " ").replaceAll(UNSEEN, "").trim();
  return line.length <= max
    ? line
    : `${line
        .slice(0, max - 1)
        .toWellFormed()
        .replace(/\ufffd$/, "")}…`;
}

export function entryOf({ id, event }: Pick<Notice, "id" | "event">, base: string | null): Entry {
  const { kind, alert, explanation } = event;
  const { q, from, to } = alert;
  const labels = Object.entries(alert.labels).slice(0, MAX_LABELS);
  return {
    id,
    kind,
    alert: {
      ...alert,
      rule_name: oneLine(alert.rule_name, MAX_NAME),
      summary: oneLine(alert.summary, MAX_SUMMARY),
      labels: Object.fromEntries(labels.map(([name, value]) => [oneLine(name, MAX_NAME), oneLine(value, MAX_NAME)])),
      mitre: alert.mitre.slice(0, MAX_LABELS).map((technique) => oneLine(technique, 20)),
      q: q.length <= MAX_FILTER ? q : "",
    },
    explanation: oneLine(explanation, 2 * MAX_SUMMARY),
    link: base === null ? null : `${base}/alerts?${new URLSearchParams({ alert: alert.id })}`,
    evidence:
      base === null || q.length > MAX_FILTER
        ? null
        : `${base}/traffic-logs?${new URLSearchParams({ from, to, ...(q !== "" && { q }) })}`,
  };
}

const SEVERITIES: Readonly<Record<AlertSeverity, string>> = {
  info: "Info",
  low: "Low",
  medium: "Medium",
  high: "High",
  critical: "Critical",
};

/** `High`, `Resolved`, `Again: high`, `Raised to critical`. */
export function stateWords({ kind, alert }: Pick<Entry, "kind" | "alert">): string {
  const severity = SEVERITIES[alert.severity];
  if (kind === "resolved") return "Resolved";
  if (kind === "acknowledged") return "Acknowledged";
  if (kind === "reopened") return `Again: ${severity.toLowerCase()}`;
  return kind === "escalated" ? `Raised to ${severity.toLowerCase()}` : severity;
}

/** One line for all of it. */
export function titleOf({ entries, isTest }: Message): string {
  const [first] = entries;
  if (isTest) return "Test of Flowtrail: this recipient is told of alerts";
  if (entries.length === 1) return `${stateWords(first)}: ${first.alert.summary}`;
  const open = entries.filter(({ kind }) => kind !== "resolved").length;
  const parts = [
    open > 0 ? `${open} ${open === 1 ? "alert" : "alerts"}` : "",
    open < entries.length ? `${entries.length - open} resolved` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** The worst of those that are open; null: all are over. */
export function worstOf({ entries }: Message): AlertSeverity | null {
  const order = Object.keys(SEVERITIES) as AlertSeverity[];
  const open = entries.filter(({ kind }) => kind !== "resolved").map(({ alert }) => order.indexOf(alert.severity));
  return open.length === 0 ? null : (order[Math.max(...open)] ?? null);
}

/** What is to be known of one alert, beside its sentence. */
export function factsOf({ alert }: Entry): (readonly [string, string])[] {
  const { rule_name, severity, labels, since, ended, mitre } = alert;
  return [
    ["Rule", rule_name],
    ["Severity", SEVERITIES[severity]],
    ...Object.entries(labels),
    ["Since", since],
    ...(ended === null ? [] : [["Ended", ended] as const]),
    ...(mitre.length === 0 ? [] : [["MITRE ATT&CK", mitre.join(", ")] as const]),
  ];
}
