/** Names of our cookies. Over TLS they have a prefix, by which browsers take them only from this host itself and send them by TLS only. */
import type {} from "@fastify/cookie";
import type { FastifyRequest } from "fastify";

const SESSION_COOKIE = "flowtrail_session";

export function sessionCookieName({ protocol }: Pick<FastifyRequest, "protocol">): string {
  return protocol === "https" ? `__Host-${SESSION_COOKIE}` : SESSION_COOKIE;
}

/** What the browser that sends a request keeps of its sign-in. One that was set without TLS means nothing over TLS: anybody on the way could have. */
export function sessionOf(request: FastifyRequest): string | undefined {
  return request.cookies[sessionCookieName(request)];
}
