/** ntfy, published as JSON to the root of its server (docs.ntfy.sh/publish/#publish-as-json). It is shown as it is: Markdown is not asked for. */
import type { AlertSeverity } from "@flowtrail/model";
import type { Opened } from "../kinds.ts";
import { type Entry, factsOf, type Message, oneLine, stateWords, titleOf, worstOf } from "../message.ts";
import { type FormRequest, jsonRequest, restWords, SHOWN_OF_DIGEST } from "./request.ts";

/** 1 to 5; 3 is theirs. */
const PRIORITIES: Readonly<Record<AlertSeverity, number>> = { info: 2, low: 3, medium: 3, high: 4, critical: 5 };
const MAX_TITLE = 250;
/** Of 4096 bytes; what is longer becomes an attachment. */
const MAX_BYTES = 4000;

export function ntfyForm(message: Message, { url, secrets }: Opened<"ntfy">): FormRequest {
  const { entries, isTest } = message;
  const [first] = entries;
  const worst = worstOf(message);
  const isOne = entries.length === 1;
  const { topic = "", token } = secrets;
  const body = {
    topic,
    title: oneLine(isOne && !isTest ? `${stateWords(first)}: ${first.alert.rule_name}` : titleOf(message), MAX_TITLE),
    message: cut(isOne ? single(first) : lines(entries)),
    priority: worst === null ? 2 : PRIORITIES[worst],
    tags: [worst === null ? "white_check_mark" : isTest ? "test_tube" : "rotating_light"],
    ...(isOne && first.link !== null ? { click: first.link } : {}),
    ...(isOne && first.evidence !== null ? { actions: [{ action: "view", label: "See the flows", url: first.evidence }] } : {}),
  };
  return jsonRequest(url, body, token === undefined ? {} : { authorization: `Bearer ${token}` });
}

function single(entry: Entry): string {
  return [entry.alert.summary, ...factsOf(entry).map(([name, value]) => `${name}: ${value}`)].join("\n");
}

function lines(entries: readonly Entry[]): string {
  const shown = entries.slice(0, SHOWN_OF_DIGEST).map((entry) => `${stateWords(entry)}: ${oneLine(entry.alert.summary, 180)}`);
  return [...shown, restWords(entries.length)].join("\n").trim();
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= MAX_BYTES
    ? text
    : bytes
        .subarray(0, MAX_BYTES)
        .toString("utf8")
        .replace(/\ufffd+$/, "");
}
