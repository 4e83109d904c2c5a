/** Sends a message to a recipient of any kind. */
import { hostname } from "node:os";
import { HttpPost } from "../outgoing/http-post.ts";
import { confidential, without } from "../outgoing/unsaid.ts";
import { discordForm } from "./forms/discord.ts";
import { mailOf } from "./forms/mail.ts";
import { ntfyForm } from "./forms/ntfy.ts";
import { pagerdutyForm } from "./forms/pagerduty.ts";
import type { FormRequest } from "./forms/request.ts";
import { slackForm } from "./forms/slack.ts";
import { syslogLine } from "./forms/syslog-line.ts";
import { teamsForm } from "./forms/teams.ts";
import { webhookForm } from "./forms/webhook.ts";
import type { Opened, RecipientKind } from "./kinds.ts";
import type { Message } from "./message.ts";
import { type Outcome, refused, taken } from "./outcome.ts";
import { sendMail } from "./transports/mail.ts";
import { sendSyslog } from "./transports/syslog.ts";

export interface SendConfig {
  readonly timeoutMs: number;
  readonly allowLinkLocal: boolean;
}

/** A kind with what it is told by. */
export type Address = { readonly [Kind in RecipientKind]: { readonly kind: Kind; readonly opened: Opened<Kind> } }[RecipientKind];
export type Send = (message: Message, address: Address, signal: AbortSignal) => Promise<Outcome>;

/** Of an answer: what is said of it, and Discord's reason. */
const MAX_ANSWER_BYTES = 4096;

/** The function that sends, and never throws but for a signal that ends it. */
export function sender({ timeoutMs, allowLinkLocal }: SendConfig, deps: { readonly now: () => number }): Send {
  const host = hostname();
  const post = async (form: FormRequest, caFile: string | undefined, signal: AbortSignal): Promise<Outcome> => {
    const http = new HttpPost({ timeoutMs, maxAnswerBytes: MAX_ANSWER_BYTES, caFile, allowLinkLocal }, deps);
    const { status, answer, error, isFinal, retryAfterMs } = await http.post({ ...form, signal });
    const said = status === null ? "" : `HTTP ${status} ${without(answer, confidential(form))}`.trim();
    return error === null ? taken(said) : refused(error, { said, isFinal, retryAfterMs });
  };
  const sent: Send = async (message, { kind, opened }, signal) => {
    const mailDeps = { timeoutMs, allowLinkLocal, signal };
    switch (kind) {
      case "webhook":
        return post(webhookForm(message, opened, deps.now()), opened.ca_file, signal);
      case "slack":
        return post(slackForm(message, opened), opened.ca_file, signal);
      case "teams":
        return post(teamsForm(message, opened), opened.ca_file, signal);
      case "discord":
        return post(discordForm(message, opened), opened.ca_file, signal);
      case "pagerduty":
        return post(pagerdutyForm(message, opened, host), opened.ca_file, signal);
      case "ntfy":
        return post(ntfyForm(message, opened), opened.ca_file, signal);
      case "email":
        return sendMail(mailOf(message, opened), opened, mailDeps);
      case "syslog":
        return sendSyslog(syslogLine(message, opened, host), opened, mailDeps);
    }
  };
  return async (message, address, signal) => {
    const outcome = await sent(message, address, signal);
    const secrets = secretsIn(address);
    const { error, said } = outcome;
    return { ...outcome, error: error === null ? null : without(error, secrets), said: without(said, secrets) };
  };
}

/** Some are in the body, or in what a mail server is told before the mail. */
function secretsIn({ kind, opened }: Address): string[] {
  const secrets = Object.values(opened.secrets);
  // RFC 4616: how a name and a password are sent, in base64.
  return kind === "email" ? [...secrets, `\0${opened.user}\0${opened.secrets.password}`] : secrets;
}
