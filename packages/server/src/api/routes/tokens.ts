/** Credentials: made here and shown once, listed, taken back. */
import { z } from "zod";
import { SIGNIN_MS } from "../../auth/auth.ts";
import type { Token } from "../../store/token-rows.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema, notFound } from "../errors.ts";
import { createdTokenSchema, newTokenSchema, tokenSchema } from "../schemas.ts";

export function tokenRoutes(api: Api, { tokens, roster, identify, declarations, now }: ApiContext): void {
  api.route({
    method: "GET",
    url: "/api/tokens",
    config: { access: "audit" },
    schema: {
      summary: "Tokens that can be used",
      tags: ["credentials"],
      response: { 200: z.object({ tokens: z.array(tokenSchema) }), 401: errorSchema },
    },
    handler: async () => ({ tokens: (await tokens.list()).filter((token) => isLive(token, now())).map(tokenJson) }),
  });

  api.route({
    method: "POST",
    url: "/api/tokens",
    config: { access: "admin", audit: "token.create" },
    schema: {
      summary: "Make a token: its secret is shown this once",
      tags: ["credentials"],
      body: newTokenSchema,
      response: { 201: createdTokenSchema, 400: errorSchema, 401: errorSchema },
    },
    handler: async (request, reply) => {
      const { kind, node, name } = request.body;
      if ((kind === "agent") !== (node !== undefined)) throw badRequest("node: needed for kind agent, and for no other");
      const made = await tokens.create({
        kind,
        name: name ?? node ?? kind,
        // The id that the inventory has now stays the reporter's id, whatever the inventory calls it later.
        ...(node === undefined ? {} : { node: identify.node(node).id }),
        ...(kind === "signin" ? { expiresMs: now() + SIGNIN_MS } : {}),
      });
      if (made.token.node !== null) roster.enrol({ ...made.token, node: made.token.node });
      const link = `${request.protocol}://${request.host}/#signin=${encodeURIComponent(made.secret)}`;
      reply.code(201).header("cache-control", "no-store");
      return { ...tokenJson(made.token), token: made.secret, ...(kind === "signin" ? { link } : {}) };
    },
  });

  api.route({
    method: "DELETE",
    url: "/api/tokens/:id",
    config: { access: "admin", audit: "token.revoke" },
    schema: {
      summary: "Take a token back: it is worthless at once",
      tags: ["credentials"],
      params: z.object({ id: z.string() }),
      response: { 204: z.null(), 401: errorSchema, 404: errorSchema },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      if (!(await tokens.revoke(id))) throw notFound(`there is no token ${id}`);
      const agents = (await tokens.list()).filter(({ kind }) => kind === "agent");
      const node = agents.find((token) => token.id === id)?.node ?? null;
      // An address that its machine had may be another one's soon.
      if (node !== null && !agents.some((token) => token.node === node && isLive(token, now()))) declarations.remove(node);
      return reply.code(204).send(null);
    },
  });
}

function isLive({ expiresMs, spentMs, revokedMs }: Token, nowMs: number): boolean {
  return spentMs === null && revokedMs === null && (expiresMs === null || expiresMs > nowMs);
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

function tokenJson({ id, kind, name, node, createdMs, expiresMs, spentMs, revokedMs }: Token): z.infer<typeof tokenSchema> {
  const created = new Date(createdMs).toISOString();
  return { id, kind, name, node, created, expires: iso(expiresMs), spent: iso(spentMs), revoked: iso(revokedMs) };
}
