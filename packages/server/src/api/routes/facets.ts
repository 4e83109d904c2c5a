/** How many flows there are, what they have in common, and since when something is known. */

import { inquiryFor } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { facetQuestionOf, seenFilterOf } from "../facet-params.ts";
import { filterOf, questionRangeOf } from "../flow-params.ts";
import { countQuerySchema, countSchema, facetsQuerySchema, facetsSchema, seenQuerySchema, seenSchema } from "../flow-schemas.ts";

const errors = { 400: errorSchema, 401: errorSchema, 422: errorSchema, 503: errorSchema };

export function facetRoutes(api: Api, context: ApiContext): void {
  const { counts, facets, seen, now } = context;
  api.route({
    method: "GET",
    url: "/api/flows/count",
    config: { access: "read" },
    schema: {
      summary: "How many rows a list has",
      tags: ["flows"],
      querystring: countQuerySchema,
      response: { 200: countSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { from, to } = request.query;
      const range = questionRangeOf(from, to, now());
      const filter = filterOf(request, request.query);
      const inquiry = inquiryFor(request, reply, context);
      reply.header("cache-control", "no-store");
      return { ...(await counts.count(range, filter, inquiry)), meta: inquiry.meta };
    },
  });

  api.route({
    method: "GET",
    url: "/api/flows/facets",
    config: { access: "read" },
    schema: {
      summary: "The values that most rows of a list have, field by field",
      tags: ["flows"],
      querystring: facetsQuerySchema,
      response: { 200: facetsSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { from, to } = request.query;
      const { names, ...question } = facetQuestionOf(request, request.query, questionRangeOf(from, to, now()));
      const inquiry = inquiryFor(request, reply, context);
      reply.header("cache-control", "no-store");
      const { values, more, exact, note } = await facets.facets(question, inquiry);
      const told = [...names].map(([name, field]) => [name, [...(values.get(field.name) ?? [])]] as const);
      const cut = [...names].flatMap(([name, field]) => (more.includes(field.name) ? [name] : []));
      return { facets: Object.fromEntries(told), more: cut, exact, note, meta: inquiry.meta };
    },
  });

  api.route({
    method: "GET",
    url: "/api/flows/seen",
    config: { access: "read" },
    schema: {
      summary: "When the first flow of a name, an address, a domain … began, and when the last one was active",
      tags: ["flows"],
      querystring: seenQuerySchema,
      response: { 200: seenSchema, ...errors },
    },
    handler: async (request, reply) => {
      const filter = seenFilterOf(request, request.query);
      const inquiry = inquiryFor(request, reply, context);
      reply.header("cache-control", "no-store");
      const { firstMs, lastMs, exact, note } = await seen.seen(filter, inquiry);
      const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
      return { first: time(firstMs), last: time(lastMs), exact, note, meta: inquiry.meta };
    },
  });
}
