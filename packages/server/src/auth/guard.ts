/** Asks for credentials before anything else is done with a request. A route that does not say what it asks for can't be registered. */
import type {} from "@fastify/cookie";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Auth, refusal } from "./auth.ts";
import { assertClientCertificate } from "./client-certificate.ts";
import { AuthError } from "./errors.ts";
import type { Failures } from "./failures.ts";
import type { Access, Identity } from "./identity.ts";
import { assertNotForeign } from "./same-origin.ts";
import type { WhoAsks } from "./who-asks.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What the route asks for. */
    access?: Access;
  }
  interface FastifyRequest {
    identity: Identity | null;
  }
}

export interface GuardDeps {
  readonly auth: Auth;
  readonly whoAsks: WhoAsks;
  readonly failures: Failures;
  /** `tls.client_ca`; null: agents need no certificate. */
  readonly clientCa: string | null;
}

/** Whatever agents ask for. */
const AGENTS = /^\/(agent|ingest)\//;
/** Files of the page: the same for everybody. */
const PAGE = "/*";

/** To be called before any route is registered. Needs @fastify/cookie. */
export function guard(app: FastifyInstance, { auth, whoAsks, failures, clientCa }: GuardDeps): void {
  app.decorateRequest("identity", null);
  app.addHook("onRoute", (route) => {
    if (route.config?.access === undefined)
      throw new TypeError(`${String(route.method)} ${route.url} does not say who may use it`);
  });
  app.addHook("onRequest", async (request) => {
    const { access } = request.routeOptions.config;
    if (auth.insecure) assertLoopbackHost(request);
    // An address that nobody serves tells nothing; the answer is 404 (or the page).
    if (access === undefined || request.routeOptions.url === PAGE) return;
    assertNotForeign(request);
    request.identity = await whoAsks.identify(request);
    const refused = refusal(request.identity, access);
    if (refused === null) {
      if (clientCa !== null && AGENTS.test(request.routeOptions.url ?? "")) assertClientCertificate(request);
      return;
    }
    const waitMs = refused.code === "UNAUTHENTICATED" ? failures.add(request.ip) : 0;
    if (waitMs > 0) throw new AuthError({ code: "RATE_LIMITED", retryAfterMs: waitMs }, "too many failed attempts");
    throw refused;
  });
}

const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Where nobody is asked, a foreign page could point its own name at 127.0.0.1 and read everything (DNS rebinding). */
function assertLoopbackHost(request: FastifyRequest): void {
  const { host } = request.headers;
  if (host !== undefined && LOOPBACK_HOST.test(host)) return;
  throw new AuthError({ code: "FORBIDDEN" }, "without credentials this server answers on localhost only");
}
