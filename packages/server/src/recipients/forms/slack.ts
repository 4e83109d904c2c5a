/**
 * Slack's incoming webhooks (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). Names stand in `plain_text`, which has no
 * formatting; where there is only mrkdwn, `&`, `<` and `>` are escaped (…/formatting-message-text), so that nobody is called by <!channel>.
 */
import type { Opened } from "../kinds.ts";
import { type Entry, factsOf, type Message, oneLine, stateWords, titleOf, worstOf } from "../message.ts";
import { type FormRequest, jsonRequest, restWords, SHOWN_OF_DIGEST } from "./request.ts";

const COLOURS = { info: "#6b7280", low: "#2563eb", medium: "#d97706", high: "#dc2626", critical: "#7f1d1d" } as const;
const OVER = "#15803d";
/** Of a section's text; a button's may have 75, its address 3000 (docs.slack.dev/reference/block-kit). */
const MAX_TEXT = 3000;
const MAX_URL = 3000;

export function slackForm(message: Message, { secrets }: Opened<"slack">): FormRequest {
  const { entries, isTest } = message;
  const [first] = entries;
  const worst = worstOf(message);
  const blocks = entries.length === 1 ? [...single(first, isTest ? titleOf(message) : null), ...buttons(first)] : digest(message);
  return jsonRequest(secrets.url ?? "", {
    // Of notifications: here nothing else can be said than mrkdwn.
    text: escapeMrkdwn(oneLine(titleOf(message), 300)),
    attachments: [{ color: worst === null ? OVER : COLOURS[worst], blocks }],
    unfurl_links: false,
    unfurl_media: false,
  });
}

export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const plain = (text: string) => ({ type: "plain_text", text: oneLine(text, MAX_TEXT), emoji: false });

function single(entry: Entry, title: string | null) {
  const facts = factsOf(entry).map(([name, value]) => `${name}: ${value}`);
  return [
    { type: "section", text: plain(title ?? `${stateWords(entry)}: ${entry.alert.summary}`) },
    { type: "context", elements: facts.slice(0, 10).map(plain) },
  ];
}

function buttons({ link, evidence }: Entry) {
  const made = [
    { text: "Open the alert", url: link },
    { text: "See the flows", url: evidence },
  ].filter(({ url }) => url !== null && url.length <= MAX_URL);
  if (made.length === 0) return [];
  return [{ type: "actions", elements: made.map(({ text, url }) => ({ type: "button", text: plain(text), url })) }];
}

function digest(message: Message) {
  const { entries } = message;
  const lines = entries
    .slice(0, SHOWN_OF_DIGEST)
    .map((entry) => ({ type: "section", text: plain(`${stateWords(entry)}: ${entry.alert.summary}`) }));
  const rest = restWords(entries.length);
  return [
    { type: "header", text: plain(oneLine(titleOf(message), 150)) },
    ...lines,
    ...(rest === "" ? [] : [{ type: "context", elements: [plain(rest)] }]),
  ];
}
