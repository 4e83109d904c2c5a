/** How much of the server one account, one token or one address may have at once, so that nobody has all of it. */
import type { FastifyInstance } from "fastify";
import type { ServerConfig } from "../config/schema.ts";
import { askerOf } from "./ask.ts";
import { RouteError } from "./errors.ts";

/** What a route is counted as. Routes of access `read` that say nothing are questions. */
export type QuotaKind = "streams" | "exports" | "questions";

declare module "fastify" {
  interface FastifyContextConfig {
    quota?: QuotaKind;
  }
}

const RETRY_MS = 5000;

/** To be called behind the guard: who asks is known. A place is given back when the answer is through, or its reader is gone. */
export function limitQuotas(app: FastifyInstance, { limits }: Pick<ServerConfig, "limits">): void {
  const taken = new Map<string, number>();
  const most = (kind: QuotaKind) => ({ who: limits[kind], address: limits[`address_${kind}`] });
  app.addHook("onRequest", async (request, reply) => {
    const { quota, access } = request.routeOptions.config;
    const kind = quota ?? (access === "read" ? "questions" : null);
    if (kind === null) return;
    const { who, address } = most(kind);
    const places = [
      { key: `${kind} of ${askerOf(request)}`, max: who, setting: `limits.${kind}` },
      { key: `${kind} from ${request.ip}`, max: address, setting: `limits.address_${kind}` },
    ];
    const full = places.find(({ key, max }) => (taken.get(key) ?? 0) >= max);
    if (full !== undefined) {
      const message = `${full.max} ${kind} at once are the most for you (${full.setting}): come again when one has ended`;
      throw new RouteError({ code: "TOO_MANY_AT_ONCE", retryAfterMs: RETRY_MS }, message);
    }
    for (const { key } of places) taken.set(key, (taken.get(key) ?? 0) + 1);
    const give = () => {
      for (const { key } of places) {
        const left = (taken.get(key) ?? 1) - 1;
        if (left > 0) taken.set(key, left);
        else taken.delete(key);
      }
    };
    // Who left while it was looked up who they are, has closed it before anybody listened.
    if (reply.raw.closed) give();
    else reply.raw.once("close", give);
  });
}
