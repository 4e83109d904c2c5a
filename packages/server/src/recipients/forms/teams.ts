/**
 * Microsoft Teams, by a workflow's webhook ("Post to a channel when a webhook request is received"): a message with an Adaptive Card
 * (learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using). Text stands in RichTextBlocks: a TextRun
 * knows no Markdown, a TextBlock does (adaptivecards.io/explorer/TextRun.html).
 */
import type { Opened } from "../kinds.ts";
import { type Entry, factsOf, type Message, stateWords, titleOf, worstOf } from "../message.ts";
import { type FormRequest, jsonRequest, restWords, SHOWN_OF_DIGEST } from "./request.ts";

export function teamsForm(message: Message, { secrets }: Opened<"teams">): FormRequest {
  const { entries, isTest } = message;
  const [first] = entries;
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    msteams: { width: "Full" },
    body:
      entries.length === 1
        ? [title(message, isTest ? titleOf(message) : `${stateWords(first)}: ${first.alert.summary}`), ...facts(first)]
        : [title(message, titleOf(message)), ...lines(entries)],
    actions: entries.length === 1 ? actions(first) : [],
  };
  return jsonRequest(secrets.url ?? "", {
    type: "message",
    attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }],
  });
}

const run = (text: string, more: object = {}) => ({ type: "TextRun", text, ...more });
const block = (...inlines: object[]) => ({ type: "RichTextBlock", inlines });

function title(message: Message, text: string) {
  const worst = worstOf(message);
  const color =
    worst === null ? "Good" : worst === "high" || worst === "critical" ? "Attention" : worst === "medium" ? "Warning" : "Default";
  return block(run(text, { size: "Medium", weight: "Bolder", color }));
}

function facts(entry: Entry) {
  return factsOf(entry).map(([name, value]) => block(run(`${name}: `, { isSubtle: true }), run(value)));
}

function lines(entries: readonly Entry[]) {
  const rest = restWords(entries.length);
  const shown = entries
    .slice(0, SHOWN_OF_DIGEST)
    .map((entry) => block(run(`${stateWords(entry)}: `, { weight: "Bolder" }), run(entry.alert.summary)));
  return rest === "" ? shown : [...shown, block(run(rest, { isSubtle: true }))];
}

function actions({ link, evidence }: Entry) {
  return [
    { title: "Open the alert", url: link },
    { title: "See the flows", url: evidence },
  ].flatMap(({ title, url }) => (url === null ? [] : [{ type: "Action.OpenUrl", title, url }]));
}
