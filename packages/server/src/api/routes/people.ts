/** Deleting somebody's records on request. */
import { formatAddress, parseAddress } from "@flowtrail/model";
import { z } from "zod";
import type { EraseJob } from "../../erase/job.ts";
import type { EraseReport } from "../../erase/report.ts";
import { type Subject, withoutCalled } from "../../erase/subject.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema } from "../errors.ts";
import { eraseJobSchema, eraseReportSchema, eraseSchema } from "../people-schemas.ts";
import { whoIs } from "../who-is.ts";

const tags = ["people"];
const errors = { 401: errorSchema, 403: errorSchema, 503: errorSchema };

export function peopleRoutes(api: Api, { erase }: Pick<ApiContext, "erase">): void {
  api.route({
    method: "POST",
    url: "/api/people/erase",
    config: { access: "admin", audit: "people.erase" },
    schema: {
      summary: "Delete the records of a user, a config file or an address",
      description:
        "200: what would be deleted (`dry_run`, which is the default). 202: it has begun, GET /api/people/erasures/{id} tells how it goes and then " +
        "the report. Flows are deleted whole, with their other end; what a legal hold keeps stays; what comes late of the time before is refused.",
      tags,
      body: eraseSchema,
      response: { 200: eraseReportSchema, 202: eraseJobSchema, 400: errorSchema, ...errors },
    },
    handler: async (request, reply) => {
      const { dry_run } = request.body;
      const subject = subjectOf(request.body);
      const who = whoIs(request.identity);
      reply.header("cache-control", "no-store");
      request.audited.target =
        subject.kind === "address" ? `${subject.network} ${subject.address}` : `${subject.kind} ${subject.name}`;
      if (dry_run) return reply.code(200).send(reportJson(await erase.preview(subject, who)));
      return reply.code(202).send(jobJson(await erase.begin(subject, who)));
    },
  });

  api.route({
    method: "GET",
    url: "/api/people/erasures",
    config: { access: "audit" },
    schema: {
      summary: "Whose records were deleted on request, newest first",
      tags,
      response: { 200: z.object({ erasures: z.array(eraseJobSchema) }), ...errors },
    },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return { erasures: (await erase.list()).map(jobJson) };
    },
  });

  api.route({
    method: "GET",
    url: "/api/people/erasures/:id",
    config: { access: "audit" },
    schema: {
      summary: "How a deletion of somebody's records goes, and its report",
      tags,
      params: z.object({ id: z.string().max(100) }),
      response: { 200: eraseJobSchema, 404: errorSchema, ...errors },
    },
    handler: async ({ params }, reply) => {
      reply.header("cache-control", "no-store");
      return jobJson(await erase.get(params.id));
    },
  });
}

/** @throws RouteError BAD_REQUEST */
function subjectOf({ user, extclient, address, network }: z.infer<typeof eraseSchema>): Subject {
  if (user !== undefined) return { kind: "user", name: user };
  if (extclient !== undefined) return { kind: "extclient", name: extclient };
  const bytes = address === undefined ? null : parseAddress(address);
  if (bytes === null || network === undefined) throw badRequest("expected one of user, extclient and address");
  return { kind: "address", address: formatAddress(bytes), network };
}

function jobJson({ id, state, requestedMs, who, subject, progress, error, report }: EraseJob): z.infer<typeof eraseJobSchema> {
  return {
    id,
    state,
    requested: new Date(requestedMs).toISOString(),
    who,
    subject: withoutCalled(subject),
    progress: { done: progress.done.length, tables: progress.tables },
    error,
    report: report && reportJson(report),
  };
}

function reportJson({ tables, holds, kept, ...report }: EraseReport): z.infer<typeof eraseReportSchema> {
  return { ...report, tables: [...tables], holds: [...holds], kept: [...kept] };
}
