/** Signing in at an OpenID provider: there and back. What goes wrong is told by the page: it is the only one that a person sees. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { OidcError } from "../../auth/oidc/errors.ts";
import { BEGUN_MS } from "../../auth/oidc/oidc.ts";
import { returnPath } from "../../auth/oidc/return-path.ts";
import { browserName } from "../browser-name.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema, notFound } from "../errors.ts";
import { setSession } from "../session-cookies.ts";

const CALLBACK = "/api/auth/oidc/callback";
const NOWHERE = "this server has no OpenID provider (auth.oidc.issuer)";
const LIMIT = { max: 60, timeWindow: "1 minute" };
/** The address holds a code and a state, which nobody else must see. */
const PRIVATE = { "cache-control": "no-store", "referrer-policy": "no-referrer" };

export function oidcRoutes(api: Api, { oidc, auth, config, logger }: ApiContext): void {
  const originOf = ({ protocol, host }: FastifyRequest) => config.web.url?.replace(/\/$/, "") ?? `${protocol}://${host}`;

  api.route({
    method: "GET",
    url: "/api/auth/oidc/start",
    exposeHeadRoute: false,
    config: { access: "public", rateLimit: LIMIT },
    schema: {
      summary: "Go to the OpenID provider to sign in",
      tags: ["credentials"],
      querystring: z.strictObject({ to: z.string().max(4096).optional().describe("Path of the page to go on with") }),
      response: { 302: z.null(), 404: errorSchema },
    },
    handler: async (request, reply) => {
      if (oidc === null) throw notFound(NOWHERE);
      try {
        const { url, sealed } = await oidc.begin(`${originOf(request)}${CALLBACK}`, returnPath(request.query.to));
        reply.setCookie(cookieName(request), sealed, { ...cookieOptions(request), maxAge: BEGUN_MS / 1000 });
        return reply.headers(PRIVATE).redirect(url.href);
      } catch (error) {
        return toSignIn(error, request, reply);
      }
    },
  });

  api.route({
    method: "GET",
    url: CALLBACK,
    exposeHeadRoute: false,
    config: { access: "public", audit: { action: "signin.ok", as: "signin" }, rateLimit: LIMIT },
    schema: {
      summary: "Where the OpenID provider sends people back to: gives them a session",
      tags: ["credentials"],
      response: { 302: z.null(), 404: errorSchema },
    },
    handler: async (request, reply) => {
      if (oidc === null) throw notFound(NOWHERE);
      request.audited.details.method = "oidc";
      const sealed = request.cookies[cookieName(request)];
      // Good for one time, whatever comes of it.
      reply.clearCookie(cookieName(request), cookieOptions(request));
      try {
        const { account, returnTo } = await oidc.finish(searchOf(request.url), sealed);
        request.audited.details.account = account.id;
        const opened = await auth.openSession(account, browserName(request.headers["user-agent"]));
        await auth.signOut(request.identity);
        setSession(request, reply, opened);
        return reply.headers(PRIVATE).redirect(returnTo);
      } catch (error) {
        return toSignIn(error, request, reply);
      }
    },
  });

  api.route({
    method: "GET",
    url: "/api/auth/oidc/end",
    exposeHeadRoute: false,
    config: { access: "public", rateLimit: LIMIT },
    schema: {
      summary: "Go to the OpenID provider to sign out there, too",
      tags: ["credentials"],
      response: { 302: z.null(), 404: errorSchema },
    },
    handler: async (request, reply) => {
      if (oidc === null) throw notFound(NOWHERE);
      const url = await oidc.endUrl(`${originOf(request)}/`).catch((error: unknown) => {
        logger.warn({ err: error }, "nobody can sign out at the OpenID provider now");
        return null;
      });
      return reply.headers(PRIVATE).redirect(url?.href ?? "/");
    },
  });

  /** Failures of ours (the store is away) are told as one, too: a person is looking at this. */
  function toSignIn(error: unknown, request: FastifyRequest, reply: FastifyReply) {
    const failure = error instanceof OidcError ? error.failure : "failed";
    const message = error instanceof Error ? error.message : String(error);
    logger.warn({ failure, address: request.ip }, `somebody could not sign in by OpenID: ${message}`);
    request.audited.details.failure = failure;
    // A fragment: it stays in the browser, and nothing that others wrote is in it.
    return reply.headers(PRIVATE).redirect(`/#signin-error=${failure}`);
  }
}

function cookieName({ protocol }: FastifyRequest): string {
  return protocol === "https" ? "__Host-flowtrail_oidc" : "flowtrail_oidc";
}

/** Lax: the provider's page sends people back here. */
function cookieOptions({ protocol }: FastifyRequest) {
  return { httpOnly: true, sameSite: "lax" as const, secure: protocol === "https", path: "/" };
}

function searchOf(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at);
}
