/** What a request asks for, as its line of the audit log tells it. */
import type { FastifyRequest } from "fastify";
import { z } from "zod";

/** How a line is made. See `audit-hook.ts`. */
export type AuditKind = "change" | "export" | "signin" | "once" | "search";
/** `false`: nothing is noted. A word: what is done, in the way of the route's access. */
export type RouteAudit = string | false | { readonly action: string; readonly as: AuditKind };

/** How an answer is shown, and not what is looked for. */
const SHAPE = new Set([
  "buckets",
  "by",
  "columns",
  "cursor",
  "explain",
  "externals",
  "format",
  "group",
  "limit",
  "metric",
  "order",
  "page",
  "per_page",
  "previous",
  "rank",
  "reports",
  "sort",
]);

/** The parameters that say what is looked for, as they were asked. */
export function askedOf(query: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries((query ?? {}) as Record<string, unknown>)
      .filter(([name, value]) => !SHAPE.has(name) && value !== undefined && value !== "" && String(value) !== "")
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** What the line of a request is about, and how it is made; null: there is none. */
export function auditOf(request: FastifyRequest): { action: string; as: AuditKind } | null {
  const { access, audit } = request.routeOptions.config;
  if (audit === false) return null;
  if (typeof audit === "object") return audit;
  const { url = "" } = request.routeOptions;
  if (access === "admin") {
    const action = audit ?? actionOf(request.method, url);
    return isDryRun(request) ? { action: `preview.${action}`, as: "search" } : { action, as: "change" };
  }
  if (access === "read") return { action: audit ?? "search", as: "search" };
  return audit === undefined ? null : { action: audit, as: "once" };
}

/** Tells what would be done. The route's own parameter counts: elsewhere the same word says nothing, and what is asked for is done. */
function isDryRun({ query, body, routeOptions: { schema } }: FastifyRequest): boolean {
  return isAsked(query, schema?.querystring) || isAsked(body, schema?.body);
}

function isAsked(given: unknown, schema: unknown): boolean {
  if (!(schema instanceof z.ZodObject) || !("dry_run" in schema.shape)) return false;
  const asked = (given as { dry_run?: unknown } | null | undefined)?.dry_run;
  return asked === true || asked === "true";
}

const VERBS: Readonly<Record<string, string>> = { POST: "create", PUT: "change", PATCH: "change", DELETE: "delete" };

/** `POST /api/tokens/:id/rotate` → `tokens.rotate`, `DELETE /api/tokens/:id` → `tokens.delete`. For routes that give no word of their own. */
export function actionOf(method: string, url: string): string {
  const segments = url.split("/").filter((segment) => segment !== "" && segment !== "api");
  const words = segments.filter((segment) => !segment.startsWith(":"));
  const isVerb = segments.length > words.length && !segments.at(-1)?.startsWith(":");
  return [...words, ...(isVerb ? [] : [VERBS[method] ?? method.toLowerCase()])].join(".").replaceAll("-", "_");
}

/** Of what something is done: what the path names, or the body calls by a name. */
export function targetOf({ params, body, query }: FastifyRequest): string {
  const path = Object.values((params ?? {}) as Record<string, unknown>);
  if (path.length > 0) return path.map(String).join("/");
  const { name, node, user, extclient, address, q } = { ...(query as object), ...(isObject(body) ? body : {}) } as Record<
    string,
    unknown
  >;
  const named = name ?? node ?? user ?? extclient ?? address ?? q;
  return typeof named === "string" ? named : "";
}

/** JSON's, and no stream or buffer of an upload. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
