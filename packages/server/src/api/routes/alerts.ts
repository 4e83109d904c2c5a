/** Alerts: what was found, and what people say of it. */
import { parseDuration } from "@flowtrail/model";
import { z } from "zod";
import type { AlertPlace, NoteAction } from "../../store/alert-log.ts";
import {
  alertCountSchema,
  alertListSchema,
  alertQuerySchema,
  alertSchema,
  newSilenceSchema,
  noteSchema,
  silenceAlertSchema,
  silenceSchema,
} from "../alert-schemas.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema, notFound } from "../errors.ts";
import { momentOf } from "../flow-params.ts";
import { whoIs } from "../who-is.ts";

const tags = ["alerts"];
const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema };
const params = z.object({ id: z.string().min(1).max(128) });

interface Until {
  readonly until?: string | undefined;
  readonly for?: string | undefined;
  readonly for_s?: number | undefined;
}

export function alertRoutes(
  api: Api,
  { outward: { alerts, recipients }, health, now }: Pick<ApiContext, "outward" | "health" | "now">,
): void {
  const { list, silences, book } = alerts;
  health.setAlerts(() => alerts.health);

  api.route({
    method: "GET",
    url: "/api/alerts",
    config: { access: "audit" },
    schema: {
      summary: "Alerts, newest first",
      tags,
      querystring: alertQuerySchema,
      response: { 200: alertListSchema, ...errors },
    },
    handler: async ({ query: { state, rule, severity, from, to, limit, cursor } }, reply) => {
      const page = await list.page({
        states: state,
        severities: severity,
        rules: rule?.split(","),
        fromMs: from === undefined ? undefined : momentOf("from", from, now()),
        toMs: to === undefined ? undefined : momentOf("to", to, now()),
        after: cursor === undefined ? undefined : placeOf(cursor),
        limit,
      });
      reply.header("cache-control", "no-store");
      return { alerts: page.alerts, next: page.next && `${page.next.sinceMs}.${page.next.id}` };
    },
  });

  api.route({
    method: "GET",
    url: "/api/alerts/count",
    config: { access: "audit" },
    schema: { summary: "How many alerts are not over", tags, response: { 200: alertCountSchema, ...errors } },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return list.count();
    },
  });

  api.route({
    method: "GET",
    url: "/api/alerts/:id",
    config: { access: "audit" },
    schema: { summary: "One alert", tags, params, response: { 200: alertSchema, ...errors, 404: errorSchema } },
    handler: async ({ params: { id } }, reply) => {
      reply.header("cache-control", "no-store");
      return (await list.one(id)) ?? unknown(id);
    },
  });

  const say = (action: NoteAction, summary: string, description: string) =>
    api.route({
      method: "POST",
      url: `/api/alerts/:id/${action}`,
      config: { access: "admin", audit: `alert.${action}` },
      schema: {
        summary,
        description,
        tags,
        params,
        body: noteSchema.nullish(),
        response: { 200: alertSchema, ...errors, 404: errorSchema },
      },
      handler: async ({ params: { id }, body, identity }) => {
        const alert = (await list.say(id, action, body?.note ?? "", null, { who: whoIs(identity), ms: now() })) ?? unknown(id);
        const rule = book.of(alert.rule)?.rule;
        if (action === "acknowledge" && rule !== undefined) await recipients.tell({ kind: "acknowledged", alert, rule });
        return alert;
      },
    });
  say(
    "acknowledge",
    "Say that somebody looks after an alert",
    "Recipients are told nothing more of it but that it is over. Those that keep incidents of their own (PagerDuty) are told this, too.",
  );
  say(
    "reopen",
    "Take back that an alert is acknowledged or silenced",
    "Recipients are told of it again. A silence of its labels goes on.",
  );

  api.route({
    method: "POST",
    url: "/api/alerts/:id/silence",
    config: { access: "admin", audit: "alert.silence" },
    schema: {
      summary: "Tell nobody of an alert for a while",
      description: "If it still holds when the silence ends, it is open again and recipients are told.",
      tags,
      params,
      body: silenceAlertSchema,
      response: { 200: alertSchema, ...errors, 404: errorSchema, 409: errorSchema },
    },
    handler: async ({ params: { id }, body, identity }) => {
      const by = { who: whoIs(identity), ms: now() };
      const untilMs = untilOf(body, by.ms);
      if (body.scope === "alert") return (await list.say(id, "silence", body.note, untilMs, by)) ?? unknown(id);
      const { rule, labels } = (await list.one(id)) ?? unknown(id);
      await silences.add({ rule, labels, until: new Date(untilMs).toISOString(), note: body.note }, by);
      return (await list.one(id)) ?? unknown(id);
    },
  });

  api.route({
    method: "GET",
    url: "/api/alert-silences",
    config: { access: "audit" },
    schema: {
      summary: "Silences of rules and labels that are in force",
      tags,
      response: { 200: z.object({ silences: z.array(silenceSchema).readonly() }), ...errors },
    },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return { silences: silences.at(now()) };
    },
  });

  api.route({
    method: "POST",
    url: "/api/alert-silences",
    config: { access: "admin", audit: "alert.silence" },
    schema: {
      summary: "Tell nobody of what a rule finds, or of certain labels, for a while",
      tags,
      body: newSilenceSchema,
      response: { 200: silenceSchema, ...errors, 409: errorSchema },
    },
    handler: async ({ body: { rule, labels, note, ...until }, identity }) => {
      const ms = now();
      return silences.add(
        { rule, labels, note, until: new Date(untilOf(until, ms)).toISOString() },
        { who: whoIs(identity), ms },
      );
    },
  });

  api.route({
    method: "DELETE",
    url: "/api/alert-silences/:id",
    config: { access: "admin", audit: "alert.unsilence" },
    schema: {
      summary: "End a silence",
      tags,
      params,
      response: { 204: z.null(), ...errors, 404: errorSchema, 409: errorSchema },
    },
    handler: async ({ params: { id }, identity }, reply) => {
      if (!(await silences.end(id, { who: whoIs(identity), ms: now() }))) throw notFound(`no silence ${id} is in force`);
      return reply.code(204).send(null);
    },
  });
}

/** @throws RouteError NOT_FOUND */
function unknown(id: string): never {
  throw notFound(`there is no alert ${id}, or it is older than what is kept`);
}

/** @throws RouteError BAD_REQUEST */
function untilOf({ until, for: span, for_s }: Until, nowMs: number): number {
  const ms = span === undefined ? (for_s === undefined ? null : for_s * 1000) : parseDuration(span);
  const untilMs = until === undefined ? (ms === null ? Number.NaN : nowMs + ms) : Date.parse(until);
  if (!(untilMs > nowMs)) throw badRequest("until, for: expected a time to come (`until`), or a duration such as 2h (`for`)");
  return untilMs;
}

/** @throws RouteError BAD_REQUEST */
function placeOf(cursor: string): AlertPlace {
  const [, sinceMs, id] = /^(\d{1,15})\.([\w-]{1,128})$/.exec(cursor) ?? [];
  if (id === undefined) throw badRequest("cursor: expected `next` of the page before");
  return { sinceMs: Number(sinceMs), id };
}
