/** The API of recipients: who is told of alerts. All of them throw ApiError. */
import { call } from "./api.ts";
import type { Recipient, RecipientTest, Undelivered } from "./types-recipients.ts";

const RECIPIENTS = "/api/recipients";
const recipientPath = (id: string) => `${RECIPIENTS}/${encodeURIComponent(id)}`;

export async function fetchRecipients(signal?: AbortSignal): Promise<readonly Recipient[]> {
  return (await call<{ recipients: readonly Recipient[] }>("GET", RECIPIENTS, undefined, signal)).recipients;
}

export function saveRecipient(id: string, body: object): Promise<unknown> {
  return call("PUT", recipientPath(id), body);
}

export function deleteRecipient(id: string): Promise<unknown> {
  return call("DELETE", recipientPath(id));
}

/** One that is not saved. */
export function testDraft(body: object): Promise<RecipientTest> {
  return call("POST", `${RECIPIENTS}/test`, body);
}

export function testRecipient(id: string): Promise<RecipientTest> {
  return call("POST", `${recipientPath(id)}/test`, {});
}

export function fetchUndelivered(id: string, signal?: AbortSignal): Promise<{ readonly undelivered: readonly Undelivered[] }> {
  return call("GET", `${recipientPath(id)}/undelivered`, undefined, signal);
}

const noticePath = (id: string, notice: string) => `${recipientPath(id)}/undelivered/${encodeURIComponent(notice)}`;

export function retryNotice(id: string, notice: string): Promise<unknown> {
  return call("POST", `${noticePath(id, notice)}/retry`, {});
}

export function dropNotice(id: string, notice: string): Promise<unknown> {
  return call("DELETE", noticePath(id, notice));
}
