/** Credentials: made here and shown once, listed, taken back. */
import { z } from "zod";
import { SIGNIN_MS } from "../../auth/auth.ts";
import { AuthError } from "../../auth/errors.ts";
import { EVERYTHING, type Grant, type Identity, isVouchedFor } from "../../auth/identity.ts";
import { isWithin } from "../../auth/within.ts";
import type { Account } from "../../store/account-rows.ts";
import type { Token } from "../../store/token-rows.ts";
import { grantJson, grantOf } from "../account-schemas.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema, notFound } from "../errors.ts";
import { knownNetworks } from "../known-networks.ts";
import { createdTokenSchema, newTokenSchema, tokenSchema } from "../schemas.ts";
import { tokenUseJson, tokenUseShape } from "../token-use-json.ts";

const listedTokenSchema = tokenSchema.extend(tokenUseShape);

export function tokenRoutes(api: Api, context: ApiContext): void {
  const { tokens, tokenUses, enrolments, accounts, roster, identify, history, declarations, now } = context;
  api.route({
    method: "GET",
    url: "/api/tokens",
    config: { access: "audit" },
    schema: {
      summary: "Tokens that can be used",
      tags: ["credentials"],
      response: { 200: z.object({ tokens: z.array(listedTokenSchema) }), 401: errorSchema },
    },
    handler: async () => {
      const [all, uses, claims, known] = await Promise.all([tokens.list(), tokenUses.all(), enrolments.uses(), accounts.list()]);
      const valid = all.filter((token) => isLive(token, now()) && isInForce(token, known));
      const ids = new Set(valid.map(({ id }) => id));
      const live = valid.filter(({ via }) => via === null || ids.has(via));
      return {
        tokens: live.map((token) => ({
          ...tokenJson(token, known),
          ...tokenUseJson(token, uses.get(token.id), claims.get(token.id)),
        })),
      };
    },
  });

  api.route({
    method: "POST",
    url: "/api/tokens",
    config: { access: "admin", audit: "token.create" },
    schema: {
      summary: "Make a token: its secret is shown this once",
      tags: ["credentials"],
      body: newTokenSchema,
      response: { 201: createdTokenSchema, 400: errorSchema, 401: errorSchema, 403: errorSchema },
    },
    handler: async (request, reply) => {
      const { kind, node, name, expires, ...asked } = request.body;
      if ((kind === "agent") !== (node !== undefined)) throw badRequest("node: needed for kind agent, and for no other");
      const isNarrowed = asked.role !== undefined || asked.networks !== null || asked.own !== null || expires !== undefined;
      if (kind !== "api" && isNarrowed) throw badRequest("role, networks, own, expires: for kind api only");
      const networks = knownNetworks(asked.networks, history);
      const grant = grantOf({ ...asked, networks, role: asked.role ?? EVERYTHING.role });
      if (kind !== "agent") assertMayMake(request.identity, grant);
      if (kind === "signin" && isVouchedFor(request.identity))
        throw badRequest("the proxy in front signs you in with each request: a link would go on without it");
      const came = await cameBy(request.identity);
      const expiresMs = endOf(came, expires === undefined ? null : Date.parse(expires));
      const made = await tokens.create({
        kind,
        name: name ?? node ?? kind,
        ...(kind === "api" ? { grant } : {}),
        ...(kind === "api" && expiresMs !== null ? { expiresMs } : {}),
        // The id that the inventory has now stays the reporter's id, whatever the inventory calls it later.
        ...(node === undefined ? {} : { node: identify.node(node).id }),
        ...(kind === "signin"
          ? { ...linkOf(came), expiresMs: Math.min(now() + SIGNIN_MS, expiresMs ?? Number.POSITIVE_INFINITY) }
          : {}),
      });
      if (made.token.node !== null) roster.enrol({ ...made.token, node: made.token.node });
      const link = `${request.protocol}://${request.host}/#signin=${encodeURIComponent(made.secret)}`;
      reply.code(201).header("cache-control", "no-store");
      return { ...tokenJson(made.token, []), token: made.secret, ...(kind === "signin" ? { link } : {}) };
    },
  });

  /** The API token or the session that somebody asks with, of which what they make is a part. @throws AuthError UNAUTHENTICATED */
  async function cameBy(identity: Identity | null): Promise<CameBy> {
    if ((identity?.kind !== "api" && identity?.kind !== "session") || isVouchedFor(identity))
      return { program: null, session: null };
    const own = await tokens.get(identity.id);
    const program = own?.kind === "session" && own.via !== null ? await tokens.get(own.via) : own?.kind === "api" ? own : null;
    if (own === null || (program === null && (own.kind === "api" || own.via !== null)))
      throw new AuthError({ code: "UNAUTHENTICATED" }, "what you came with has ended meanwhile");
    return { program, session: own.kind === "session" ? own : null };
  }

  /** A program can't make another that outlives it, nor can who signed in with its token. @throws RouteError BAD_REQUEST */
  function endOf({ program }: CameBy, askedMs: number | null): number | null {
    if (askedMs !== null && askedMs <= now()) throw badRequest("expires: expected a time that is still to come");
    const ownMs = program?.expiresMs ?? null;
    if (ownMs === null) return askedMs;
    return askedMs === null ? ownMs : Math.min(askedMs, ownMs);
  }

  api.route({
    method: "DELETE",
    url: "/api/tokens/:id",
    config: { access: "admin", audit: "token.revoke" },
    schema: {
      summary: "Take a token back: it is worthless at once",
      tags: ["credentials"],
      params: z.object({ id: z.string() }),
      response: { 204: z.null(), 401: errorSchema, 404: errorSchema },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      if (!(await tokens.revoke(id))) throw notFound(`there is no token ${id}`);
      const agents = (await tokens.list()).filter(({ kind }) => kind === "agent");
      const node = agents.find((token) => token.id === id)?.node ?? null;
      // An address that its machine had may be another one's soon.
      if (node !== null && !agents.some((token) => token.node === node && isLive(token, now()))) declarations.remove(node);
      return reply.code(204).send(null);
    },
  });
}

interface CameBy {
  /** The API token, its own or that of its session. */
  readonly program: Token | null;
  readonly session: Token | null;
}

/** A link is good for as long as what it was made with: the account and its epoch, or the API token. */
function linkOf({ program, session }: CameBy): { account?: string; epoch?: number; via?: string } {
  if (program !== null) return { via: program.id };
  return session?.account == null ? {} : { account: session.account, epoch: session.epoch };
}

function isLive({ expiresMs, spentMs, revokedMs }: Token, nowMs: number): boolean {
  return spentMs === null && revokedMs === null && (expiresMs === null || expiresMs > nowMs);
}

/** Those of accounts end with what they were made in. */
function isInForce({ account, epoch }: Token, known: readonly Account[]): boolean {
  const owner = known.find(({ id }) => id === account);
  return account === null || (owner !== undefined && owner.disabledMs === null && owner.epoch === epoch);
}

/** @throws AuthError FORBIDDEN */
function assertMayMake(identity: Identity | null, grant: Grant): void {
  if (identity !== null && identity.kind !== "agent" && isWithin(grant, identity)) return;
  throw new AuthError({ code: "FORBIDDEN" }, "nobody can make a token that may do more than they may themselves");
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

function tokenJson(token: Token, known: readonly Account[]) {
  const { id, kind, name, node, grant, account, mark, createdMs, expiresMs, spentMs, revokedMs } = token;
  return {
    id,
    kind,
    name,
    node,
    ...grantJson(kind === "agent" || kind === "enrol" ? null : grant),
    account: known.find((owner) => owner.id === account)?.name ?? null,
    machine: mark === "machine",
    created: new Date(createdMs).toISOString(),
    expires: iso(expiresMs),
    spent: iso(spentMs),
    revoked: iso(revokedMs),
  };
}
