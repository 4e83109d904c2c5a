/** Where records are handed to: listed, set, tried out, switched; backfills, and what an endpoint refuses. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { BackfillOrder, BackfillState } from "../../sinks/engine/backfill.ts";
import { SinkError } from "../../sinks/errors.ts";
import { sinkMetrics } from "../../sinks/sink-metrics.ts";
import { sinksHealth, tellSinks } from "../../sinks/tell.ts";
import { trySink } from "../../sinks/try-sink.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { momentOf } from "../flow-params.ts";
import {
  newBackfillSchema,
  parkedSchema,
  sinkAnswerSchema,
  sinkId,
  sinksSchema,
  sinkTestSchema,
  triedSinkSchema,
  wantedSinkSchema,
  whichParkedSchema,
} from "../sink-schemas.ts";
import { whoIs } from "../who-is.ts";

const URL = "/api/sinks";
const tags = ["sinks"];
const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema };
const known = { ...errors, 404: errorSchema };
const ofOne = z.object({ id: sinkId });
const noBody = z.object({}).nullish();

export function sinkRoutes(api: Api, { outward, settings, metrics, health, now }: ApiContext): void {
  const { sinks, sinkBook: book } = outward;
  metrics.also((registry) => sinkMetrics(sinks, registry));
  health.setSinks(() => sinksHealth(sinks, now()));

  /** @throws SinkError SINK_UNKNOWN; StoreError */
  const one = async (id: string) => {
    book.known(id);
    const found = (await tellSinks(sinks, now())).find((sink) => sink.id === id);
    if (found === undefined) throw new SinkError({ code: "SINK_UNKNOWN", id }, `there is no sink ${JSON.stringify(id)}`);
    return found;
  };

  api.route({
    method: "GET",
    url: URL,
    config: { access: "audit" },
    schema: { summary: "Where records are handed to, and how that goes", tags, response: { 200: sinksSchema, ...errors } },
    handler: async (_request, reply) => {
      await settings.refresh();
      reply.header("cache-control", "no-store");
      return { sinks: await tellSinks(sinks, now()) };
    },
  });

  api.route({
    method: "GET",
    url: `${URL}/:id`,
    config: { access: "audit" },
    schema: { summary: "One sink", tags, params: ofOne, response: { 200: sinkAnswerSchema, ...known } },
    handler: async ({ params }, reply) => {
      await settings.refresh();
      reply.header("cache-control", "no-store");
      return one(params.id);
    },
  });

  api.route({
    method: "PUT",
    url: `${URL}/:id`,
    config: { access: "admin", audit: "sink.change" },
    schema: {
      summary: "Set a sink, a new one or as it shall be from now on",
      description:
        "A new one is told of what is stored from now on; a backfill hands over what is there already. Secrets are sealed with the server's key file " +
        "and never told again. One that is left out stays as it was, unless records would go to another place now.",
      tags,
      params: ofOne,
      body: wantedSinkSchema,
      response: { 200: sinkAnswerSchema, ...errors, 409: errorSchema },
    },
    handler: async ({ params, body, identity }, reply) => {
      const { secrets, ...sink } = body;
      await book.set(params.id, sink, secrets, whoIs(identity));
      reply.header("cache-control", "no-store");
      return one(params.id);
    },
  });

  api.route({
    method: "DELETE",
    url: `${URL}/:id`,
    config: { access: "admin", audit: "sink.delete" },
    schema: {
      summary: "Delete a sink with its place and its parked records: nothing more is handed over",
      tags,
      params: ofOne,
      response: { 204: z.null(), ...known, 409: errorSchema },
    },
    handler: async ({ params, identity }, reply) => {
      await book.delete(params.id, whoIs(identity));
      await sinks.parked.set(params.id, "gone");
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/test`,
    config: { access: "admin", audit: "sink.test" },
    schema: {
      summary: "Hand a sample record to a sink that is not set yet",
      description: "200 also when it was not taken: `ok` tells, and `error` what the other side answered.",
      tags,
      body: triedSinkSchema,
      response: { 200: sinkTestSchema, ...known },
    },
    handler: async ({ body }) => {
      const { id, secrets, ...sink } = body;
      return trySink(sinks, id ?? "test", sink, book.tried(id, sink, secrets), now());
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/:id/test`,
    config: { access: "admin", audit: "sink.test" },
    schema: {
      summary: "Hand a sample record to a sink",
      description: "200 also when it was not taken: `ok` tells, and `error` what the other side answered.",
      tags,
      params: ofOne,
      body: noBody,
      response: { 200: sinkTestSchema, ...known },
    },
    handler: async ({ params }) => {
      await settings.refresh();
      const { sink } = book.known(params.id);
      return trySink(sinks, params.id, sink, book.tried(params.id, sink, {}), now());
    },
  });

  for (const [word, enabled, summary] of [
    ["pause", false, "Let a sink rest: it keeps its place, records wait in the store as long as that keeps them"],
    ["resume", true, "Let a sink go on where it was"],
  ] as const)
    api.route({
      method: "POST",
      url: `${URL}/:id/${word}`,
      config: { access: "admin", audit: `sink.${word}` },
      schema: { summary, tags, params: ofOne, body: noBody, response: { 200: sinkAnswerSchema, ...known, 409: errorSchema } },
      handler: async ({ params, identity }) => {
        await book.switch(params.id, enabled, whoIs(identity));
        return one(params.id);
      },
    });

  api.route({
    method: "POST",
    url: `${URL}/:id/backfill`,
    config: { access: "admin", audit: "sink.backfill" },
    schema: {
      summary: "Hand over what is stored already, beside what comes",
      description: "It has a place and a speed of its own. Another one that runs is ended.",
      tags,
      params: ofOne,
      body: newBackfillSchema,
      response: { 200: sinkAnswerSchema, ...known },
    },
    handler: async ({ params, body }) => {
      await settings.refresh();
      const sink = book.known(params.id);
      const fromMs = momentOf("from", body.from, now());
      const toMs = body.to === undefined ? now() : momentOf("to", body.to, now());
      if (toMs <= fromMs) throw new SinkError({ code: "BAD_SINK" }, "to: is not after from");
      const before = await sinks.places.read(sink, "order");
      const order: BackfillOrder = { id: randomUUID(), fromMs, toMs, perSecond: body.per_second, cancelled: false };
      await sinks.places.write(sink, "order", before?.version ?? 0, order);
      return one(params.id);
    },
  });

  const cancel = async (id: string, backfill: string | null) => {
    const sink = book.known(id);
    const order = await sinks.places.read(sink, "order");
    const value = order?.value as BackfillOrder | undefined;
    if (order === null || value === undefined || (backfill !== null && value.id !== backfill))
      throw new SinkError({ code: "SINK_UNKNOWN", id }, "there is no such backfill");
    const state = (await sinks.places.read(sink, "backfill"))?.value as BackfillState | undefined;
    if (state?.id === value.id && state.state === "done") return;
    await sinks.places.write(sink, "order", order.version, { ...value, cancelled: true } satisfies BackfillOrder);
  };
  for (const url of [`${URL}/:id/backfill`, `${URL}/:id/backfill/:backfill`])
    api.route({
      method: "DELETE",
      url,
      config: { access: "admin", audit: "sink.backfill.cancel" },
      schema: {
        summary: "End a backfill: what was handed over stays there",
        tags,
        params: z.object({ id: sinkId, backfill: z.string().max(100).optional() }),
        response: { 204: z.null(), ...known },
      },
      handler: async ({ params }, reply) => {
        await cancel(params.id, params.backfill ?? null);
        return reply.code(204).send(null);
      },
    });

  api.route({
    method: "GET",
    url: `${URL}/:id/parked`,
    config: { access: "audit" },
    schema: {
      summary: "Records that a sink's endpoint refuses, with the reason",
      tags,
      params: ofOne,
      querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
      response: { 200: parkedSchema, ...known },
    },
    handler: async ({ params, query }, reply) => {
      book.known(params.id);
      reply.header("cache-control", "no-store");
      const found = await sinks.parked.list(params.id, query.limit);
      return {
        parked: found.map(({ sink: _, startMs, parkedMs, flowId, reporterId, ...rest }) => ({
          ...rest,
          flow_id: flowId,
          reporter_id: reporterId,
          start: new Date(startMs).toISOString(),
          parked: new Date(parkedMs).toISOString(),
        })),
      };
    },
  });

  for (const [word, state, summary] of [
    ["retry", "retry", "Send parked records again, as they are stored now, within seconds"],
    ["drop", "gone", "Forget parked records: they are not handed over"],
  ] as const)
    api.route({
      method: "POST",
      url: `${URL}/:id/parked/${word}`,
      config: { access: "admin", audit: `sink.parked.${word}` },
      schema: { summary, tags, params: ofOne, body: whichParkedSchema.nullish(), response: { 204: z.null(), ...known } },
      handler: async ({ params, body }, reply) => {
        book.known(params.id);
        const { reason, events } = body ?? {};
        await sinks.parked.set(params.id, state, {
          ...(reason === undefined ? {} : { reason }),
          ...(events === undefined ? {} : { events }),
        });
        return reply.code(204).send(null);
      },
    });
}
