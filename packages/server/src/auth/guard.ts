/** Asks for credentials before anything else is done with a request. A route that does not say what it asks for can't be registered. */
import type {} from "@fastify/cookie";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Auth, refusal, SESSION_COOKIE } from "./auth.ts";
import { AuthError } from "./errors.ts";
import type { Failures } from "./failures.ts";
import type { Access, Identity } from "./identity.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What the route asks for. */
    access?: Access;
  }
  interface FastifyRequest {
    identity: Identity | null;
  }
}

/** To be called before any route is registered. Needs @fastify/cookie. */
export function guard(app: FastifyInstance, deps: { auth: Auth; failures: Failures }): void {
  const { auth, failures } = deps;
  app.decorateRequest("identity", null);
  app.addHook("onRoute", (route) => {
    if (route.config?.access === undefined)
      throw new TypeError(`${String(route.method)} ${route.url} does not say who may use it`);
  });
  app.addHook("onRequest", async (request) => {
    const { access } = request.routeOptions.config;
    if (auth.insecure) assertLoopbackHost(request);
    // An address that nobody serves tells nothing; the answer is 404 (or the page).
    if (access === undefined) return;
    assertSameOrigin(request);
    request.identity = await auth.identify(request.headers, request.cookies[SESSION_COOKIE]);
    const refused = refusal(request.identity, access);
    if (refused === null) return;
    const waitMs = refused.code === "UNAUTHENTICATED" ? failures.add(request.ip) : 0;
    if (waitMs > 0) throw new AuthError({ code: "RATE_LIMITED", retryAfterMs: waitMs }, "too many failed attempts");
    throw refused;
  });
}

/** A page of somebody else must not use a person's session. SameSite=Strict says so to browsers; this does not rely on it. */
function assertSameOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers;
  if (request.method === "GET" || request.method === "HEAD" || origin === undefined) return;
  if (URL.parse(origin)?.host !== host)
    throw new AuthError({ code: "FORBIDDEN" }, `requests from pages of ${origin} are refused`);
}

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Where nobody is asked, a foreign page could point its own name at 127.0.0.1 and read everything (DNS rebinding). */
function assertLoopbackHost(request: FastifyRequest): void {
  const { host } = request.headers;
  if (host !== undefined && LOOPBACK_HOST.test(host)) return;
  throw new AuthError({ code: "FORBIDDEN" }, "without credentials this server answers on localhost only");
}
