/**
 * Notes by itself what people and programs do here: sign-ins, changes, exports, what was searched, and what was refused.
 *
 * - `change`, `export`: the line is stored before anything is done (if it can't be, nothing is done and the answer is 503), and again with
 *   what became of it.
 * - `signin`: a success is stored before its answer is sent: without the line there is no cookie. Whom a proxy vouches for signs in with the
 *   first request of a visit.
 * - `search`, `once`, failures and refusals: in memory for up to a second; what is the same within minutes is one line with a count.
 */
import type {} from "@fastify/cookie";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Audited, during } from "../audit/current.ts";
import { type AuditEntry, whoOf } from "../audit/entry.ts";
import type { AuditLog } from "../audit/log.ts";
import type { Repeats } from "../audit/repeats.ts";
import type { Auth } from "../auth/auth.ts";
import { isVouchedFor } from "../auth/identity.ts";
import { askedOf, auditOf, isObject, type RouteAudit, targetOf } from "./audit-asked.ts";
import type { Visits } from "./visits.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What the route's line in the audit log says. Left out: made of its address. */
    audit?: RouteAudit;
  }
  interface FastifyRequest {
    /** What the request adds to its line. */
    audited: Audited;
    /** Stored before anything was done. */
    auditBegun: AuditEntry | null;
    /** Its line is stored and needs nothing more, or there is nothing to tell. */
    auditDone: boolean;
  }
}

export interface AuditHookDeps {
  readonly visits: Visits;
  readonly auth: Pick<Auth, "identify">;
  readonly audit: AuditLog;
  readonly repeats: Repeats;
}

/** To be called after the cookies and before the guard, whose refusals are noted, too. */
export function auditHook(app: FastifyInstance, deps: AuditHookDeps): void {
  const { audit } = deps;
  app.decorateRequest("auditBegun", null);
  app.decorateRequest("auditDone", false);
  prepareAudited(app);
  app.addHook("preHandler", async (request) => noteVisit(request, deps));
  app.addHook("preHandler", async (request, reply) => begin(request, reply, deps));
  app.addHook("preHandler", (request, _reply, done) => during(request.audited, done));
  app.addHook("onSend", async (request, reply) => {
    if (auditOf(request)?.as !== "signin") return;
    const session = sessionOf(reply);
    if (session === null) return;
    try {
      const identity = await deps.auth.identify({}, session);
      request.audited.who ??= whoOf(identity);
      await audit.write(entryOf(request, audit, { action: "signin.ok", status: reply.statusCode }));
      request.auditDone = true;
    } catch (error) {
      reply.removeHeader("set-cookie");
      throw error;
    }
  });
  app.addHook("onResponse", async (request, reply) => end(request, reply, deps));
}

/** Gives each request a place for what its handler adds to its line. */
export function prepareAudited(app: FastifyInstance): void {
  app.decorateRequest("audited");
  app.addHook("onRequest", (request, _reply, done) => {
    request.audited = { details: {} };
    done();
  });
}

/** The session that an answer gives: without one nobody has signed in, whatever its status is. */
function sessionOf(reply: FastifyReply): string | null {
  const cookies = [reply.getHeader("set-cookie") ?? []].flat().map(String);
  const found = cookies.flatMap((cookie) => SESSION.exec(cookie)?.[1] ?? []);
  return found[0] === undefined ? null : decodeURIComponent(found[0]);
}

/** Over TLS the name has a prefix. */
const SESSION = /flowtrail_session=([^;]+)/;

async function noteVisit(request: FastifyRequest, { audit, visits }: AuditHookDeps): Promise<void> {
  const { identity, ip } = request;
  if (!isVouchedFor(identity) || !visits.begins(identity.account, ip)) return;
  try {
    await audit.write(entryOf(request, audit, { action: "signin.ok", details: { method: "proxy" } }));
  } catch (error) {
    visits.forget(identity.account, ip);
    throw error;
  }
}

async function begin(request: FastifyRequest, reply: FastifyReply, { audit, repeats }: AuditHookDeps): Promise<void> {
  const line = auditOf(request);
  if (line === null) return;
  if (line.as === "search") {
    const asked = askedOf(request.query);
    // A list of networks, or of what there is, tells nothing of anybody.
    const isOfAll = Object.keys(asked).length === 0 && Object.keys((request.params ?? {}) as object).length === 0;
    if (line.action === "search" && isOfAll) return;
    const what = { action: line.action, target: targetOf(request), details: { asked } };
    const who = whoOf(request.identity);
    // Whatever is looked for in the log itself: it was read.
    const same = line.action === "audit.read" ? line.action : what;
    const key = JSON.stringify([who.kind, who.id, who.account, request.ip, same]);
    repeats.see(key, () => entryOf(request, audit, what));
    return;
  }
  if (line.as !== "change" && line.as !== "export") return;
  const asked = askedOf(request.query);
  const details = { ...(Object.keys(asked).length > 0 && { asked }), ...(isObject(request.body) && { body: request.body }) };
  const entry = entryOf(request, audit, { action: line.action, target: targetOf(request), details });
  await audit.write(entry);
  request.auditBegun = entry;
  // What an answer of any length became is known when nothing of it is left.
  if (line.as === "export") reply.raw.once("close", () => setImmediate(() => close(request, reply.statusCode, audit)));
}

function end(request: FastifyRequest, reply: FastifyReply, deps: AuditHookDeps): void {
  const { audit } = deps;
  const line = auditOf(request);
  const { statusCode: status } = reply;
  if (request.auditBegun !== null) {
    if (line?.as === "change") close(request, status, audit);
  } else if (line?.as === "signin") {
    if (!request.auditDone) failed(request, "signin.failed", status, deps);
  } else if (status === 403 || (status === 401 && hasCredentials(request))) {
    failed(request, "access.refused", status, deps);
  } else if (line?.as === "once" && status < 400 && !request.auditDone) {
    once(request, { action: line.action, target: targetOf(request), status }, deps);
  }
}

/** What was done. Nobody fills the log by doing the same again and again. */
function once(request: FastifyRequest, line: Line, { audit, repeats }: AuditHookDeps): void {
  const { who = whoOf(request.identity), target = line.target, details } = request.audited;
  const key = JSON.stringify([line.action, who.kind, who.id, who.account, request.ip, target, details]);
  repeats.see(key, () => entryOf(request, audit, line));
}

/** What became of what was noted before it was done. */
function close(request: FastifyRequest, status: number, audit: AuditLog): void {
  const { auditBegun: begun, audited } = request;
  if (begun === null) return;
  const details = { ...(JSON.parse(begun.details) as Record<string, unknown>), ...audited.details, ...audited.result?.() };
  const now = entryOf(request, audit, { action: begun.action, target: audited.target ?? begun.target, details, status });
  audit.note({ ...now, id: begun.id, version: begun.version + 1, timeMs: begun.timeMs });
}

/** Of one address the same failure is one line (tries at several accounts are several), and of very many addresses together. */
function failed(request: FastifyRequest, action: string, status: number, { audit, repeats }: AuditHookDeps): void {
  const target = request.audited.target ?? `${request.method} ${request.routeOptions.url ?? ""}`;
  const who = request.audited.who ?? whoOf(request.identity);
  const { account, method } = request.audited.details;
  const key = JSON.stringify([action, who.kind, who.id, request.ip, target, status, account, method]);
  repeats.see(key, () => entryOf(request, audit, { action, target, status }), `${action} of many`);
}

function hasCredentials({ headers, cookies }: FastifyRequest): boolean {
  return headers.authorization !== undefined || Object.keys(cookies ?? {}).length > 0;
}

interface Line {
  readonly action: string;
  readonly target?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly status?: number;
}

function entryOf(request: FastifyRequest, audit: AuditLog, { action, target = "", details = {}, status }: Line): AuditEntry {
  const { audited, identity, ip, id } = request;
  return audit.entry({
    action,
    target: audited.target ?? target,
    details: { ...details, ...audited.details },
    who: audited.who ?? whoOf(identity),
    address: ip,
    status: status ?? null,
    request: id,
  });
}
