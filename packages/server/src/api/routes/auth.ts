/** Signing in and out. */
import { z } from "zod";
import { SESSION_COOKIE } from "../../auth/auth.ts";
import { AuthError } from "../../auth/errors.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { meSchema } from "../schemas.ts";

export function authRoutes(api: Api, { auth }: ApiContext): void {
  api.route({
    method: "POST",
    url: "/api/auth/signin",
    config: { access: "public", audit: { action: "signin", as: "signin" }, rateLimit: { max: 20, timeWindow: "1 minute" } },
    schema: {
      summary: "Change a one-time code or an API token for a session",
      tags: ["credentials"],
      body: z.strictObject({ code: z.string().min(1).max(256) }),
      response: { 204: z.null(), 401: errorSchema, 429: errorSchema },
    },
    handler: async (request, reply) => {
      const { secret, expiresMs } = await auth.signIn(request.body.code);
      const secure = request.protocol === "https";
      reply.setCookie(SESSION_COOKIE, secret, {
        httpOnly: true,
        sameSite: "strict",
        secure,
        path: "/",
        expires: new Date(expiresMs),
      });
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "POST",
    url: "/api/auth/signout",
    config: { access: "public", audit: "signout" },
    schema: { summary: "End the session", tags: ["credentials"], response: { 204: z.null() } },
    handler: async (request, reply) => {
      await auth.signOut(request.identity);
      reply.clearCookie(SESSION_COOKIE, { path: "/" });
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "GET",
    url: "/api/auth/me",
    config: { access: "public" },
    schema: { summary: "Whose credentials these are", tags: ["credentials"], response: { 200: meSchema, 401: errorSchema } },
    handler: async ({ identity }, reply) => {
      if (identity === null) throw new AuthError({ code: "UNAUTHENTICATED" }, "you are not signed in");
      reply.header("cache-control", "no-store");
      return { kind: identity.kind, name: identity.kind === "anybody" ? null : identity.name, insecure: auth.insecure };
    },
  });
}
