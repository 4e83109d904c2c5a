/** Questions about traffic as a whole: over time, by the largest, who with whom. */
import { parseFlowId } from "@flowtrail/model";
import { z } from "zod";
import { QueryError } from "../../query/errors.ts";
import { type Gap, gapsFor } from "../../query/gaps.ts";
import { histogram } from "../../query/histogram.ts";
import { pairs } from "../../query/pairs.ts";
import { timeline } from "../../query/timeline.ts";
import { top } from "../../query/top.ts";
import { topPlan } from "../../query/top-plan.ts";
import { inquiryFor, scopeOf } from "../ask.ts";
import {
  histogramQuerySchema,
  histogramSchema,
  pairsQuerySchema,
  pairsSchema,
  planQuerySchema,
  planSchema,
  timelineQuerySchema,
  timelineSchema,
  topQuerySchema,
  topSchema,
} from "../chart-schemas.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema, notFound } from "../errors.ts";
import { filterOf, questionRangeOf } from "../flow-params.ts";
import { groupFieldsOf } from "../group-params.ts";
import { Sight } from "../sight.ts";

const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 422: errorSchema, 429: errorSchema, 503: errorSchema };
const tags = ["charts"];
const iso = (ms: number) => new Date(ms).toISOString();

function fieldsOf(by: string | readonly string[]) {
  return groupFieldsOf(
    "by",
    [by].flat().flatMap((text) => text.split(",")),
  );
}

export function gapJson({ reporter, reporterId, fromMs, toMs }: Gap) {
  return { reporter, reporter_id: reporterId, from: iso(fromMs), to: iso(toMs) };
}

export function chartRoutes(api: Api, context: ApiContext): void {
  const { traffic, gapsIn, history, health, now } = context;

  api.route({
    method: "GET",
    url: "/api/flows/histogram",
    config: { access: "read" },
    schema: {
      summary: "Traffic over time",
      tags,
      querystring: histogramQuerySchema,
      response: { 200: histogramSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { from, to, group, previous, metric, buckets, limit } = request.query;
      const range = questionRangeOf(from, to, now());
      const filter = filterOf(request, request.query);
      const [field = null] = group ? groupFieldsOf("group", [group]) : [];
      const inquiry = inquiryFor(request, reply, context);
      const query = { range, filter, group: field, metric, buckets, limit, previous: previous === "true" };
      const answer = await histogram(traffic, query, inquiry);
      const { gaps, partial } = gapsFor(filter, new Sight(scopeOf(request), history).gaps(gapsIn(range), health.agents()));
      if (partial) inquiry.markPartial();
      reply.header("cache-control", "no-store");
      return { ...answer, gaps: gaps.map(gapJson), meta: inquiry.meta };
    },
  });

  api.route({
    method: "GET",
    url: "/api/flows/top",
    config: { access: "read" },
    schema: {
      summary: "The largest groups, and the others together",
      tags,
      querystring: topQuerySchema,
      response: { 200: topSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { from, to, by, previous, metric, rank, limit, buckets = null } = request.query;
      const nowMs = now();
      const range = questionRangeOf(from, to, nowMs);
      const filter = filterOf(request, request.query);
      const fields = fieldsOf(by);
      const inquiry = inquiryFor(request, reply, context);
      const query = { range, filter, by: fields, metric, rank, limit, previous: previous === "true", buckets, nowMs };
      const answer = await top(traffic, query, inquiry);
      reply.header("cache-control", "no-store");
      return { ...answer, meta: inquiry.meta };
    },
  });

  api.route({
    method: "GET",
    url: "/api/flows/plan",
    config: { access: "read" },
    schema: {
      summary: "Where the answer about the largest groups would come from, before it is asked for",
      tags,
      querystring: planQuerySchema,
      response: { 200: planSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { from, to, by = [], metric, buckets = null } = request.query;
      const fields = by.length === 0 ? [] : fieldsOf(by);
      const query = {
        range: questionRangeOf(from, to, now()),
        filter: filterOf(request, request.query),
        by: fields,
        metric,
        buckets,
      };
      reply.header("cache-control", "no-store");
      return topPlan(traffic, query);
    },
  });

  api.route({
    method: "GET",
    url: "/api/flows/pairs",
    config: { access: "read" },
    schema: { summary: "Who talks to whom", tags, querystring: pairsQuerySchema, response: { 200: pairsSchema, ...errors } },
    handler: async (request, reply) => {
      const { from, to, metric, limit, externals } = request.query;
      const query = {
        range: questionRangeOf(from, to, now()),
        filter: filterOf(request, request.query),
        metric,
        limit,
        externals,
      };
      const inquiry = inquiryFor(request, reply, context);
      const answer = await pairs(traffic, query, inquiry);
      reply.header("cache-control", "no-store");
      return { ...answer, meta: inquiry.meta };
    },
  });

  api.route({
    method: "GET",
    url: "/api/flows/:reporter/:flow_id/timeline",
    config: { access: "read" },
    schema: {
      summary: "What each end of a flow sent over its life",
      tags,
      querystring: timelineQuerySchema,
      params: z.object({ reporter: z.string().min(1).max(256).describe("Id or name of the node"), flow_id: z.string() }),
      response: { 200: timelineSchema, 404: errorSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { reporter, flow_id } = request.params;
      const id = parseFlowId(flow_id);
      if (id === null) throw new QueryError([{ parameter: "flow_id", message: "expected a whole number up to 2^64-1" }]);
      const inquiry = inquiryFor(request, reply, context);
      const answer = await timeline(reporter, id, request.query.buckets, inquiry);
      if (answer === null)
        throw notFound(`no report of ${reporter} has the flow id ${flow_id}, or it is older than what is kept`);
      reply.header("cache-control", "no-store");
      return { ...answer, meta: inquiry.meta };
    },
  });
}
