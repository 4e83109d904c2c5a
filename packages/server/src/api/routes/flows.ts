/** Questions about flows. */
import { parseFlowId } from "@flowtrail/model";
import { z } from "zod";
import { writeCursor } from "../../query/cursor.ts";
import { QueryError } from "../../query/errors.ts";
import { whenGone } from "../abort.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema, notFound } from "../errors.ts";
import { listQueryOf } from "../flow-params.ts";
import { detailSchema, listQuerySchema, listSchema } from "../schemas.ts";

const errors = { 400: errorSchema, 401: errorSchema, 422: errorSchema, 503: errorSchema };

export function flowRoutes(api: Api, { flows, details, now }: ApiContext): void {
  api.route({
    method: "GET",
    url: "/api/flows",
    config: { access: "api" },
    schema: {
      summary: "Flows, newest start first",
      tags: ["flows"],
      querystring: listQuerySchema,
      response: { 200: listSchema, ...errors },
    },
    handler: async (request, reply) => {
      const query = listQueryOf(request.query, now());
      const { flows: rows, last } = await flows.page(query, whenGone(reply));
      reply.header("cache-control", "no-store");
      return { flows: rows, next: last && writeCursor({ range: query.range, after: last }) };
    },
  });

  api.route({
    method: "GET",
    url: "/api/flows/:reporter/:flow_id",
    config: { access: "api" },
    schema: {
      summary: "One report, and the others of its connection",
      tags: ["flows"],
      params: z.object({ reporter: z.string().min(1).max(256).describe("Id or name of the node"), flow_id: z.string() }),
      response: { 200: detailSchema, 404: errorSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { reporter, flow_id } = request.params;
      const id = parseFlowId(flow_id);
      if (id === null) throw new QueryError([{ parameter: "flow_id", message: "expected a whole number up to 2^64-1" }]);
      const found = await details.find(reporter, id, whenGone(reply));
      if (found === null) throw notFound(`no report of ${reporter} has the flow id ${flow_id}, or it is older than what is kept`);
      reply.header("cache-control", "no-store");
      return found;
    },
  });
}
