/** What people set while the server runs: what is kept how long, and what must not be deleted. Each change is kept: who, when, what. */
import { z } from "zod";
import { holdJson, storeReport } from "../../health/store-report.ts";
import { QueryError } from "../../query/errors.ts";
import type { PolicyChange } from "../../store/retention/policy.ts";
import { newHold } from "../../store/retention/settings.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { momentOf } from "../flow-params.ts";
import { holdSchema, holdsSchema, newHoldSchema, policyChangeSchema, storeReportSchema } from "../settings-schemas.ts";
import { whoIs } from "../who-is.ts";

const URL = "/api/settings/retention";
const tags = ["settings"];
const dryRun = z.strictObject({ dry_run: z.enum(["true", "false"]).default("false") });
const errors = { 401: errorSchema, 403: errorSchema, 503: errorSchema };

export function settingsRoutes(api: Api, { retention, now }: ApiContext): void {
  api.route({
    method: "GET",
    url: URL,
    config: { access: "audit" },
    schema: {
      summary: "What is kept how long, how much room it takes, and what goes next",
      tags,
      response: { 200: storeReportSchema, ...errors },
    },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return storeReport(await retention.report(now()), retention.problem);
    },
  });

  api.route({
    method: "PUT",
    url: URL,
    config: { access: "admin", audit: "settings.retention.change" },
    schema: {
      summary: "Set what is kept how long",
      description:
        "What is left out stays as it is; null is as configured again. It is in force at once here, and within seconds on other servers; what is " +
        "not to be kept any more is deleted within a minute. `dry_run=true` sets nothing and answers what would be deleted (`due`).",
      tags,
      querystring: dryRun,
      body: policyChangeSchema,
      response: { 200: storeReportSchema, 400: errorSchema, ...errors, 409: errorSchema },
    },
    handler: async ({ body, query, identity }, reply) => {
      const change = body as PolicyChange;
      reply.header("cache-control", "no-store");
      if (query.dry_run === "true") return storeReport(await retention.preview(change, now()), retention.problem);
      await retention.settings.set(change, whoIs(identity), now());
      return storeReport(await retention.report(now()), retention.problem);
    },
  });

  api.route({
    method: "GET",
    url: `${URL}/holds`,
    config: { access: "audit" },
    schema: { summary: "Legal holds, with what they keep", tags, response: { 200: holdsSchema, ...errors } },
    handler: async (_request, reply) => {
      await retention.refresh();
      const survey = await retention.survey();
      reply.header("cache-control", "no-store");
      return { holds: retention.settings.state.holds.map((hold) => holdJson(hold, survey)) };
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/holds`,
    config: { access: "admin", audit: "hold.create" },
    schema: {
      summary: "Keep the flows of a time, however old they get and however large the store",
      description:
        "Of flows that were active in the range nothing is deleted, until the hold is released. Whole days stay. What was deleted before can't be " +
        "had back. `dry_run=true` sets nothing and answers what it would keep.",
      tags,
      querystring: dryRun,
      body: newHoldSchema,
      response: { 200: holdSchema, 201: holdSchema, 400: errorSchema, ...errors },
    },
    handler: async ({ body, query, identity }, reply) => {
      const nowMs = now();
      const { from, to, network, reason } = body;
      const fromMs = momentOf("from", from, nowMs);
      const toMs = to === undefined ? Number.POSITIVE_INFINITY : momentOf("to", to, nowMs);
      if (toMs <= fromMs) throw new QueryError([{ parameter: "to", message: "is not after from" }]);
      const asked = { fromMs, toMs, network: network ?? null, reason };
      if (query.dry_run === "true") return holdJson(newHold("", asked, whoIs(identity), nowMs), await retention.survey());
      const hold = await retention.settings.addHold(asked, whoIs(identity), nowMs);
      return reply.code(201).send(holdJson(hold, await retention.survey()));
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/holds/:id/release`,
    config: { access: "admin", audit: "hold.release" },
    schema: {
      summary: "End a legal hold: what only it kept is deleted within a minute",
      description: "`dry_run=true` ends nothing and answers what would be deleted (`due`).",
      tags,
      querystring: dryRun,
      params: z.object({ id: z.string().max(100) }),
      response: { 200: z.union([holdSchema, storeReportSchema]), 404: errorSchema, ...errors, 409: errorSchema },
    },
    handler: async ({ params, query, identity }) => {
      if (query.dry_run === "true") return storeReport(await retention.previewRelease(params.id, now()), retention.problem);
      const hold = await retention.settings.releaseHold(params.id, whoIs(identity), now());
      return holdJson(hold, await retention.survey());
    },
  });
}
