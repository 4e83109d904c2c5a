/** People: accounts, passwords, roles and sessions, as rules that are broken and refused. */
import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ErrorBody, startTestServer, type TestServer } from "../testing.ts";
import { accountSchema, meSchema } from "./account-schemas.ts";

const PASSWORD = "kestrel over harbour";

let test: TestServer;
let nowMs = Date.now();
beforeAll(async () => {
  // What a password costs is shown elsewhere.
  const passwords = { cost: { ln: 8, r: 8, p: 1 }, maxAtOnce: 2, maxWaiting: 16 };
  test = await startTestServer({
    now: () => nowMs,
    passwords,
    flags: { "auth.session.idle": "1h", "auth.session.lifetime": "10h" },
  });
});
afterAll(() => test.stop());

interface Account {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly networks: string[] | null;
  readonly disabled: string | null;
  readonly sessions: number;
  readonly link?: string;
}

const make = async (body: object) =>
  (await test.ask<Account>("POST", "/api/accounts", { body: { password: PASSWORD, ...body } })).body;
const patch = (id: string, body: object, as: object = {}) =>
  test.ask<Account & ErrorBody>("PATCH", `/api/accounts/${id}`, { body, ...as });
const signIn = (body: object, headers: Record<string, string> = {}) =>
  test.ask<ErrorBody>("POST", "/api/auth/signin", { token: null, body, headers: { origin: test.url, ...headers } });
/** What a browser keeps and sends. */
const cookies = (headers: Headers) =>
  headers
    .getSetCookie()
    .map((cookie) => cookie.split(";", 1)[0])
    .join("; ");

/** Somebody who is signed in. */
async function browser(name: string, password = PASSWORD) {
  const { status, headers } = await signIn({ name, password });
  if (status !== 204) throw new Error(`${name} can't sign in: ${status}`);
  const cookie = cookies(headers);
  const ask = <T = unknown>(method: string, path: string, body?: unknown) =>
    test.ask<T>(method, path, { token: null, headers: { cookie, origin: test.url }, ...(body === undefined ? {} : { body }) });
  const status401 = async () => (await ask("GET", "/api/auth/me")).status;
  return { cookie, ask, status401 };
}

describe("signing in with a password", () => {
  it("gives a session of the account's role, by a cookie that no script sees", async () => {
    expect((await test.ask("GET", "/api/auth/methods", { token: null })).body).toMatchObject({ password: false });
    await make({ name: "Ana", role: "viewer", networks: ["prod"] });
    expect((await test.ask("GET", "/api/auth/methods", { token: null })).body).toMatchObject({ password: true, oidc: null });
    const { headers } = await signIn({ name: "ana", password: PASSWORD });
    const [session, device] = headers.getSetCookie();
    expect(session).toMatch(/^flowtrail_session=\S+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/i);
    expect(device).toMatch(/^flowtrail_device=\S+; Path=\/api\/auth\/signin; Expires=[^;]+; HttpOnly; SameSite=Strict$/i);
    const { body } = await test.ask("GET", "/api/auth/me", { token: null, headers: { cookie: cookies(headers) } });
    expect(body).toMatchObject({
      kind: "session",
      name: "Ana",
      role: "viewer",
      networks: ["prod"],
      account: { has_password: true },
    });
    expect(meSchema.safeParse(body).error).toBeUndefined();
  });

  it("says the same for a wrong password, a name that nobody has and a disabled account", async () => {
    const { id } = await make({ name: "off", role: "viewer" });
    await patch(id, { disabled: true });
    const tries = [
      { name: "Ana", password: `${PASSWORD}!` },
      { name: "nobody at all", password: PASSWORD },
      { name: "off", password: PASSWORD },
    ];
    const answers = [];
    for (const body of tries) answers.push(await signIn(body));
    expect(answers.map(({ status, body }) => [status, body])).toEqual(
      tries.map(() => [401, { error: { code: "UNAUTHENTICATED", message: "the name or the password is wrong" } }]),
    );
    expect(answers.flatMap(({ headers }) => headers.getSetCookie())).toEqual([]);
  });

  it("is slowed down for who guesses, and not for the browser that signed in before", async () => {
    await make({ name: "target", role: "viewer" });
    const known = await browser("target");
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push(await signIn({ name: "target", password: `wrong ${i}` }));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect(Number(answers.at(-1)?.headers.get("retry-after"))).toBeGreaterThan(0);
    // Right, but from nowhere: it waits with the rest. Right, and known: it does not.
    expect((await signIn({ name: "target", password: PASSWORD })).status).toBe(429);
    expect((await signIn({ name: "target", password: PASSWORD }, { cookie: known.cookie })).status).toBe(204);
    // Its cookie is good for this account only.
    expect((await signIn({ name: "target", password: "wrong" }, { cookie: known.cookie })).status).toBe(401);
    nowMs += 3_600_001;
    await make({ name: "bystander", role: "viewer" });
    for (let i = 0; i < 5; i++) await signIn({ name: "bystander", password: "wrong" }, { cookie: known.cookie });
    expect((await signIn({ name: "bystander", password: PASSWORD }, { cookie: known.cookie })).status).toBe(429);
    nowMs += 3_600_001;
  });

  it("begins a new session, and ends the one that the browser had", async () => {
    await make({ name: "again", role: "viewer" });
    const first = await browser("again");
    const { headers } = await signIn({ name: "again", password: PASSWORD }, { cookie: first.cookie });
    expect(cookies(headers)).not.toContain(first.cookie.split(";")[0]);
    expect(await first.status401()).toBe(401);
  });

  it("keeps no password anywhere that can be read", async () => {
    const listed = JSON.stringify((await test.ask("GET", "/api/accounts")).body);
    for (const text of [listed, test.log.join("")]) {
      expect(text).not.toContain(PASSWORD);
      expect(text).not.toContain("scrypt$");
    }
  });
});

describe("a session", () => {
  it("ends when it is not used, and in any case at the end of its time", async () => {
    await make({ name: "sleepy", role: "viewer" });
    const used = await browser("sleepy");
    const unused = await browser("sleepy");
    for (let i = 0; i < 14; i++) {
      nowMs += 40 * 60_000;
      expect([i, await used.status401()]).toEqual([i, 200]);
    }
    expect(await unused.status401()).toBe(401);
    nowMs += 40 * 60_000;
    expect(await used.status401()).toBe(401);
  });

  it("is listed, and ended one by one or all at once", async () => {
    await make({ name: "many", role: "viewer" });
    const [one, two, three] = [await browser("many"), await browser("many"), await browser("many")];
    const { body } = await one.ask<{ sessions: { id: string; current: boolean }[] }>("GET", "/api/auth/sessions");
    expect(body.sessions.map(({ current }) => current).filter(Boolean)).toHaveLength(1);
    expect(body.sessions).toHaveLength(3);
    const other = body.sessions.find(({ current }) => !current)?.id;
    // Nobody ends somebody else's.
    await make({ name: "stranger", role: "viewer" });
    expect((await (await browser("stranger")).ask("DELETE", `/api/auth/sessions/${other}`)).status).toBe(404);
    expect((await one.ask("DELETE", `/api/auth/sessions/${other}`)).status).toBe(204);
    expect([await two.status401(), await three.status401()].sort()).toEqual([200, 401]);
    expect((await one.ask("POST", "/api/auth/signout/everywhere")).status).toBe(204);
    expect([await one.status401(), await two.status401(), await three.status401()]).toEqual([401, 401, 401]);
  });

  it("of an API token lasts no longer than the token, and may do no more", async () => {
    const expires = new Date(nowMs + 30 * 60_000).toISOString();
    const made = await test.ask<{ id: string; token: string }>("POST", "/api/tokens", {
      body: { kind: "api", name: "ci", role: "viewer", networks: ["prod"], expires },
    });
    const came = async () => {
      const { headers } = await signIn({ code: made.body.token });
      return () => test.ask("GET", "/api/auth/me", { token: null, headers: { cookie: cookies(headers) } });
    };
    const [me, other] = [await came(), await came()];
    expect((await me()).body).toMatchObject({ role: "viewer", networks: ["prod"], account: null });
    nowMs += 30 * 60_000;
    expect((await me()).status).toBe(401);
    nowMs -= 10 * 60_000;
    expect((await other()).status).toBe(200);
    await test.ask("DELETE", `/api/tokens/${made.body.id}`);
    expect((await other()).status).toBe(401);
  });
});

describe("a password", () => {
  it("is changed by who knows the old one; the other sessions end", async () => {
    await make({ name: "turn", role: "viewer" });
    const [here, there] = [await browser("turn"), await browser("turn")];
    const change = (old: string, password: string) => here.ask<ErrorBody>("POST", "/api/auth/password", { old, password });
    expect((await change("wrong", "another harbour")).body).toMatchObject({ error: { code: "WRONG_PASSWORD" } });
    expect((await change(PASSWORD, "short")).body).toMatchObject({ error: { code: "WEAK_PASSWORD" } });
    const done = await change(PASSWORD, "another harbour");
    expect(done.status).toBe(204);
    expect([await here.status401(), await there.status401()]).toEqual([401, 401]);
    const renewed = { cookie: cookies(done.headers) };
    expect((await test.ask("GET", "/api/auth/me", { token: null, headers: renewed })).status).toBe(200);
    expect((await signIn({ name: "turn", password: PASSWORD })).status).toBe(401);
    expect((await signIn({ name: "turn", password: "another harbour" })).status).toBe(204);
  });

  it("is not guessed by who took a session over", async () => {
    await make({ name: "taken", role: "viewer" });
    const thief = await browser("taken");
    const statuses = [];
    for (let i = 0; i < 12; i++)
      statuses.push((await thief.ask("POST", "/api/auth/password", { old: `guess ${i}`, password: "another harbour" })).status);
    expect(statuses.slice(-2)).toEqual([429, 429]);
    expect((await signIn({ name: "taken", password: PASSWORD })).status).toBe(204);
  });

  it("is not set by who took a session over and sends the rest of the request after a reset", async () => {
    const { id } = await make({ name: "held", role: "viewer" });
    const { cookie } = await browser("held");
    const body = JSON.stringify({ old: "", password: "a thief's own words" });
    const headers = { cookie, origin: test.url, "content-type": "application/json", "content-length": body.length };
    const held = request(`${test.url}/api/auth/password`, { method: "POST", headers });
    held.write(body.slice(0, 5));
    // By then the server has looked at the session.
    await sleep(1000);
    await patch(id, { reset: true });
    held.end(body.slice(5));
    const [answer] = await once(held, "response");
    answer.resume();
    expect(answer.statusCode).toBe(401);
    expect((await signIn({ name: "held", password: "a thief's own words" })).status).toBe(401);
  });

  it("that is too weak makes no account", async () => {
    const answer = await test.ask<ErrorBody>("POST", "/api/accounts", {
      body: { name: "weak", role: "viewer", password: "password1234" },
    });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: "WEAK_PASSWORD" } } });
  });

  it("is chosen by its person, by a link that works once, ends what was open, and is gone with the next one", async () => {
    const { body } = await test.ask<Account>("POST", "/api/accounts", { body: { name: "new", role: "auditor" } });
    const code = (link: string | undefined) => decodeURIComponent(link?.split("#signin=")[1] ?? "");
    const second = (await patch(body.id, { reset: true })).body;
    expect((await signIn({ code: code(body.link) })).status).toBe(401);
    const { status, headers } = await signIn({ code: code(second.link) });
    expect(status).toBe(204);
    expect((await signIn({ code: code(second.link) })).status).toBe(401);
    const as = { token: null, headers: { cookie: cookies(headers), origin: test.url } };
    expect((await test.ask("GET", "/api/auth/me", as)).body).toMatchObject({
      name: "new",
      role: "auditor",
      account: { has_password: false },
    });
    expect((await test.ask("POST", "/api/auth/password", { ...as, body: { password: PASSWORD } })).status).toBe(204);
    const own = await browser("new");
    const third = (await patch(body.id, { reset: true })).body;
    expect(await own.status401()).toBe(401);
    expect((await signIn({ name: "new", password: PASSWORD })).status).toBe(401);
    await patch(body.id, { disabled: true });
    expect((await signIn({ code: code(third.link) })).status).toBe(401);
  });
});

describe("what an account may do", () => {
  it("is what it may do now: a change and a disabled account count at once", async () => {
    const { id } = await make({ name: "shrink", role: "admin" });
    const { ask, status401 } = await browser("shrink");
    expect((await ask("GET", "/api/tokens")).status).toBe(200);
    await patch(id, { role: "viewer", networks: ["prod"] });
    expect((await ask<ErrorBody>("GET", "/api/tokens")).body.error).toMatchObject({
      code: "FORBIDDEN",
      message: "this is for the role admin or auditor; yours is viewer",
    });
    await patch(id, { disabled: true });
    expect(await status401()).toBe(401);
    await patch(id, { disabled: false });
    expect(await status401()).toBe(401);
    expect((await signIn({ name: "shrink", password: PASSWORD })).status).toBe(204);
  });

  it("an auditor reads and changes nothing; a viewer knows nothing of accounts", async () => {
    await make({ name: "reader", role: "auditor" });
    await make({ name: "looker", role: "viewer" });
    const [auditor, viewer] = [await browser("reader"), await browser("looker")];
    const { body } = await auditor.ask<{ accounts: Account[] }>("GET", "/api/accounts");
    expect(body.accounts.map((account) => accountSchema.safeParse(account).error)).toEqual(body.accounts.map(() => undefined));
    const [{ id }] = body.accounts as [Account];
    for (const person of [auditor, viewer]) {
      expect((await person.ask("POST", "/api/accounts", { name: "mine", role: "admin" })).status).toBe(403);
      expect((await person.ask("PATCH", `/api/accounts/${id}`, { role: "admin" })).status).toBe(403);
      expect((await person.ask("POST", "/api/tokens", { kind: "api" })).status).toBe(403);
    }
    expect((await viewer.ask("GET", "/api/accounts")).status).toBe(403);
  });

  it("is a role, and for a viewer a scope", async () => {
    const refused = async (body: object) => (await test.ask<ErrorBody>("POST", "/api/accounts", { body })).status;
    expect(await refused({ name: "x", role: "emperor" })).toBe(400);
    expect(await refused({ name: "x", role: "admin", networks: ["prod"] })).toBe(400);
    expect(await refused({ name: "x", role: "auditor", own: "ana" })).toBe(400);
    expect(await refused({ name: "x", role: "viewer", networks: [] })).toBe(400);
    expect(await refused({ name: "a b<c", role: "viewer" })).toBe(400);
    expect(await refused({ name: "ANA", role: "viewer" })).toBe(409);
  });

  it("nobody resets their own: the link would be lost with their session", async () => {
    const { id } = await make({ name: "uma", role: "admin" });
    const uma = await browser("uma");
    expect(await uma.ask("PATCH", `/api/accounts/${id}`, { reset: true })).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringContaining("change its password instead") } },
    });
    expect(await uma.status401()).toBe(200);
  });

  it("the last administrator can't take that from themselves", async () => {
    const { body } = await test.ask<{ accounts: Account[] }>("GET", "/api/accounts");
    for (const { id, role } of body.accounts) if (role === "admin") await patch(id, { role: "viewer" });
    const { id } = await make({ name: "boss", role: "admin" });
    const boss = await browser("boss");
    const own = (change: object) => boss.ask<ErrorBody>("PATCH", `/api/accounts/${id}`, change);
    expect((await own({ role: "viewer" })).body.error.code).toBe("LAST_ADMIN");
    expect((await own({ disabled: true })).status).toBe(409);
    const next = await make({ name: "deputy", role: "admin" });
    await patch(next.id, { disabled: true });
    expect((await own({ role: "auditor" })).status).toBe(409);
    await patch(next.id, { disabled: false });
    expect((await own({ role: "auditor" })).status).toBe(200);
  });
});

describe("API tokens", () => {
  const token = (body: object, as: object = {}) =>
    test.ask<{ id: string; token: string; expires: string | null } & ErrorBody>("POST", "/api/tokens", {
      body: { kind: "api", ...body },
      ...as,
    });

  it("have a role, a scope and an end", async () => {
    const expires = new Date(nowMs + 60_000).toISOString();
    const made = (await token({ name: "report", role: "viewer", networks: ["prod"], expires })).body;
    const ask = (path: string) => test.ask("GET", path, { token: made.token });
    expect((await ask("/api/auth/me")).body).toMatchObject({ kind: "api", role: "viewer", networks: ["prod"] });
    expect((await ask("/api/tokens")).status).toBe(403);
    nowMs += 60_000;
    expect((await ask("/api/auth/me")).status).toBe(401);
    const past = new Date(nowMs - 1).toISOString();
    expect((await token({ expires: past })).status).toBe(400);
    expect((await token({ role: "auditor", own: "ana" })).status).toBe(400);
    expect((await test.ask("POST", "/api/tokens", { body: { kind: "signin", role: "viewer" } })).status).toBe(400);
  });

  it("make none that may do more, or outlives them", async () => {
    const auditor = (await token({ role: "auditor" })).body.token;
    expect((await token({ role: "viewer" }, { token: auditor })).status).toBe(403);
    const expires = new Date(nowMs + 3_600_000).toISOString();
    const short = (await token({ role: "admin", expires })).body.token;
    expect((await token({ role: "admin" }, { token: short })).body.expires).toBe(expires);
  });

  it("make none that outlives them by a session or a link either", async () => {
    const expires = new Date(nowMs + 3_600_000).toISOString();
    const short = (await token({ role: "admin", expires })).body;
    const asSession = async (code: string) => {
      const { headers } = await signIn({ code });
      return { token: null, headers: { cookie: cookies(headers), origin: test.url } };
    };
    const link = async (as: object) =>
      (await test.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "signin" }, ...as })).body.token;
    const session = await asSession(short.token);
    expect((await token({ role: "admin" }, session)).body.expires).toBe(expires);
    const byLink = await asSession(await link({ token: short.token }));
    expect((await token({ role: "admin" }, byLink)).body.expires).toBe(expires);
    const byLinkOfSession = await asSession(await link(session));
    const unused = await link(byLink);
    await test.ask("DELETE", `/api/tokens/${short.id}`);
    for (const as of [session, byLink, byLinkOfSession]) expect((await test.ask("GET", "/api/auth/me", as)).status).toBe(401);
    expect((await signIn({ code: unused })).status).toBe(401);
  });

  it("and links that a person makes end with the person's account", async () => {
    const { id } = await make({ name: "linker", role: "admin" });
    const { ask } = await browser("linker");
    const link = async () => (await ask<{ token: string }>("POST", "/api/tokens", { kind: "signin" })).body.token;
    const { headers } = await signIn({ code: await link() });
    const as = { token: null, headers: { cookie: cookies(headers) } };
    expect((await test.ask("GET", "/api/auth/me", as)).body).toMatchObject({ name: "linker", account: { id } });
    const unused = await link();
    await patch(id, { disabled: true });
    expect((await test.ask("GET", "/api/auth/me", as)).status).toBe(401);
    expect((await signIn({ code: unused })).status).toBe(401);
  });

  it("of the machine's name are not the machine's", async () => {
    const { body } = await test.ask<{ tokens: { name: string; machine: boolean }[] }>("GET", "/api/tokens");
    const own = body.tokens.find(({ machine }) => machine);
    const made = (await token({ name: own?.name ?? "" })).body;
    expect(made).toMatchObject({ name: own?.name, machine: false });
    expect((await token({ name: "x", mark: "machine" })).status).toBe(400);
  });
});
