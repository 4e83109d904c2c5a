/**
 * Discord's webhooks (docs.discord.com/developers/resources/webhook#execute-webhook). Markdown is escaped, nobody is mentioned, and the limits
 * of embeds are kept (…/resources/message#embed-object-embed-limits).
 */
import type { Opened } from "../kinds.ts";
import { type Entry, factsOf, type Message, oneLine, stateWords, titleOf, worstOf } from "../message.ts";
import { type FormRequest, jsonRequest, restWords, SHOWN_OF_DIGEST } from "./request.ts";

const COLOURS = { info: 0x6b7280, low: 0x2563eb, medium: 0xd97706, high: 0xdc2626, critical: 0x7f1d1d } as const;
const OVER = 0x15803d;
const MAX_TITLE = 256;
const MAX_TEXT = 3500;
/** Title, text and at most 16 fields: fewer than 6000 characters together. */
const MAX_NAME = 60;
const MAX_VALUE = 180;
const MAX_URL = 2048;

export function discordForm(message: Message, { secrets }: Opened<"discord">): FormRequest {
  const { entries, madeMs } = message;
  const [first] = entries;
  const worst = worstOf(message);
  const isOne = entries.length === 1;
  const { link } = first;
  const embed = {
    title: escapeMarkdown(titleOf(message), MAX_TITLE),
    description: isOne ? escapeMarkdown(first.explanation, 1000) : lines(entries),
    ...(isOne && link !== null && link.length <= MAX_URL ? { url: link } : {}),
    color: worst === null ? OVER : COLOURS[worst],
    timestamp: new Date(madeMs).toISOString(),
    fields: isOne
      ? factsOf(first).map(([name, value]) => ({
          name: escapeMarkdown(name, MAX_NAME),
          value: escapeMarkdown(value, MAX_VALUE) || "-",
          inline: true,
        }))
      : [],
  };
  return jsonRequest(secrets.url ?? "", { embeds: [embed], allowed_mentions: { parse: [] } });
}

/** A backslash before what Markdown knows; a slash among it, so that an address does not become a link. At most `max` characters, and no half escape. */
export function escapeMarkdown(text: string, max: number): string {
  const escaped = oneLine(text, max).replaceAll(/[\\`*_~|<>[\]()#@:/-]/g, "\\$&");
  return escaped.length <= max ? escaped : `${escaped.slice(0, max - 2).replace(/\\$/, "")}…`;
}

function lines(entries: readonly Entry[]): string {
  const shown = entries
    .slice(0, SHOWN_OF_DIGEST)
    .map((entry) => escapeMarkdown(`${stateWords(entry)}: ${entry.alert.summary}`, MAX_TEXT / SHOWN_OF_DIGEST));
  return [...shown, restWords(entries.length)].join("\n").trim();
}
