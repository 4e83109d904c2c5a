/** Who is told of alerts: listed, set, tried out; what they could not be told, and what becomes of it. */
import { z } from "zod";
import type { WantedRecipient } from "../../recipients/book.ts";
import { unknownRecipient } from "../../recipients/book.ts";
import { noticeStatus, recipientsHealth } from "../../recipients/health.ts";
import type { Notice } from "../../recipients/notice.ts";
import type { Outcome } from "../../recipients/outcome.ts";
import type { Recipient } from "../../recipients/recipient.ts";
import type { RecipientReport } from "../../recipients/recipients.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import {
  noticeId,
  recipientId,
  recipientSchema,
  recipientsSchema,
  testResultSchema,
  triedRecipientSchema,
  undeliveredSchema,
  wantedRecipientSchema,
} from "../recipient-schemas.ts";
import { whoIs } from "../who-is.ts";

const URL = "/api/recipients";
const tags = ["alerts"];
const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema };
const known = { ...errors, 404: errorSchema };
const ofOne = z.object({ id: recipientId });
const ofNotice = z.object({ id: recipientId, notice: noticeId });

export function recipientRoutes(api: Api, { outward, health, now }: ApiContext): void {
  const { recipients } = outward;
  const { book } = recipients;
  health.setRecipients(() => recipientsHealth(recipients));

  /** @throws RecipientError, StoreError */
  const one = async (id: string) => {
    const recipient = book.find(id);
    if (recipient === null) throw unknownRecipient(id);
    return recipientJson(recipient, await recipients.report());
  };

  api.route({
    method: "GET",
    url: URL,
    config: { access: "audit" },
    schema: { summary: "Who is told of alerts, and how that goes", tags, response: { 200: recipientsSchema, ...errors } },
    handler: async (_request, reply) => {
      await book.refresh();
      const reports = await recipients.report();
      reply.header("cache-control", "no-store");
      return { recipients: book.recipients.map((recipient) => recipientJson(recipient, reports)) };
    },
  });

  api.route({
    method: "GET",
    url: `${URL}/:id`,
    config: { access: "audit" },
    schema: { summary: "One recipient", tags, params: ofOne, response: { 200: recipientSchema, ...known } },
    handler: async ({ params }, reply) => {
      await book.refresh();
      reply.header("cache-control", "no-store");
      return one(params.id);
    },
  });

  api.route({
    method: "PUT",
    url: `${URL}/:id`,
    config: { access: "admin", audit: "recipient.change" },
    schema: {
      summary: "Set a recipient, a new one or as it shall be from now on",
      description:
        "Secrets (`secrets`) are sealed with the server's key file and never told again. A secret that is left out stays as it was, unless the message would go to another place now.",
      tags,
      params: ofOne,
      body: wantedRecipientSchema,
      response: { 200: recipientSchema, ...errors, 409: errorSchema },
    },
    handler: async ({ params, body, identity }, reply) => {
      await book.set(params.id, body as WantedRecipient, { ms: now(), who: whoIs(identity) });
      reply.header("cache-control", "no-store");
      return one(params.id);
    },
  });

  api.route({
    method: "DELETE",
    url: `${URL}/:id`,
    config: { access: "admin", audit: "recipient.delete" },
    schema: {
      summary: "Remove a recipient: what it was still to be told is dropped",
      tags,
      params: ofOne,
      response: { 204: z.null(), ...known, 409: errorSchema },
    },
    handler: async ({ params, identity }, reply) => {
      await book.remove(params.id, { ms: now(), who: whoIs(identity) });
      await recipients.dropAll(params.id);
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/test`,
    config: { access: "admin", audit: "recipient.test" },
    schema: {
      summary: "Send a test message to a recipient that is not set yet",
      description: "200 also when it was not taken: `ok` tells, and `said` what the other side answered.",
      tags,
      body: triedRecipientSchema,
      response: { 200: testResultSchema, ...known },
    },
    handler: async ({ body }) => {
      const { id, ...wanted } = body;
      await book.refresh();
      const before = id === undefined ? null : book.find(id);
      return tried(() => recipients.test(wanted as WantedRecipient, before));
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/:id/test`,
    config: { access: "admin", audit: "recipient.test" },
    schema: {
      summary: "Send a test message to a recipient",
      description: "200 also when it was not taken: `ok` tells, and `said` what the other side answered.",
      tags,
      params: ofOne,
      response: { 200: testResultSchema, ...known },
    },
    handler: async ({ params }) => {
      await book.refresh();
      const found = book.find(params.id);
      if (found === null) throw unknownRecipient(params.id);
      return tried(() => recipients.test({ ...found, secrets: {} }, found));
    },
  });

  api.route({
    method: "GET",
    url: `${URL}/:id/undelivered`,
    config: { access: "audit" },
    schema: {
      summary: "What a recipient was not told: what waits, and what was given up (parked) with the reason",
      tags,
      params: ofOne,
      response: { 200: undeliveredSchema, ...known },
    },
    handler: async ({ params }, reply) => {
      await book.refresh();
      reply.header("cache-control", "no-store");
      return { undelivered: (await recipients.undelivered(params.id)).map(noticeJson) };
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/:id/undelivered/:notice/retry`,
    config: { access: "admin", audit: "recipient.retry" },
    schema: { summary: "Try it again now", tags, params: ofNotice, response: { 204: z.null(), ...known } },
    handler: async ({ params }, reply) => {
      await recipients.retry(params.id, params.notice);
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "DELETE",
    url: `${URL}/:id/undelivered/:notice`,
    config: { access: "admin", audit: "recipient.drop" },
    schema: { summary: "Drop it: it is never told", tags, params: ofNotice, response: { 204: z.null(), ...known } },
    handler: async ({ params }, reply) => {
      await recipients.drop(params.id, params.notice);
      return reply.code(204).send(null);
    },
  });
}

async function tried(send: () => Promise<Outcome>): Promise<z.infer<typeof testResultSchema>> {
  const began = performance.now();
  const { error, said } = await send();
  return { ok: error === null, said, error, ms: Math.round(performance.now() - began) };
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

function recipientJson(recipient: Recipient, reports: readonly RecipientReport[]): z.infer<typeof recipientSchema> {
  const { secrets, changedMs, ...rest } = recipient;
  const report = reports.find(({ id }) => id === recipient.id);
  return {
    ...rest,
    secrets: Object.fromEntries(Object.keys(secrets).map((name) => [name, true as const])),
    changed: new Date(changedMs).toISOString(),
    status: noticeStatus(report),
  };
}

function noticeJson({ id, state, event, createdMs, attempts, nextMs, error, failedMs }: Notice) {
  const { kind, alert } = event;
  return {
    id,
    state: state === "parked" ? ("parked" as const) : ("waiting" as const),
    event: kind,
    alert: alert.id,
    rule: alert.rule,
    severity: alert.severity,
    summary: alert.summary,
    created: new Date(createdMs).toISOString(),
    attempts,
    next: state === "waiting" ? iso(nextMs) : null,
    error: error === "" ? null : error,
    failed: iso(failedMs),
  };
}
