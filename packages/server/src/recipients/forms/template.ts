/**
 * Bodies that people write, with `{{name}}` where something of the alert goes: no conditions, no loops, nothing that is run. What is put in is
 * escaped for the type of the body, so that no name can end a string or begin a tag.
 */
import { badRecipient } from "../errors.ts";
import { type Entry, entryOf, stateWords } from "../message.ts";
import { testEvent } from "../test-event.ts";

const VALUES: Readonly<Record<string, (entry: Entry) => string>> = {
  id: ({ id }) => id,
  event: ({ kind }) => kind,
  state: (entry) => stateWords(entry),
  alert: ({ alert }) => alert.id,
  severity: ({ alert }) => alert.severity,
  rule: ({ alert }) => alert.rule,
  rule_name: ({ alert }) => alert.rule_name,
  summary: ({ alert }) => alert.summary,
  explanation: ({ explanation }) => explanation,
  labels: ({ alert }) =>
    Object.entries(alert.labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(", "),
  value: ({ alert }) => String(alert.value),
  limit: ({ alert }) => String(alert.limit),
  since: ({ alert }) => alert.since,
  last: ({ alert }) => alert.last,
  ended: ({ alert }) => alert.ended ?? "",
  from: ({ alert }) => alert.from,
  to: ({ alert }) => alert.to,
  q: ({ alert }) => alert.q,
  mitre: ({ alert }) => alert.mitre.join(", "),
  link: ({ link }) => link ?? "",
  evidence: ({ evidence }) => evidence ?? "",
};
const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g;
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function filled(template: string, entry: Entry, type: string): string {
  const escaped = escapeFor(type);
  return template.replaceAll(PLACE, (_place, name: string) => escaped(VALUES[name]?.(entry) ?? ""));
}

/** @throws RecipientError BAD_RECIPIENT */
export function assertTemplate(template: string, type: string): void {
  for (const [place, name = ""] of template.matchAll(PLACE)) {
    if (Object.hasOwn(VALUES, name)) continue;
    throw badRecipient("settings.template", `there is no ${place}: it knows ${Object.keys(VALUES).join(", ")}`);
  }
  if (!isJson(type)) return;
  try {
    JSON.parse(filled(template, entryOf({ id: "test", event: testEvent(0) }, "https://flows.example.com"), type));
  } catch {
    throw badRecipient("settings.template", 'is no JSON: what is put in is escaped, and quotes belong around it ("{{summary}}")');
  }
}

const isJson = (type: string) => /[/+]json\b/.test(type);

function escapeFor(type: string): (text: string) => string {
  if (isJson(type)) return (text) => JSON.stringify(text).slice(1, -1);
  if (/^application\/x-www-form-urlencoded\b/.test(type)) return encodeURIComponent;
  if (/\b(html|xml)\b/.test(type)) return escapeHtml;
  return (text) => text;
}

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
