/** For auditors: signed manifests of days and whether days are what they say, and compliance reports. */
import { Readable } from "node:stream";
import { printFilter } from "@flowtrail/model";
import { z } from "zod";
import { reportCsv, reportHtml } from "../../compliance/render.ts";
import { auditReport, type ComplianceReport, REPORT_KINDS, type ReportKind, trafficReport } from "../../compliance/report.ts";
import { DAY_STATES } from "../../compliance/verify.ts";
import { whenGone } from "../abort.ts";
import { inquiryFor } from "../ask.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { filterOf, questionRangeOf } from "../flow-params.ts";
import { groupFieldsOf } from "../group-params.ts";
import { whoIs } from "../who-is.ts";

const tags = ["compliance"];
const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema };
const day = z.iso.date().describe("A day in UTC: 2026-11-22");
const slices = z.array(z.tuple([z.number(), z.number(), z.string()]).readonly()).readonly();
const manifestSchema = z.object({
  manifest: z.object({
    format: z.literal(1),
    seq: z.number().int(),
    day: z.string(),
    kind: z.enum(["day", "amendment"]),
    made: z.string(),
    until: z.string().describe("What was received until then is in it"),
    previous: z.string().describe("SHA-256 of the manifest before, as JSON without spaces"),
    key: z.string(),
    reasons: z.array(z.string()).readonly().describe("Of an amendment: why the day is another one now"),
    rows: z.number().int(),
    hash: z.string().describe("SHA-256 of `slices`"),
    slices: slices.describe("Of each quarter of an hour with reports: its number, how many, and their hash"),
    networks: z
      .array(
        z.object({
          network: z.string(),
          reports: z.string(),
          connections: z.string(),
          bytes: z.string().describe("Of connections, as packets"),
          packets: z.string(),
        }),
      )
      .readonly(),
  }),
  signature: z.string().describe("Ed25519, base64, of the manifest as JSON without spaces"),
});
const verdictSchema = z.object({
  day: z.string(),
  state: z.enum(DAY_STATES),
  rows: z.number().nullable(),
  why: z.array(z.string()).readonly(),
});
const nowSchema = z.object({
  day: z.string(),
  all: slices,
  before: slices,
  removals: z.array(z.object({ rows: z.number(), text: z.string() })).readonly(),
});
const kinds = Object.keys(REPORT_KINDS) as [ReportKind, ...ReportKind[]];

export function complianceRoutes(api: Api, context: ApiContext): void {
  const { outward, traffic, auditTable, now } = context;
  const { manifests } = outward;

  api.route({
    method: "GET",
    url: "/api/compliance/manifests",
    config: { access: "audit" },
    schema: {
      summary: "Signed manifests of days, in their order, and the key to check them with",
      tags,
      response: {
        200: z.object({ public_key: z.string().nullable(), manifests: z.array(manifestSchema).readonly() }),
        ...errors,
      },
    },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return { public_key: manifests.publicKey, manifests: await manifests.all() };
    },
  });

  api.route({
    method: "GET",
    url: "/api/compliance/manifests/export",
    exposeHeadRoute: false,
    config: { access: "audit", audit: { action: "export.manifests", as: "export" } },
    schema: {
      summary: "Signed manifests, one a line, to keep elsewhere",
      tags,
      produces: ["application/x-ndjson"],
      response: errors,
    },
    handler: async (request, reply) => {
      const all = await manifests.all();
      request.audited.result = () => ({ rows: all.length });
      reply.header("cache-control", "no-store");
      reply.header("content-disposition", 'attachment; filename="flowtrail-manifests.ndjson"');
      return fileOf(all.map((one) => `${JSON.stringify(one)}\n`).join(""), "application/x-ndjson", reply);
    },
  });

  api.route({
    method: "GET",
    url: "/api/compliance/verify",
    // It reads whole days.
    config: { access: "audit", quota: "exports" },
    schema: {
      summary: "Days, read again and compared with their manifests",
      description:
        "`now` is what was read: whoever keeps manifests elsewhere compares it with those (`flowtrail verify --manifests`). All reports of the days " +
        "are read: ask for some days where there are many.",
      tags,
      querystring: z.strictObject({
        since: day.optional(),
        until: day.optional().describe("The last day. Left out: all that are over"),
      }),
      response: {
        200: z.object({
          whole: z.boolean(),
          chain: z.array(z.string()).readonly().describe("What is wrong with the manifests themselves"),
          days: z.array(verdictSchema).readonly(),
          public_key: z.string().nullable(),
          due: z.string().describe("Days before it must have a manifest"),
          now: z.array(nowSchema).readonly(),
        }),
        ...errors,
      },
    },
    handler: async (request, reply) => {
      const { since = null, until = null } = request.query;
      const { isWhole, chain, days, publicKey, dueDay, now: read } = await manifests.verify({ since, until }, whenGone(reply));
      reply.header("cache-control", "no-store");
      return { whole: isWhole, chain, days, public_key: publicKey, due: dueDay, now: read };
    },
  });

  api.route({
    method: "GET",
    url: "/api/compliance/report",
    exposeHeadRoute: false,
    config: { access: "audit", audit: { action: "export.compliance", as: "export" }, quota: "exports" },
    schema: {
      summary: "A compliance report, to print or for a spreadsheet",
      description: "Its totals are those of GET /api/flows/top with the same range and filter.",
      tags,
      querystring: z.strictObject({
        kind: z.enum(kinds),
        from: z.string().default("-7d").describe("Relative or RFC 3339"),
        to: z.string().default("now"),
        q: z.string().max(4096).optional().describe("Only flows that pass; not for what is of the audit log"),
        format: z.enum(["html", "csv"]).default("html"),
      }),
      produces: ["text/html", "text/csv"],
      response: { ...errors, 422: errorSchema },
    },
    handler: async (request, reply) => {
      const { kind, format, q: also = "" } = request.query;
      const nowMs = now();
      const range = questionRangeOf(request.query.from, request.query.to, nowMs);
      const asked = REPORT_KINDS[kind];
      const q =
        "q" in asked
          ? [asked.q, also]
              .filter((text) => text.trim() !== "")
              .map((text) => `(${text})`)
              .join(" ")
          : "";
      const filter = filterOf(request, { ...(q === "" ? {} : { q }) });
      const told =
        "by" in asked
          ? await trafficReport(
              traffic,
              { range, filter, by: groupFieldsOf("by", asked.by), nowMs },
              inquiryFor(request, reply, context),
            )
          : await auditReport(auditTable, range, asked.audit);
      const shown = "by" in asked ? printFilter(filter) : "";
      const report: ComplianceReport = {
        title: asked.title,
        range,
        madeMs: nowMs,
        who: whoIs(request.identity),
        q: shown,
        ...told,
      };
      request.audited.target = kind;
      request.audited.result = () => ({ rows: report.rows.length });
      const date = new Date(range.toMs).toISOString().slice(0, 10);
      reply.header("cache-control", "no-store");
      reply.header("content-disposition", `attachment; filename="flowtrail-${kind}-${date}.${format}"`);
      return format === "csv"
        ? fileOf(reportCsv(report), "text/csv; charset=utf-8", reply)
        : fileOf(reportHtml(report), "text/html; charset=utf-8", reply);
    },
  });
}

/** Not by the serializer, which makes JSON. */
function fileOf(text: string, type: string, reply: { type(type: string): { send(body: never): unknown } }): never {
  return reply.type(type).send(Readable.from([Buffer.from(text)], { objectMode: false }) as never) as never;
}
