/** A request → the inquiry by which it asks the store. */
import { allFilters } from "@flowtrail/model";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { AuthError } from "../auth/errors.ts";
import type { Identity, Scope } from "../auth/identity.ts";
import { Inquiry } from "../query/inquiry.ts";
import { type AskerKind, type Caps, capsOf } from "../query/inquiry-caps.ts";
import { narrowed } from "../query/narrowed.ts";
import { whenGone } from "./abort.ts";
import type { ApiContext } from "./context.ts";

const EVERY_FLOW = allFilters([]);
const NOTHING: Scope = { networks: [], own: null };

/** A parameter of every route that asks about flows. */
export const explainParameter = z
  .enum(["sql"])
  .optional()
  .describe("sql: `meta.sql` tells the statements and their parameters. For administrators");

/** Stands in every answer as `meta`. */
export const metaSchema = z.object({
  table: z.string().describe("What the answer was made from, the main table first"),
  rows_read: z
    .number()
    .nullable()
    .describe("From tables, in all questions of this answer. Null for who may not see all: it would count what others have"),
  elapsed_ms: z.number(),
  partial: z.boolean().describe("True: not all that was asked for was looked at"),
  sql: z
    .array(z.object({ statement: z.string(), parameters: z.record(z.string(), z.unknown()) }))
    .readonly()
    .optional()
    .describe("With explain=sql"),
});

/**
 * The one way from a request to the store: cancelled when the client leaves, with the limits of whoever asks.
 * @throws AuthError FORBIDDEN for `explain=sql` of somebody who may not see it
 */
export function inquiryFor(
  request: FastifyRequest,
  reply: FastifyReply,
  { desk, config }: Pick<ApiContext, "desk" | "config">,
): Inquiry {
  const caps = capsFor(request, { config });
  const explain = (request.query as { explain?: string }).explain === "sql";
  if (explain && !(caps.explain && mayExplain(request.identity)))
    throw new AuthError({ code: "FORBIDDEN" }, "explain=sql is for administrators");
  return new Inquiry(desk.askedBy(askerOf(request), caps), {
    signal: whenGone(reply),
    explain,
    within: narrowed(scopeOf(request), EVERY_FLOW),
  });
}

/** Whoever a request is from. */
export type Asker = Pick<FastifyRequest, "identity">;

/** What whoever asks may see; nothing where nobody is known to ask, which the guard does not let happen. */
export function scopeOf({ identity }: Asker): Scope {
  return identity === null || identity.kind === "agent" ? NOTHING : identity.scope;
}

/** Statements name all reporters. */
const mayExplain = (identity: Identity | null) => identity !== null && identity.kind !== "agent" && identity.role === "admin";

/** What a question of this request may cost. */
export function capsFor({ identity }: FastifyRequest, { config }: Pick<ApiContext, "config">): Caps {
  return capsOf(askerKind(identity), config.query);
}

/** A session is a person's, as is the token that the server keeps for its own machine; other tokens are programs'. */
function askerKind(identity: Identity | null): AskerKind {
  return identity?.kind === "api" && !identity.isMachine ? "program" : "person";
}

/** Turns are shared out between those who ask. */
export function askerOf({ identity, ip }: FastifyRequest): string {
  if (identity === null || identity.kind === "anybody") return ip;
  // However often somebody signed in, it is one person.
  return identity.kind === "session" ? (identity.account ?? identity.id) : identity.id;
}
