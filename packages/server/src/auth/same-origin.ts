/** Another site's page must not use what a browser sends by itself: the cookie of a session, or of the proxy in front. */
import type { FastifyRequest } from "fastify";
import { AuthError } from "./errors.ts";

type Asking = Pick<FastifyRequest, "headers" | "method" | "host">;

/** For every request, whoever asks. @throws AuthError FORBIDDEN */
export function assertNotForeign(request: Asking): void {
  const { origin } = request.headers;
  if (isSafe(request)) return;
  if (origin !== undefined && URL.parse(origin)?.host !== request.host)
    throw new AuthError({ code: "FORBIDDEN" }, `requests from pages of ${origin} are refused`);
  const site = request.headers["sec-fetch-site"];
  if (origin === undefined && site !== undefined && site !== "same-origin" && site !== "none")
    throw new AuthError({ code: "FORBIDDEN" }, "requests from pages of other sites are refused");
}

/** For a change in the name of somebody whom the browser vouches for: it must say that one of our own pages asks. @throws AuthError FORBIDDEN */
export function assertOurPage(request: Asking): void {
  if (isSafe(request)) return;
  if (request.headers.origin !== undefined || request.headers["sec-fetch-site"] === "same-origin") return;
  const message =
    "with the cookie of a session only the page may change something: its requests say so in Origin. Programs use an API token";
  throw new AuthError({ code: "FORBIDDEN" }, message);
}

/** Nothing that is read this way changes anything. */
const isSafe = ({ method }: Asking) => method === "GET" || method === "HEAD";
