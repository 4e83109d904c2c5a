/** Our own JSON, or a template; signed as www.standardwebhooks.com has it, so that people verify it with what there is already. */
import { createHmac } from "node:crypto";
import type { Opened } from "../kinds.ts";
import type { Entry, Message } from "../message.ts";
import type { FormRequest } from "./request.ts";
import { filled } from "./template.ts";

export function webhookForm(
  message: Message,
  { url, template, content_type, secrets }: Opened<"webhook">,
  nowMs: number,
): FormRequest {
  const type = (template !== undefined && content_type) || "application/json";
  const body = template === undefined ? JSON.stringify(payloadOf(message)) : filled(template, message.entries[0], type);
  const { signing_secret, authorization } = secrets;
  return {
    url,
    body,
    headers: {
      "content-type": type,
      ...(authorization === undefined ? {} : { authorization }),
      ...signature({ id: message.id, seconds: Math.floor(nowMs / 1000), body, secret: signing_secret }),
    },
  };
}

interface Signed {
  readonly id: string;
  readonly seconds: number;
  readonly body: string;
  readonly secret: string | undefined;
}

/** github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md: id, time and body with dots between, the key in base64 behind `whsec_`. */
function signature({ id, seconds, body, secret }: Signed): Record<string, string> {
  const common = { "webhook-id": id, "webhook-timestamp": String(seconds) };
  if (secret === undefined) return common;
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const mac = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return { ...common, "webhook-signature": `v1,${mac}` };
}

function payloadOf({ id, madeMs, isTest, entries }: Message): unknown {
  const [first] = entries;
  const timestamp = new Date(madeMs).toISOString();
  if (isTest) return { id, type: "test", timestamp, data: dataOf(first) };
  if (entries.length === 1) return { id, type: typeOf(first), timestamp, data: dataOf(first) };
  const events = entries.map((entry) => ({ id: entry.id, type: typeOf(entry), data: dataOf(entry) }));
  return { id, type: "alerts.digest", timestamp, data: { events } };
}

const typeOf = ({ kind }: Entry) => `alert.${kind}`;

function dataOf({ alert, explanation, link, evidence }: Entry) {
  return { alert, explanation, link, evidence };
}
