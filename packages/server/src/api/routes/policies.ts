/** Policies (who may talk to whom) and lists of addresses and domains: what rules compare the log with. */
import { z } from "zod";
import { ruleId } from "../../alerts/rule-schema.ts";
import { policySchema } from "../../alerts/watchers/policies.ts";
import { PolicyError, policiesYaml, readPoliciesYaml } from "../../alerts/watchers/policies-yaml.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema, notFound } from "../errors.ts";
import { whoIs } from "../who-is.ts";

const URL = "/api/policies";
const tags = ["alerts"];
const errors = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema };
const params = z.object({ id: ruleId });
const told = policySchema.extend({ id: z.string() });
const listed = z.object({ policies: z.array(told) });
const wrong = z.object({ count: z.number(), first: z.array(z.object({ line: z.number(), text: z.string() })) });
const source = z.object({ name: z.string(), host: z.string(), tried: z.string().nullable(), problem: z.string().nullable() });
const lists = z.object({
  sources: z.array(source).describe("URLs that were asked (`sources.yaml` in the directory), and what became of it"),
  directory: z.string(),
  problem: z.string().nullable(),
  lists: z.array(
    z.object({
      name: z.string(),
      entries: z.number(),
      changed: z.string(),
      wrong: wrong.describe("Lines that could not be read"),
      cut: z.boolean().describe("It holds more entries than are taken"),
      problem: z.string().nullable(),
    }),
  ),
});

export function policyRoutes(api: Api, { outward, settings, now }: Pick<ApiContext, "outward" | "settings" | "now">): void {
  const { policies: book, lists: shelf, updates } = outward.known;
  const all = () => book.all.map(({ id, policy }) => ({ id, ...policy }));

  api.route({
    method: "GET",
    url: URL,
    config: { access: "audit" },
    schema: { summary: "Policies: who may talk to whom", tags, response: { 200: listed, ...errors } },
    handler: async (_request, reply) => {
      await settings.refresh();
      reply.header("cache-control", "no-store");
      return { policies: all() };
    },
  });

  api.route({
    method: "PUT",
    url: `${URL}/:id`,
    config: { access: "admin", audit: "policy.change" },
    schema: {
      summary: "Make or change a policy",
      description:
        "All of it. What no policy allows is told by the rule `outside-policy`, in the networks of which any policy speaks; nothing is blocked.",
      tags,
      params,
      body: policySchema,
      response: { 200: told, ...errors, 409: errorSchema },
    },
    handler: async ({ params: { id }, body, identity }) => {
      await book.put([{ id, policy: body }], { who: whoIs(identity), ms: now() });
      return { id, ...body };
    },
  });

  api.route({
    method: "DELETE",
    url: `${URL}/:id`,
    config: { access: "admin", audit: "policy.delete" },
    schema: {
      summary: "Delete a policy",
      tags,
      params,
      response: { 204: z.null(), ...errors, 404: errorSchema, 409: errorSchema },
    },
    handler: async ({ params: { id }, identity }, reply) => {
      if (!(await book.remove(id, { who: whoIs(identity), ms: now() }))) throw notFound(`there is no policy ${id}`);
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "GET",
    url: `${URL}/export`,
    config: { access: "audit" },
    schema: { summary: "Policies as YAML", tags, produces: ["application/yaml"], response: errors },
    handler: async (_request, reply) => {
      await settings.refresh();
      return reply
        .type("application/yaml; charset=utf-8")
        .header("cache-control", "no-store")
        .header("content-disposition", 'attachment; filename="flowtrail-policies.yaml"')
        .serializer(String)
        .send(policiesYaml(book.all) as never);
    },
  });

  api.route({
    method: "POST",
    url: `${URL}/import`,
    config: { access: "admin", audit: "policy.import" },
    schema: {
      summary: "Take policies from YAML",
      description: "All or none. Policies of other ids stay, unless `replace` is true.",
      tags,
      body: z.strictObject({ yaml: z.string().max(1_000_000), replace: z.boolean().default(false) }),
      response: { 200: listed, ...errors, 409: errorSchema },
    },
    handler: async ({ body: { yaml, replace }, identity }) => {
      const by = { who: whoIs(identity), ms: now() };
      try {
        await book.put(readPoliciesYaml(yaml), by, replace);
      } catch (error) {
        if (error instanceof PolicyError) throw badRequest(error.message);
        throw error;
      }
      return { policies: all() };
    },
  });

  api.route({
    method: "GET",
    url: "/api/lists",
    config: { access: "audit" },
    schema: {
      summary: "Lists of addresses and domains, and what of them could not be read",
      description: "Files of the directory `lists` in the data directory; they are read again when they change.",
      tags,
      response: { 200: lists, ...errors },
    },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return {
        directory: shelf.directory,
        problem: shelf.problem ?? updates.problem,
        sources: [...updates.reports()],
        lists: [...shelf.reports()].map((one) => ({ ...one, wrong: { count: one.wrong.count, first: [...one.wrong.first] } })),
      };
    },
  });
}
