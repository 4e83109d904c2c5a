/** Who may sign in: made, listed, changed. Nothing is deleted: what an account did stays its own. */
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AuthError } from "../../auth/errors.ts";
import { EVERYTHING, type Grant, type Identity } from "../../auth/identity.ts";
import { isWithin } from "../../auth/within.ts";
import type { Account } from "../../store/account-rows.ts";
import type { AccountChange } from "../../store/accounts.ts";
import type { Token } from "../../store/token-rows.ts";
import {
  accountAnswerSchema,
  accountChangeSchema,
  accountJson,
  accountSchema,
  grantOf,
  newAccountSchema,
} from "../account-schemas.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema, notFound } from "../errors.ts";
import { knownNetworks } from "../known-networks.ts";

/** Longer than a link for oneself: somebody has to read the mail first. */
const LINK_MS = 24 * 3_600_000;

type Change = z.infer<typeof accountChangeSchema>;

export function accountRoutes(api: Api, { accounts, auth, passwordSignIn, tokens, history, now }: ApiContext): void {
  const answers = { 400: errorSchema, 401: errorSchema, 403: errorSchema, 409: errorSchema };

  api.route({
    method: "GET",
    url: "/api/accounts",
    config: { access: "audit" },
    schema: {
      summary: "Who may sign in",
      tags: ["credentials"],
      response: { 200: z.object({ accounts: z.array(accountSchema) }), 401: errorSchema },
    },
    handler: async () => {
      const [all, made] = await Promise.all([accounts.list(), tokens.list()]);
      return { accounts: all.map((account) => withUses(account, made)) };
    },
  });

  api.route({
    method: "POST",
    url: "/api/accounts",
    config: { access: "admin", audit: "account.create" },
    schema: {
      summary: "Make an account. Without a password the answer has a one-time link, and its person chooses one",
      tags: ["credentials"],
      body: newAccountSchema,
      response: { 201: accountAnswerSchema, ...answers },
    },
    handler: async (request, reply) => {
      const { name, password, ...asked } = request.body;
      const grant = grantOf({ ...asked, networks: knownNetworks(asked.networks, history) });
      assertMayGive(request.identity, grant);
      const kept = password === undefined ? {} : { password: await passwordSignIn.first(password, name) };
      const account = await accounts.create({ name, grant, ...kept });
      request.audited.target = `account ${account.name}`;
      reply.code(201).header("cache-control", "no-store");
      return { ...withUses(account, []), ...(password === undefined ? await linkFor(account, request) : {}) };
    },
  });

  api.route({
    method: "PATCH",
    url: "/api/accounts/:id",
    config: { access: "admin", audit: "account.change" },
    schema: {
      summary: "Change what an account may do, disable or enable it, or give it another password",
      description: "All of it counts at once, for sessions that are open too.",
      tags: ["credentials"],
      params: z.object({ id: z.string() }),
      body: accountChangeSchema,
      response: { 200: accountAnswerSchema, 404: errorSchema, ...answers },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { body } = request;
      const known = await accounts.find(id);
      if (known === null) throw notFound(`there is no account ${id}`);
      request.audited.target = `account ${known.name}`;
      assertOfSource(known, body);
      // Whoever asks would be signed out before the link is read: it would be lost.
      if (body.reset && isOwn(request.identity, known))
        throw badRequest(`${known.name} is your own account: change its password instead`);
      const { networks } = body;
      const asked = networks === undefined ? body : { ...body, networks: knownNetworks(networks, history) };
      const password = body.password === undefined ? null : await passwordSignIn.first(body.password, known.name);
      const changed = await accounts.change(id, (account, all) => {
        const change = changeOf(account, asked, { password, nowMs: now() });
        if (change.grant !== undefined) assertMayGive(request.identity, change.grant);
        assertAdminLeft(request.identity, { ...account, ...change }, all);
        return change;
      });
      if (changed === null) throw notFound(`there is no account ${id}`);
      reply.header("cache-control", "no-store");
      return { ...withUses(changed, await tokens.list()), ...(body.reset ? await linkFor(changed, request) : {}) };
    },
  });

  async function linkFor(account: Account, request: FastifyRequest): Promise<{ link: string; link_expires: string }> {
    const { id, name, grant, epoch } = account;
    const expiresMs = now() + LINK_MS;
    const { secret } = await tokens.create({ kind: "signin", name, grant, account: id, epoch, expiresMs });
    const link = `${request.protocol}://${request.host}/#signin=${encodeURIComponent(secret)}`;
    return { link, link_expires: new Date(expiresMs).toISOString() };
  }

  function withUses(account: Account, made: readonly Token[]): z.infer<typeof accountSchema> {
    const own = made.filter(({ kind, account: id }) => kind === "session" && id === account.id);
    const lastMs = own.length === 0 ? null : Math.max(...own.map(({ createdMs }) => createdMs));
    return accountJson(account, { lastMs, sessions: auth.sessions.live(account, own).length });
  }
}

function changeOf(account: Account, asked: Change, given: { password: string | null; nowMs: number }): AccountChange {
  const { role, networks, own, disabled, reset } = asked;
  const isGrant = role !== undefined || networks !== undefined || own !== undefined;
  const { scope } = account.grant;
  // Who becomes more than a viewer has no scope any more, unless one is asked for (and refused).
  const isViewer = (role ?? account.grant.role) === "viewer";
  const grant = isGrant
    ? grantOf({
        role: role ?? account.grant.role,
        networks: networks === undefined ? (isViewer ? (scope.networks?.slice() ?? null) : null) : networks,
        own: own === undefined ? (isViewer ? scope.own : null) : own,
      })
    : null;
  const isToggled = disabled !== undefined && disabled !== (account.disabledMs !== null);
  const password = reset ? "" : given.password;
  return {
    ...(grant && { grant }),
    ...(isToggled && { disabledMs: disabled ? given.nowMs : null }),
    ...(password !== null && { password }),
    // What was open before it was disabled does not come back with it.
    endSessions: password !== null || (isToggled && disabled),
  };
}

/** @throws RouteError BAD_REQUEST for what is said elsewhere */
function assertOfSource({ source, name }: Account, { role, networks, own, password, reset }: Change): void {
  if (source === "local") return;
  const from = source === "oidc" ? "the identity provider" : "the proxy";
  if (password !== undefined || reset) throw badRequest(`${name} signs in by ${from}: there is no password here`);
  if (role !== undefined || networks !== undefined || own !== undefined)
    throw badRequest(`what ${name} may do follows from auth.grants and ${from}: change it there`);
}

/** @throws AuthError FORBIDDEN */
function assertMayGive(identity: Identity | null, grant: Grant): void {
  const mine = identity === null || identity.kind === "agent" ? null : identity;
  if (mine !== null && isWithin(grant, mine)) return;
  throw new AuthError({ code: "FORBIDDEN" }, "nobody can give away more than they may themselves");
}

/** The last of those who set everything can't take that from themselves. @throws AuthError LAST_ADMIN */
function assertAdminLeft(identity: Identity | null, next: Account, all: readonly Account[]): void {
  const isAdmin = ({ grant, disabledMs }: Account) => disabledMs === null && isWithin(EVERYTHING, grant);
  if (!isOwn(identity, next) || isAdmin(next) || all.some((other) => other.id !== next.id && isAdmin(other))) return;
  throw new AuthError({ code: "LAST_ADMIN" }, "you are the last administrator: make somebody else one first");
}

const isOwn = (identity: Identity | null, { id }: Account) => identity?.kind === "session" && identity.account === id;
