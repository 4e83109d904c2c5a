/** Alert rules: looked at, changed, tested on history, exported and imported. */
import { type AlertRuleReport, type AlertTestLine, FlowtrailError, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { z } from "zod";
import { AlertError } from "../../alerts/groups.ts";
import { differences } from "../../alerts/rule-book.ts";
import { readRule, ruleBody } from "../../alerts/rule-schema.ts";
import { checkRulesYaml, problemText, rulesYaml } from "../../alerts/rules-yaml.ts";
import { whenGone } from "../abort.ts";
import { importedSchema, importSchema, ruleListSchema, ruleSchema, testSchema } from "../alert-schemas.ts";
import type { Api, ApiContext } from "../context.ts";
import { apiError, errorSchema, notFound } from "../errors.ts";
import { whoIs } from "../who-is.ts";

const URL = "/api/alert-rules";
const tags = ["alerts"];
const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema };
const params = z.object({ id: z.string().min(1).max(64) });

export function alertRuleRoutes(
  api: Api,
  { outward: { alerts }, settings, now }: Pick<ApiContext, "outward" | "settings" | "now">,
): void {
  const { book } = alerts;
  const reportOf = async (id: string) => told((await alerts.reports()).find((rule) => rule.id === id) ?? unknown(id));

  api.route({
    method: "GET",
    url: URL,
    config: { access: "audit" },
    schema: { summary: "Alert rules, and how they do", tags, response: { 200: ruleListSchema, ...errors } },
    handler: async (_request, reply) => {
      await settings.refresh();
      reply.header("cache-control", "no-store");
      const rules = (await alerts.reports()).map(told);
      return { rules, kinds: book.watchers.kinds, file_problem: alerts.stats.fileProblem };
    },
  });

  api.route({
    method: "GET",
    url: `${URL}/:id`,
    config: { access: "audit" },
    schema: { summary: "One alert rule", tags, params, response: { 200: ruleSchema, ...errors, 404: errorSchema } },
    handler: async ({ params: { id } }, reply) => {
      reply.header("cache-control", "no-store");
      return reportOf(id);
    },
  });

  api.route({
    method: "PUT",
    url: `${URL}/:id`,
    config: { access: "admin", audit: "alert_rule.change" },
    schema: {
      summary: "Make or change an alert rule",
      description: "All of it. A rule that came with Flowtrail keeps its id; DELETE makes it as it came again.",
      tags,
      params,
      body: ruleBody,
      response: { 200: ruleSchema, ...errors, 409: errorSchema },
    },
    handler: async ({ params: { id }, body, identity }) => {
      await book.put(id, body, { who: whoIs(identity), ms: now() });
      return reportOf(id);
    },
  });

  api.route({
    method: "DELETE",
    url: `${URL}/:id`,
    config: { access: "admin", audit: "alert_rule.delete" },
    schema: {
      summary: "Delete an alert rule; one that came with Flowtrail is as it came again",
      description: "Its alerts are resolved. One that came with Flowtrail is switched off with `enabled: false`.",
      tags,
      params,
      response: { 204: z.null(), ...errors, 404: errorSchema, 409: errorSchema },
    },
    handler: async ({ params: { id }, identity }, reply) => {
      if (book.of(id) === null) unknown(id);
      await book.remove(id, { who: whoIs(identity), ms: now() });
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/test`,
    config: { access: "audit", audit: false },
    schema: {
      summary: "When would this rule have fired?",
      description:
        "Looks at windows of the last days as the engine would have, and tells nobody. Lines of JSON as they are known: `progress`, `fired` (with its " +
        "window and filter), then `done` or `error`. It ends when the client leaves. Two at once: 503 beyond.",
      tags,
      body: testSchema,
      produces: [NDJSON_CONTENT_TYPE],
      response: errors,
    },
    handler: async (request, reply) => {
      const { id, ...body } = request.body.rule;
      const rule = readRule(id, body, book.watchers, book.isShipped(id));
      const test = alerts.testTurn();
      const signal = whenGone(reply);
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        "content-type": NDJSON_CONTENT_TYPE,
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      });
      const tell = (line: AlertTestLine) => void reply.raw.write(`${JSON.stringify(line)}\n`);
      try {
        await test(rule, request.body.days, tell, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof FlowtrailError)) request.log.error({ err: error }, "a test of an alert rule failed");
        const { code, message } = apiError(error);
        tell({ kind: "error", code, message });
      }
      reply.raw.end();
    },
  });

  api.route({
    method: "GET",
    url: `${URL}/export`,
    config: { access: "audit" },
    schema: {
      summary: "Alert rules as YAML",
      tags,
      querystring: z.strictObject({
        which: z.enum(["all", "own"]).default("own").describe("own: without those that are as they came"),
        id: z.string().max(64).optional().describe("This one only"),
      }),
      produces: ["application/yaml"],
      response: errors,
    },
    handler: async ({ query: { which, id } }, reply) => {
      const kept = book.all.filter(({ rule, changed }) =>
        id === undefined ? which === "all" || changed !== null : rule.id === id,
      );
      if (id !== undefined && kept.length === 0) unknown(id);
      return reply
        .type("application/yaml; charset=utf-8")
        .header("cache-control", "no-store")
        .header("content-disposition", 'attachment; filename="flowtrail-rules.yaml"')
        .serializer(String)
        .send(rulesYaml(kept.map(({ rule }) => rule)) as never);
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/import`,
    config: { access: "admin", audit: "alert_rule.import" },
    schema: {
      summary: "Take alert rules from YAML",
      description:
        "All of them or, if anything is wrong, none: every mistake is told with its line. Rules that are not in it stay as they are.",
      tags,
      querystring: z.strictObject({
        dry_run: z.enum(["true", "false"]).default("false").describe("true: only tells what would change"),
      }),
      body: importSchema,
      response: { 200: importedSchema, ...errors, 409: errorSchema },
    },
    handler: async ({ body: { yaml }, query, identity }) => {
      const { rules, problems } = checkRulesYaml(yaml, book.watchers, (id) => book.isShipped(id));
      if (problems.length > 0)
        throw new AlertError({ code: "BAD_RULES", problems }, problems.map((problem) => problemText(problem, "")).join("\n"));
      const changes = rules.map((rule) => {
        const before = book.of(rule.id)?.rule;
        const different = before === undefined ? [] : differences(before, rule);
        const what =
          before === undefined ? ("added" as const) : different.length > 0 ? ("changed" as const) : ("unchanged" as const);
        return { id: rule.id, what, differences: different };
      });
      const saved = rules.filter(({ id }) => changes.some((change) => change.id === id && change.what !== "unchanged"));
      const isDry = query.dry_run === "true";
      if (!isDry) await book.putAll(saved, { who: whoIs(identity), ms: now() });
      return { dry_run: isDry, saved: isDry ? 0 : saved.length, changes };
    },
  });
}

const told = ({ watch, ...rule }: AlertRuleReport) => ({ ...rule, watch: { ...watch } });

/** @throws RouteError NOT_FOUND */
function unknown(id: string): never {
  throw notFound(`there is no alert rule ${id}`);
}
