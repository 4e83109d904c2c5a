/** Questions about flows. */
import { NDJSON_CONTENT_TYPE, parseFlowId } from "@flowtrail/model";
import { z } from "zod";
import { QueryError } from "../../query/errors.ts";
import { explainParameter, inquiryFor } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema, notFound } from "../errors.ts";
import { pageLines, toldPlaces, wantsLines } from "../flow-lines.ts";
import { listQueryOf } from "../flow-params.ts";
import { detailSchema, listQuerySchema, listSchema } from "../schemas.ts";

const errors = { 400: errorSchema, 401: errorSchema, 422: errorSchema, 503: errorSchema };

export function flowRoutes(api: Api, context: ApiContext): void {
  const { flows, details, now } = context;
  api.route({
    method: "GET",
    url: "/api/flows",
    config: { access: "read" },
    schema: {
      summary: "Flows, newest start first, or those of the most bytes, packets or time",
      tags: ["flows"],
      querystring: listQuerySchema,
      response: { 200: listSchema, ...errors },
    },
    handler: async (request, reply) => {
      const query = listQueryOf(request, request.query, now());
      const inquiry = inquiryFor(request, reply, context);
      reply.header("cache-control", "no-store");
      reply.header("vary", "accept");
      // The schema tells of the other form.
      if (wantsLines(request)) {
        const page = await pageLines(flows, query, inquiry, request.log);
        return reply.type(NDJSON_CONTENT_TYPE).send(page as never);
      }
      const { flows: rows, ...places } = await flows.page(query, inquiry);
      return { flows: rows, ...toldPlaces(query, places), meta: inquiry.meta };
    },
  });

  api.route({
    method: "GET",
    url: "/api/flows/:reporter/:flow_id",
    config: { access: "read" },
    schema: {
      summary: "One report, and the others of its connection",
      tags: ["flows"],
      querystring: z.strictObject({ explain: explainParameter }),
      params: z.object({ reporter: z.string().min(1).max(256).describe("Id or name of the node"), flow_id: z.string() }),
      response: { 200: detailSchema, 404: errorSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { reporter, flow_id } = request.params;
      const id = parseFlowId(flow_id);
      if (id === null) throw new QueryError([{ parameter: "flow_id", message: "expected a whole number up to 2^64-1" }]);
      const inquiry = inquiryFor(request, reply, context);
      const found = await details.find(reporter, id, inquiry);
      if (found === null) throw notFound(`no report of ${reporter} has the flow id ${flow_id}, or it is older than what is kept`);
      reply.header("cache-control", "no-store");
      return { ...found, meta: inquiry.meta };
    },
  });
}
