/** Sample rows in any number, made by the server itself in its store: for tries and measurements. */
import { z } from "zod";
import { MAX_SEED_DAYS, MAX_SEED_ROWS } from "../../seed/seeding.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema } from "../errors.ts";

const seedSchema = z.strictObject({
  rows: z.int().min(1).max(MAX_SEED_ROWS).describe("Reports"),
  days: z.int().min(1).max(MAX_SEED_DAYS).default(30).describe("Over so many days up to the end"),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe("The same number makes the same rows"),
  until: z.iso.datetime().optional().describe("End of the rows; where the same seed ended before, else now"),
});

const statusSchema = z.object({
  state: z.enum(["none", "running", "done", "failed"]),
  done: z.number().describe("Rows that are made"),
  rows: z.number(),
  error: z.string().nullable(),
  summary: z
    .object({
      rows: z.number(),
      connections: z.number(),
      days: z.number(),
      seed: z.number(),
      fromMs: z.number(),
      untilMs: z.number(),
      already: z.boolean().describe("All was there before"),
      seconds: z.number(),
      tables: z.array(z.object({ table: z.string(), rows: z.number(), bytes: z.number() })),
    })
    .nullable(),
});

const URL = "/api/seed";

export function seedRoutes(api: Api, { seeder, now }: ApiContext): void {
  api.route({
    method: "POST",
    url: URL,
    config: { access: "admin", audit: "sample.seed" },
    schema: {
      summary: "Make sample rows in the background",
      description:
        "Rows have reporter_type=sample. The same request again makes nothing twice, and goes on where it was interrupted.",
      tags: ["system"],
      body: seedSchema,
      response: { 202: statusSchema, 400: errorSchema, 401: errorSchema, 409: errorSchema },
    },
    handler: async ({ body: { rows, days, seed, until } }, reply) => {
      const untilMs = until === undefined ? null : Date.parse(until);
      if (untilMs !== null && untilMs > now()) throw badRequest("until: expected a time that has been");
      return reply.code(202).send(statusJson(seeder.begin({ rows, days, seed, untilMs })));
    },
  });

  api.route({
    method: "GET",
    url: URL,
    config: { access: "audit" },
    schema: { summary: "What became of the last seed", tags: ["system"], response: { 200: statusSchema, 401: errorSchema } },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return statusJson(seeder.status);
    },
  });
}

const statusJson = ({ summary, ...status }: ApiContext["seeder"]["status"]) => ({
  ...status,
  summary: summary && { ...summary, tables: [...summary.tables] },
});
