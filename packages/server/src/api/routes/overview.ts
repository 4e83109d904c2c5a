/** `GET /api/overview`: all that the landing page shows, in one question. */
import { gapsFor } from "../../query/gaps.ts";
import { overview } from "../../query/overview.ts";
import { inquiryFor, scopeOf } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { filterOf, questionRangeOf } from "../flow-params.ts";
import { groupFieldsOf } from "../group-params.ts";
import { overviewQuerySchema, overviewSchema } from "../overview-schemas.ts";
import { Sight } from "../sight.ts";
import { gapJson } from "./charts.ts";

const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 422: errorSchema, 429: errorSchema, 503: errorSchema };

export function overviewRoutes(api: Api, context: ApiContext): void {
  const { traffic, roster, health, history, gapsIn, now } = context;

  api.route({
    method: "GET",
    url: "/api/overview",
    config: { access: "read" },
    schema: {
      summary: "What a network does, at a glance",
      tags: ["charts"],
      querystring: overviewQuerySchema,
      response: { 200: overviewSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { from, to, group, metric, buckets, limit } = request.query;
      const nowMs = now();
      const range = questionRangeOf(from, to, nowMs);
      const filter = filterOf(request, request.query);
      const [field = null] = group === "" ? [] : groupFieldsOf("group", [group]);
      const inquiry = inquiryFor(request, reply, context);
      const query = { range, filter, group: field, metric, buckets, limit, nowMs };
      const { chart, tiles, ...rest } = await overview({ traffic, heard: roster }, query, inquiry);
      const sight = new Sight(scopeOf(request), history);
      const { gaps, partial } = gapsFor(filter, sight.gaps(gapsIn(range), health.agents()));
      if (partial) inquiry.markPartial();
      const agents = sight.agents(health.agents());
      reply.header("cache-control", "no-store");
      return {
        chart: { ...chart, gaps: gaps.map(gapJson) },
        tiles: { ...tiles, agents: { reporting: agents.filter(({ silent }) => !silent).length, known: agents.length } },
        ...rest,
        meta: inquiry.meta,
      };
    },
  });
}
