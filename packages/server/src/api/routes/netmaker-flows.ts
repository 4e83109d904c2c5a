/** `GET /api/v1/flows` as Netmaker has it: whoever has a script for its flow logs points it here. */
import type { FlowJson } from "@flowtrail/model";
import type { FastifyReply, FastifyRequest } from "fastify";
import { QueryError } from "../../query/errors.ts";
import type { FlowList } from "../../query/flow-list.ts";
import type { FlowListQuery, ListPlace } from "../../query/flow-list-order.ts";
import type { Inquiry } from "../../query/inquiry.ts";
import { askerOf, inquiryFor, scopeOf } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { apiError } from "../errors.ts";
import { type NetmakerQuestion, netmakerQuestion } from "../netmaker-params.ts";
import { netmakerRow } from "../netmaker-row.ts";
import { netmakerErrorSchema, netmakerListSchema, netmakerQuerySchema } from "../netmaker-schemas.ts";
import { PageStarts } from "../page-starts.ts";
import { Sight } from "../sight.ts";

/** Rows before a page that are looked at, where it is not known where it begins. */
const MAX_SKIPPED = 10_000;

export function netmakerFlowRoutes(api: Api, context: ApiContext): void {
  const { flows, history, now } = context;
  const starts = new PageStarts(now);
  api.route({
    method: "GET",
    url: "/api/v1/flows",
    config: { access: "read" },
    errorHandler: sendNetmakerError,
    schema: {
      summary: "Flows as Netmaker's flow logs tell them, newest start first",
      description: "Netmaker's parameters, envelope and rows, and a few parameters more: docs/how-to/netmaker.md. All reports.",
      tags: ["netmaker"],
      querystring: netmakerQuerySchema,
      response: { 200: netmakerListSchema, 400: netmakerErrorSchema, 401: netmakerErrorSchema, 503: netmakerErrorSchema },
    },
    handler: async (request, reply) => {
      const scope = scopeOf(request);
      const question = netmakerQuestion(request, request.query, new Sight(scope, history).current(), now());
      const { page: _, ...list } = request.query;
      const key = JSON.stringify([askerOf(request), scope, list]);
      const start = starts.before(key, question.page, question.range);
      const skipped = (question.page - start.page) * question.perPage;
      if (skipped > MAX_SKIPPED) throw tooDeep(question);
      const inquiry = inquiryFor(request, reply, context);
      const asked = { ...question, range: start.range };
      const { rows, next } = await pageOf(flows, asked, { place: start.place, skipped }, inquiry);
      if (next !== null) starts.note(key, question.page + 1, next);
      reply.header("cache-control", "no-store");
      return { Code: 200 as const, Message: "flows retrieved successfully", Response: rows.map(netmakerRow) };
    },
  });
}

interface Where {
  readonly place: ListPlace | null;
  /** Rows between there and the page. */
  readonly skipped: number;
}

/** `next`: where the page behind begins; null: there is none. */
async function pageOf(
  flows: FlowList,
  { filter, range, perPage }: NetmakerQuestion,
  { place, skipped }: Where,
  inquiry: Inquiry,
): Promise<{ rows: FlowJson[]; next: ListPlace | null }> {
  const query: FlowListQuery = { range, filter, limit: skipped + perPage, sort: "time", order: "desc", place };
  const rows: FlowJson[] = [];
  let left = skipped;
  for await (const part of flows.stream(query, inquiry)) {
    const told = part as unknown as FlowJson[];
    // Flows that were active in the range stand behind those that began in it: only these are asked for here.
    const begun = told.filter(({ start }) => Date.parse(start) >= range.fromMs);
    rows.push(...begun.slice(left));
    left = Math.max(0, left - begun.length);
    if (begun.length < told.length) return { rows, next: null };
  }
  const last = rows.at(-1);
  if (last === undefined || rows.length < perPage) return { rows, next: null };
  const key = { startMs: Date.parse(last.start), flowId: String(last.flow_id), reporterId: last.reporter_id };
  return { rows, next: { key, toward: "next", rank: null, looksFromMs: null } };
}

function tooDeep({ page }: NetmakerQuestion): QueryError {
  const message =
    `page ${page} is more than ${MAX_SKIPPED} rows away from any page that was asked for before: ask for one page after the other, ` +
    "or set `to` to the start_ts of the last row that you have";
  return new QueryError([{ parameter: "page", message }]);
}

/** In Netmaker's form. */
function sendNetmakerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (reply.raw.destroyed) return;
  const { status, message, retryAfterMs } = apiError(error, Object.keys(netmakerQuerySchema.shape));
  if (status >= 500) request.log.error({ err: error, method: request.method, route: "/api/v1/flows" }, "a request failed");
  if (retryAfterMs !== undefined) reply.header("retry-after", String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  if (status === 401) reply.header("www-authenticate", "Bearer");
  void reply.code(status).type("application/json").serializer(JSON.stringify).send({ Code: status, Message: message });
}
