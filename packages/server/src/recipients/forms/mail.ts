/**
 * A mail of an alert: plain text and HTML. All mails of one alert refer to the same id, which no mail has, so that mail programs show them as one
 * thread whichever of them came (RFC 5322 § 3.6.4).
 */
import type { SettingsOf } from "../kinds.ts";
import { type Entry, factsOf, type Message, oneLine, stateWords, titleOf } from "../message.ts";
import { SHOWN_OF_DIGEST } from "./request.ts";
import { escapeHtml } from "./template.ts";

export interface Mail {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly references: readonly string[];
  readonly date: Date;
  readonly headers: Readonly<Record<string, string>>;
}

const MAX_SUBJECT = 200;
/** Of a digest; a mail holds more than a chat. */
const MAX_LISTED = 5 * SHOWN_OF_DIGEST;

export function mailOf(message: Message, { from, to }: Pick<SettingsOf<"email">, "from" | "to">): Mail {
  const { id, entries, isTest, madeMs } = message;
  const [first] = entries;
  const isOne = entries.length === 1;
  const domain = from.slice(from.lastIndexOf("@") + 1);
  const isThread = isOne && !isTest;
  return {
    from: { name: "Flowtrail", address: from },
    to,
    subject: oneLine(`[Flowtrail] ${titleOf(message)}`, MAX_SUBJECT),
    text: isOne ? singleText(first) : entries.slice(0, MAX_LISTED).map(lineOf).join("\n\n") + restOf(entries.length),
    html: page(isOne ? singleHtml(first) : entries.slice(0, MAX_LISTED).map(lineHtml).join("\n") + restOf(entries.length)),
    messageId: `<${id}@${domain}>`,
    references: isThread ? [`<alert.${first.alert.id.replaceAll(/[^\w.-]/g, "_")}@${domain}>`] : [],
    date: new Date(madeMs),
    // RFC 3834 § 5: no robot answers it.
    headers: { "Auto-Submitted": "auto-generated", "X-Flowtrail-Severity": first.alert.severity },
  };
}

const restOf = (count: number) => (count > MAX_LISTED ? `\n\nand ${count - MAX_LISTED} more` : "");

function singleText(entry: Entry): string {
  const { alert, explanation, link, evidence } = entry;
  const facts = factsOf(entry).map(([name, value]) => `${name}: ${value}`);
  const links = [link === null ? "" : `The alert: ${link}`, evidence === null ? "" : `Its flows: ${evidence}`].filter(
    (line) => line !== "",
  );
  return [`${stateWords(entry)}: ${alert.summary}`, facts.join("\n"), explanation, links.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

const lineOf = (entry: Entry) => `${stateWords(entry)}: ${entry.alert.summary}${entry.link === null ? "" : `\n  ${entry.link}`}`;

function singleHtml(entry: Entry): string {
  const rows = factsOf(entry).map(
    ([name, value]) =>
      `<tr><td style="padding:2px 12px 2px 0;color:#555">${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`,
  );
  const links = [anchor(entry.link, "Open the alert"), anchor(entry.evidence, "See the flows")]
    .filter((link) => link !== "")
    .join(" &nbsp; ");
  return `<p style="font-size:16px"><b>${escapeHtml(stateWords(entry))}:</b> ${escapeHtml(entry.alert.summary)}</p>
<table style="border-collapse:collapse">${rows.join("\n")}</table>
<p style="color:#555">${escapeHtml(entry.explanation)}</p>
<p>${links}</p>`;
}

function lineHtml(entry: Entry): string {
  return `<p><b>${escapeHtml(stateWords(entry))}:</b> ${escapeHtml(entry.alert.summary)} ${anchor(entry.link, "Open")}</p>`;
}

const anchor = (url: string | null, text: string) => (url === null ? "" : `<a href="${escapeHtml(url)}">${text}</a>`);

function page(body: string): string {
  return `<!doctype html><html><body style="font-family:system-ui,sans-serif;font-size:14px;color:#111">\n${body}\n</body></html>`;
}
