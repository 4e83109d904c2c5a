/** Signing in and out, who one is, one's password and one's sessions. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { whoOf } from "../../audit/entry.ts";
import { AuthError } from "../../auth/errors.ts";
import type { Identity } from "../../auth/identity.ts";
import type { OpenedSession } from "../../auth/sessions.ts";
import type { Account } from "../../store/account-rows.ts";
import { grantJson, meSchema, methodsSchema, passwordChangeSchema, sessionSchema, signInSchema } from "../account-schemas.ts";
import { browserName } from "../browser-name.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema, notFound } from "../errors.ts";
import { clearSession, DEVICE_COOKIE, setDevice, setSession } from "../session-cookies.ts";

const SINGLE_SIGN_ON = "single sign-on";

type Session = Identity & { kind: "session" };

export function authRoutes(api: Api, context: ApiContext): void {
  const { auth, accounts, passwordSignIn, failures, tokens, tokenUses, whoAsks, config } = context;
  api.route({
    method: "GET",
    url: "/api/auth/methods",
    config: { access: "public" },
    schema: { summary: "How people can sign in", tags: ["credentials"], response: { 200: methodsSchema } },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      const { issuer, name } = config.auth.oidc;
      const password = (await accounts.list()).some((account) => account.password !== "" && account.disabledMs === null);
      return { password, oidc: issuer === undefined ? null : { name: name ?? SINGLE_SIGN_ON } };
    },
  });

  api.route({
    method: "POST",
    url: "/api/auth/signin",
    config: { access: "public", audit: { action: "signin.ok", as: "signin" } },
    schema: {
      summary: "Change a name and a password, a one-time code or an API token for a session",
      tags: ["credentials"],
      body: signInSchema,
      response: { 204: z.null(), 401: errorSchema, 429: errorSchema },
    },
    handler: async (request, reply) => {
      const { opened, account } =
        "code" in request.body ? await byCode(request, request.body) : await byPassword(request, request.body);
      // Of whoever was signed in here before, nothing stays.
      await auth.signOut(request.identity);
      setSession(request, reply, opened);
      if (account !== null) setDevice(request, reply, account);
      return reply.code(204).send(null);
    },
  });

  async function byCode(request: FastifyRequest, { code }: { code: string }) {
    request.audited.details.method = "code";
    try {
      const { account, ...opened } = await auth.signIn(code, browserName(request.headers["user-agent"]));
      request.audited.who = await whoCame(opened);
      return { opened, account };
    } catch (error) {
      throw slowedDown(error, request);
    }
  }

  async function byPassword(request: FastifyRequest, { name, password }: { name: string; password: string }) {
    request.audited.details.method = "password";
    // Whose it was is told where there is one: what else was typed there may be a password.
    const meant = await accounts.findLocal(name);
    request.audited.details.account = meant?.id ?? null;
    if (meant !== null) request.audited.target = meant.name;
    const cookie = request.cookies[DEVICE_COOKIE];
    const account = await passwordSignIn
      .check({ name, password, address: request.ip, device: cookie })
      .catch((error: unknown) => {
        throw slowedDown(error, request);
      });
    await passwordSignIn.renew(account, password);
    const opened = await auth.openSession(account, browserName(request.headers["user-agent"]));
    request.audited.who = await whoCame(opened);
    return { opened, account };
  }

  const whoCame = async ({ secret }: OpenedSession) => whoOf(await auth.sessions.find(secret));

  /** Who guesses is slowed down, as everywhere else. */
  function slowedDown(error: unknown, request: FastifyRequest): unknown {
    if (!(error instanceof AuthError) || error.code !== "UNAUTHENTICATED") return error;
    const waitMs = failures.add(request.ip);
    return waitMs > 0 ? new AuthError({ code: "RATE_LIMITED", retryAfterMs: waitMs }, "too many failed attempts") : error;
  }

  api.route({
    method: "POST",
    url: "/api/auth/signout",
    config: { access: "public", audit: "signout" },
    schema: { summary: "End the session", tags: ["credentials"], response: { 204: z.null() } },
    handler: async (request, reply) => {
      await auth.signOut(request.identity);
      clearSession(reply);
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "POST",
    url: "/api/auth/signout/everywhere",
    config: { access: "read", audit: { action: "signout.everywhere", as: "change" } },
    schema: {
      summary: "End all sessions of one's account, this one too",
      tags: ["credentials"],
      response: { 204: z.null(), 401: errorSchema },
    },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      if (session.account === null) await auth.signOut(session);
      else await accounts.change(session.account, { endSessions: true });
      return signedOut(reply);
    },
  });

  api.route({
    method: "GET",
    url: "/api/auth/me",
    config: { access: "public" },
    schema: { summary: "Whose credentials these are", tags: ["credentials"], response: { 200: meSchema, 401: errorSchema } },
    handler: async ({ identity }, reply) => {
      if (identity === null) throw new AuthError({ code: "UNAUTHENTICATED" }, "you are not signed in");
      reply.header("cache-control", "no-store");
      const { kind } = identity;
      const account = kind === "session" && identity.account !== null ? await accounts.find(identity.account) : null;
      return {
        kind,
        name: kind === "anybody" ? null : identity.name,
        insecure: auth.insecure,
        ...grantJson(kind === "agent" ? null : identity),
        account: account && { id: account.id, source: account.source, has_password: account.password !== "" },
      };
    },
  });

  api.route({
    method: "POST",
    url: "/api/auth/password",
    config: { access: "read", audit: { action: "account.password", as: "change" } },
    schema: {
      summary: "Change one's own password: all other sessions end",
      tags: ["credentials"],
      body: passwordChangeSchema,
      response: { 204: z.null(), 400: errorSchema, 401: errorSchema, 403: errorSchema, 429: errorSchema },
    },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      const account = await accountOf(session);
      if (account?.source !== "local") throw badRequest("this account has no password here");
      // The session may have ended while the body was under way: after a reset there is no old password to ask for.
      if ((await whoAsks.identify(request)) === null) throw new AuthError({ code: "UNAUTHENTICATED" }, "this session has ended");
      const changed = await passwordSignIn.change(account, { ...request.body, by: session.id });
      setSession(request, reply, await auth.openSession(changed, browserName(request.headers["user-agent"])));
      setDevice(request, reply, changed);
      return reply.code(204).send(null);
    },
  });

  api.route({
    method: "GET",
    url: "/api/auth/sessions",
    config: { access: "read", audit: false },
    schema: {
      summary: "Where one is signed in",
      tags: ["credentials"],
      response: { 200: z.object({ sessions: z.array(sessionSchema) }), 401: errorSchema },
    },
    handler: async (request) => {
      const session = sessionOf(request);
      const [own, uses] = await Promise.all([sessionsOf(session), tokenUses.all()]);
      return {
        sessions: own.map(({ id, name, createdMs }) => ({
          id,
          name,
          created: new Date(createdMs).toISOString(),
          last_used: new Date(Math.max(createdMs, uses.get(id)?.usedMs ?? 0)).toISOString(),
          current: id === session.id,
        })),
      };
    },
  });

  api.route({
    method: "DELETE",
    url: "/api/auth/sessions/:id",
    config: { access: "read", audit: { action: "session.end", as: "change" } },
    schema: {
      summary: "End one of one's sessions",
      tags: ["credentials"],
      params: z.object({ id: z.string() }),
      response: { 204: z.null(), 401: errorSchema, 404: errorSchema },
    },
    handler: async (request, reply) => {
      const session = sessionOf(request);
      const { id } = request.params;
      if (!(await sessionsOf(session)).some((one) => one.id === id)) throw notFound(`you have no session ${id}`);
      await tokens.revoke(id);
      return id === session.id ? signedOut(reply) : reply.code(204).send(null);
    },
  });

  const accountOf = ({ account }: Session): Promise<Account | null> =>
    account === null ? Promise.resolve(null) : accounts.find(account);

  async function sessionsOf(session: Session) {
    const account = await accountOf(session);
    return account === null ? (await tokens.list()).filter(({ id }) => id === session.id) : auth.sessions.list(account);
  }
}

function signedOut(reply: FastifyReply): FastifyReply {
  clearSession(reply);
  return reply.code(204).send(null);
}

/** @throws RouteError BAD_REQUEST for programs, and where nobody is asked */
function sessionOf({ identity }: FastifyRequest): Session {
  if (identity?.kind === "session") return identity;
  throw badRequest("this is for people who signed in");
}
