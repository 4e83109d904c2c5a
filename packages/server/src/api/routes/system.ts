/** How the server is, what it offers, and its sample traffic. */
import { z } from "zod";
import type { Identity } from "../../auth/identity.ts";
import { AlertMetrics } from "../../health/alert-metrics.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { healthSchema, localAgentSchema, sampleSchema } from "../schemas.ts";

/** Health tells of every network. */
function knowsAll(identity: Identity | null): boolean {
  return identity !== null && identity.kind !== "agent" && identity.role !== "viewer";
}

export function systemRoutes(api: Api, { health, metrics, sample, outward }: ApiContext): void {
  const alertMetrics = new AlertMetrics(outward);
  api.route({
    method: "GET",
    url: "/api/health",
    config: { access: "public" },
    schema: {
      summary: "200 only if every listener and the store are up. More for administrators and auditors",
      tags: ["system"],
      response: { 200: healthSchema, 503: healthSchema },
    },
    handler: async ({ identity }, reply) => {
      const answer = knowsAll(identity) ? await health.full() : await health.status();
      return reply
        .code(answer.status === "ok" ? 200 : 503)
        .header("cache-control", "no-store")
        .send(answer as z.infer<typeof healthSchema>);
    },
  });

  api.route({
    method: "GET",
    url: "/metrics",
    config: { access: "audit" },
    schema: {
      summary: "For Prometheus",
      tags: ["system"],
      produces: ["text/plain"],
      response: { 200: z.string(), 401: errorSchema },
    },
    handler: async ({ log }, reply) => {
      const text = await metrics.text();
      // While the store is away the others are told all the same.
      const more = await alertMetrics.text().catch((error: unknown) => {
        log.warn({ err: error }, "the store could not be asked of alerts");
        return "";
      });
      return reply
        .type(metrics.contentType)
        .serializer(String)
        .send(text + more);
    },
  });

  api.route({
    method: "GET",
    url: "/api/openapi.json",
    config: { access: "public" },
    schema: { summary: "This document", tags: ["system"], response: { 200: z.looseObject({ openapi: z.string() }) } },
    handler: async () => api.swagger() as { openapi: string },
  });

  api.route({
    method: "PUT",
    url: "/api/local-agent",
    config: { access: "admin", audit: "system.local_agent" },
    schema: {
      summary: "Say what became of the agent beside this server",
      description: "Used by flowtrail up, so that the page can say why nothing is captured. Told by GET /api/health.",
      tags: ["system"],
      body: localAgentSchema,
      response: { 204: z.null(), 401: errorSchema },
    },
    handler: async (request, reply) => {
      health.setLocalAgent(request.body);
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "GET",
    url: "/api/sample",
    config: { access: "audit" },
    schema: { summary: "Whether sample traffic is made", tags: ["system"], response: { 200: sampleSchema, 401: errorSchema } },
    handler: async () => ({ on: sample.on }),
  });

  api.route({
    method: "POST",
    url: "/api/sample",
    config: { access: "admin", audit: "sample.switch" },
    schema: {
      summary: "Switch sample traffic",
      description: "Made up, in a network of its own: network=sample shows it. Switched off, it is deleted.",
      tags: ["system"],
      body: z.strictObject({ on: z.boolean() }),
      response: { 200: sampleSchema, 401: errorSchema },
    },
    handler: async (request) => {
      await sample.switch(request.body.on);
      return { on: sample.on };
    },
  });
}
