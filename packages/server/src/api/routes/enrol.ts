/** How agents come by their tokens: with an enrolment token on first contact, and with the old one when it is to be changed. */
import type { FastifyRequest } from "fastify";
import { EnrolError } from "../../auth/enrol-errors.ts";
import { AuthError } from "../../auth/errors.ts";
import { WHOLE } from "../../auth/identity.ts";
import type { Token } from "../../store/token-rows.ts";
import type { Api, ApiContext } from "../context.ts";
import {
  agentTokenSchema,
  createdEnrolTokenSchema,
  enrolSchema,
  newEnrolTokenSchema,
  renewSchema,
  rotatedSchema,
  rotateSchema,
} from "../enrol-schemas.ts";
import { badRequest, errorSchema, notFound } from "../errors.ts";

export function enrolRoutes(api: Api, { tokens, tokenUses, enrol, rotate, failures, identify, now }: ApiContext): void {
  api.route({
    method: "POST",
    url: "/agent/v1/enroll",
    config: { access: "public", audit: { action: "agent.enrol", as: "once" } },
    schema: {
      summary: "Change an enrolment token for an agent's own",
      description:
        "The enrolment token is the bearer token. Asked again with the same key within an hour, the answer is the same.",
      tags: ["agents"],
      body: enrolSchema,
      response: {
        201: agentTokenSchema,
        400: errorSchema,
        401: errorSchema,
        403: errorSchema,
        409: errorSchema,
        503: errorSchema,
      },
    },
    handler: async (request, reply) => {
      const { node, key, proof } = request.body;
      try {
        const secret = bearerOf(request) ?? "";
        const made = await enrol.enrol({ secret, node, key, proof });
        const spent = await tokens.lookUp(secret);
        if (spent !== null) tokenUses.note(spent.id, request.ip);
        note(request, made.token, { enrolment: spent?.id ?? null });
        reply.code(201).header("cache-control", "no-store");
        return { token: made.secret, node: made.token.node ?? node };
      } catch (error) {
        throw slowedDown(error, request);
      }
    },
  });

  api.route({
    method: "POST",
    url: "/agent/v1/token",
    config: { access: "agent", audit: { action: "agent.renew", as: "once" } },
    schema: {
      summary: "Change an agent's token for a new one",
      description:
        "When the answer to a question for the configuration has the header `Flowtrail-Rotate`. The old one ends when the new one is used.",
      tags: ["agents"],
      body: renewSchema,
      response: { 201: agentTokenSchema, 400: errorSchema, 401: errorSchema, 409: errorSchema },
    },
    handler: async (request, reply) => {
      const { identity } = request;
      const secret = bearerOf(request);
      if (identity?.kind !== "agent" || secret === null) throw badRequest("this is for an agent that has a token");
      const token = await rotate.renew(identity.id, secret, request.body.key);
      const made = await tokens.find(token);
      if (made !== null) note(request, made);
      reply.code(201).header("cache-control", "no-store");
      return { token, node: identity.node };
    },
  });

  api.route({
    method: "POST",
    url: "/api/tokens/enrol",
    config: { access: "admin", audit: "token.enrol" },
    schema: {
      summary: "Make an enrolment token: its secret is shown this once",
      tags: ["credentials"],
      body: newEnrolTokenSchema,
      response: { 201: createdEnrolTokenSchema, 400: errorSchema, 401: errorSchema },
    },
    handler: async (request, reply) => {
      const { name, uses, expires_s, node, node_prefix, networks, replace } = request.body;
      const expiresMs = now() + expires_s * 1000;
      const made = await tokens.create({
        kind: "enrol",
        name: name ?? node ?? (node_prefix === undefined ? "new nodes" : `${node_prefix}…`),
        grant: { role: "viewer", scope: { ...WHOLE, networks: networks ?? null } },
        expiresMs,
        terms: { uses, node: node ?? null, nodePrefix: node_prefix ?? null, replace },
      });
      reply.code(201).header("cache-control", "no-store");
      const { id, name: called, createdMs } = made.token;
      const [created, expires] = [createdMs, expiresMs].map((ms) => new Date(ms).toISOString()) as [string, string];
      return { id, kind: "enrol" as const, name: called, created, expires, uses, token: made.secret };
    },
  });

  api.route({
    method: "POST",
    url: "/api/tokens/rotate",
    config: { access: "admin", audit: "token.rotate" },
    schema: {
      summary: "Change the token of a node's agent",
      description: "The old one goes on until the new one is used.",
      tags: ["credentials"],
      body: rotateSchema,
      response: { 200: rotatedSchema, 400: errorSchema, 401: errorSchema, 404: errorSchema },
    },
    handler: async (request, reply) => {
      const { id: node } = identify.node(request.body.node);
      const made = request.body.show ? await rotate.make(node) : null;
      const asked = request.body.show ? 0 : await rotate.ask(node);
      if (made === null && asked === 0) throw notFound(`no agent of ${request.body.node} has a token that can be used`);
      reply.header("cache-control", "no-store");
      return { node, asked, token: made?.secret ?? null };
    },
  });

  /** Who guesses is slowed down, as everywhere else. */
  function slowedDown(error: unknown, request: FastifyRequest): unknown {
    if (!(error instanceof EnrolError) || error.code !== "ENROL_UNKNOWN") return error;
    const waitMs = failures.add(request.ip);
    return waitMs > 0 ? new AuthError({ code: "RATE_LIMITED", retryAfterMs: waitMs }, "too many failed attempts") : error;
  }
}

/** A credential was made: for which node, with what, and in the place of which ones (they end when it is used). Ids, no secrets. */
function note({ audited }: FastifyRequest, { id, node, replaces }: Token, by: { enrolment?: string | null } = {}): void {
  audited.target = node ?? "";
  Object.assign(audited.details, { ...by, made: id, replaces });
}

function bearerOf(request: FastifyRequest): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? null;
}
