import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";
import { meSchema } from "./account-schemas.ts";
import { healthSchema } from "./schemas.ts";

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, { summary?: string; parameters?: { name: string }[]; responses: object }>>;
}

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer({ flags: { "auth.max_failures": "1000" } });
});
afterAll(() => test.stop());

const PUBLIC = [
  "GET /api/health",
  "GET /api/openapi.json",
  "POST /api/auth/signin",
  "POST /api/auth/signout",
  "GET /api/auth/oidc/start",
  "GET /api/auth/oidc/callback",
  "GET /api/auth/oidc/end",
  "GET /api/auth/methods",
  "POST /agent/v1/enroll",
];

/** All routes of the running server, as its own document lists them, with something in the place of parameters. */
async function routes(): Promise<[method: string, path: string][]> {
  const { body } = await test.ask<OpenApi>("GET", "/api/openapi.json", { token: null });
  return Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method): [string, string] => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "1")]),
  );
}

describe("without credentials", () => {
  it("every route but the public ones answers 401", async () => {
    const found = await routes();
    expect(found.length).toBeGreaterThanOrEqual(17);
    for (const [method, path] of found) {
      const { status } = await test.ask(method, path, { token: null, ...(method === "GET" ? {} : { body: {} }) });
      if (PUBLIC.includes(`${method} ${path}`)) expect([method, path, status]).not.toEqual([method, path, 401]);
      else expect([method, path, status]).toEqual([method, path, 401]);
    }
  });

  it("HEAD tells no more than GET", async () => {
    expect((await test.ask("HEAD", "/api/flows", { token: null })).status).toBe(401);
  });

  it("the health page tells its status only", async () => {
    expect(await test.ask("GET", "/api/health", { token: null })).toMatchObject({ status: 200, body: { status: "ok" } });
    const agent = await test.agentToken("debian");
    expect((await test.ask("GET", "/api/health", { token: agent })).body).toEqual({ status: "ok" });
    const { body } = await test.ask("GET", "/api/health");
    expect(healthSchema.safeParse(body).error).toBeUndefined();
    expect(body).toMatchObject({
      store: { up: true, rows: 0, engine: { state: "up", restarts: 0 } },
      listeners: { http: test.url },
    });
  });
});

it("lists every route that there is", async () => {
  const { body } = await test.ask<OpenApi>("GET", "/api/openapi.json");
  expect(body.openapi).toMatch(/^3\.1/);
  expect(
    Object.entries(body.paths)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
      .sort(),
  ).toEqual([
    "delete /api/alert-rules/{id}",
    "delete /api/alert-silences/{id}",
    "delete /api/auth/sessions/{id}",
    "delete /api/policies/{id}",
    "delete /api/recipients/{id}",
    "delete /api/recipients/{id}/undelivered/{notice}",
    "delete /api/sinks/{id}",
    "delete /api/sinks/{id}/backfill",
    "delete /api/sinks/{id}/backfill/{backfill}",
    "delete /api/tokens/{id}",
    "get /agent/v1/config",
    "get /api/accounts",
    "get /api/alert-rules",
    "get /api/alert-rules/export",
    "get /api/alert-rules/{id}",
    "get /api/alert-silences",
    "get /api/alerts",
    "get /api/alerts/count",
    "get /api/alerts/{id}",
    "get /api/audit",
    "get /api/audit/export",
    "get /api/auth/me",
    "get /api/auth/methods",
    "get /api/auth/oidc/callback",
    "get /api/auth/oidc/end",
    "get /api/auth/oidc/start",
    "get /api/auth/sessions",
    "get /api/compliance/manifests",
    "get /api/compliance/manifests/export",
    "get /api/compliance/report",
    "get /api/compliance/verify",
    "get /api/filter/check",
    "get /api/filter/complete",
    "get /api/flows",
    "get /api/flows/count",
    "get /api/flows/export",
    "get /api/flows/facets",
    "get /api/flows/histogram",
    "get /api/flows/live",
    "get /api/flows/pairs",
    "get /api/flows/plan",
    "get /api/flows/seen",
    "get /api/flows/top",
    "get /api/flows/{reporter}/{flow_id}",
    "get /api/flows/{reporter}/{flow_id}/timeline",
    "get /api/health",
    "get /api/inventory",
    "get /api/inventory/at",
    "get /api/inventory/history",
    "get /api/inventory/list",
    "get /api/inventory/replay",
    "get /api/inventory/replay/{id}",
    "get /api/lists",
    "get /api/networks",
    "get /api/openapi.json",
    "get /api/overview",
    "get /api/people/erasures",
    "get /api/people/erasures/{id}",
    "get /api/policies",
    "get /api/policies/export",
    "get /api/recipients",
    "get /api/recipients/{id}",
    "get /api/recipients/{id}/undelivered",
    "get /api/sample",
    "get /api/seed",
    "get /api/settings/capture",
    "get /api/settings/history",
    "get /api/settings/retention",
    "get /api/settings/retention/holds",
    "get /api/sinks",
    "get /api/sinks/{id}",
    "get /api/sinks/{id}/parked",
    "get /api/store/backups",
    "get /api/store/backups/{name}",
    "get /api/tokens",
    "get /api/v1/flows",
    "get /metrics",
    "patch /api/accounts/{id}",
    "post /agent/v1/enroll",
    "post /agent/v1/token",
    "post /api/accounts",
    "post /api/alert-rules/import",
    "post /api/alert-rules/test",
    "post /api/alert-silences",
    "post /api/alerts/{id}/acknowledge",
    "post /api/alerts/{id}/reopen",
    "post /api/alerts/{id}/silence",
    "post /api/auth/password",
    "post /api/auth/signin",
    "post /api/auth/signout",
    "post /api/auth/signout/everywhere",
    "post /api/import/netmaker",
    "post /api/inventory/replay",
    "post /api/inventory/sources/{name}/retire",
    "post /api/people/erase",
    "post /api/policies/import",
    "post /api/privacy/reveal",
    "post /api/recipients/test",
    "post /api/recipients/{id}/test",
    "post /api/recipients/{id}/undelivered/{notice}/retry",
    "post /api/sample",
    "post /api/seed",
    "post /api/settings/retention/holds",
    "post /api/settings/retention/holds/{id}/release",
    "post /api/sinks/test",
    "post /api/sinks/{id}/backfill",
    "post /api/sinks/{id}/parked/drop",
    "post /api/sinks/{id}/parked/retry",
    "post /api/sinks/{id}/pause",
    "post /api/sinks/{id}/resume",
    "post /api/sinks/{id}/test",
    "post /api/store/backups",
    "post /api/tokens",
    "post /api/tokens/enrol",
    "post /api/tokens/rotate",
    "post /ingest/v1/flows",
    "put /api/alert-rules/{id}",
    "put /api/local-agent",
    "put /api/policies/{id}",
    "put /api/recipients/{id}",
    "put /api/settings/capture",
    "put /api/settings/retention",
    "put /api/sinks/{id}",
  ]);
  const list = body.paths["/api/flows"]?.get;
  expect(list?.parameters?.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["from", "to", "limit", "reports", "cursor", "src_ip", "verdict"]),
  );
  for (const methods of Object.values(body.paths))
    for (const route of Object.values(methods)) expect(route.summary).not.toBeUndefined();
});

describe("an agent's token", () => {
  it("opens what agents need and nothing else", async () => {
    const token = await test.agentToken("debian");
    for (const [method, path] of await routes()) {
      const forAgents = path.startsWith("/ingest/") || path.startsWith("/agent/");
      const { status } = await test.ask(method, path, { token, ...(method === "GET" ? {} : { body: {} }) });
      const refused = status === 401 || status === 403;
      expect([method, path, refused]).toEqual([
        method,
        path,
        !forAgents && !PUBLIC.includes(`${method} ${path}`) && path !== "/api/auth/me",
      ]);
    }
  });

  it("needs a node, and no other kind may have one", async () => {
    expect((await test.ask("POST", "/api/tokens", { body: { kind: "agent" } })).status).toBe(400);
    expect((await test.ask("POST", "/api/tokens", { body: { kind: "api", node: "x" } })).status).toBe(400);
    expect((await test.ask("POST", "/api/tokens", { body: { kind: "session" } })).status).toBe(400);
    const answer = await test.ask<ErrorBody>("POST", "/api/tokens", { body: { kind: "api", nmae: "x" } });
    expect(answer.body.error.message).toBe("nmae: unknown, did you mean name?");
  });
});

/** What a browser keeps. */
function cookieOf(headers: Headers): string {
  return headers.get("set-cookie")?.split(";", 1)[0] ?? "";
}

describe("a person", () => {
  const signInCode = async () => {
    const { body } = await test.ask<{ token: string; link: string }>("POST", "/api/tokens", { body: { kind: "signin" } });
    return body;
  };
  const signIn = (code: string) => test.ask("POST", "/api/auth/signin", { token: null, body: { code } });

  it("signs in by a link that works once, and out", async () => {
    const { token, link } = await signInCode();
    expect(link).toBe(`${test.url}/#signin=${token}`);
    const { status, headers } = await signIn(token);
    expect(status).toBe(204);
    expect(headers.get("set-cookie")).toMatch(/^flowtrail_session=\S+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/i);
    const cookie = cookieOf(headers);
    const me = () => test.ask("GET", "/api/auth/me", { token: null, headers: { cookie } });
    expect(await me()).toMatchObject({ status: 200, body: { kind: "session", insecure: false } });
    expect(meSchema.safeParse((await me()).body).success).toBe(true);
    expect((await test.ask("GET", "/api/flows", { token: null, headers: { cookie } })).status).toBe(200);
    expect(await signIn(token)).toMatchObject({
      status: 401,
      body: { error: { message: expect.stringContaining("npx flowtrail link") } },
    });
    await test.ask("POST", "/api/auth/signout", { token: null, headers: { cookie } });
    expect((await me()).status).toBe(401);
  });

  it("may sign in with an API token, but not with an agent's, and a session is no bearer token", async () => {
    const { status, headers } = await signIn(test.adminToken);
    expect(status).toBe(204);
    expect((await signIn(await test.agentToken("debian"))).status).toBe(401);
    const secret = cookieOf(headers).split("=")[1] ?? "";
    expect((await test.ask("GET", "/api/flows", { token: secret })).status).toBe(401);
  });

  it("that two browsers try to sign in with one link: one gets in", async () => {
    const { token } = await signInCode();
    const statuses = await Promise.all(
      [signIn(token), signIn(token), signIn(token)].map(async (answer) => (await answer).status),
    );
    expect(statuses.sort()).toEqual([204, 401, 401]);
  });

  it("is not made to do something by somebody else's page", async () => {
    const { headers } = await signIn(test.adminToken);
    const ask = (origin: string) =>
      test.ask("POST", "/api/sample", { token: null, body: { on: false }, headers: { cookie: cookieOf(headers), origin } });
    for (const origin of ["http://evil.example", "null", `${test.url}.evil.example`, test.url.replace(/\d+$/, "1")])
      expect((await ask(origin)).status).toBe(403);
    expect((await ask(test.url)).status).toBe(200);
    const bare = (given: Record<string, string>) =>
      fetch(`${test.url}/api/sample`, {
        method: "POST",
        body: '{"on":false}',
        headers: { "content-type": "application/json", cookie: cookieOf(headers), ...given },
      });
    // It does not say whose page asks, or says that it is another site's.
    expect((await bare({})).status).toBe(403);
    expect((await bare({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await bare({ "sec-fetch-site": "same-site" })).status).toBe(403);
    expect((await bare({ "sec-fetch-site": "same-origin" })).status).toBe(200);
  });
});

describe("tokens", () => {
  it("are listed without their secrets, and never logged", async () => {
    const secret = await test.agentToken("listed");
    const { body } = await test.ask<{ tokens: { node: string | null }[] }>("GET", "/api/tokens");
    expect(body.tokens.find(({ node }) => node === "listed")).toMatchObject({
      kind: "agent",
      name: "listed",
      expires: null,
      revoked: null,
    });
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(test.log.join("")).not.toContain(secret);
    expect(test.log.join("")).not.toContain(test.adminToken);
  });
});

it("slows down who guesses, but nobody with good credentials", async () => {
  const guarded = await startTestServer();
  const guess = (i: number) => guarded.ask("GET", "/api/flows", { token: `guess-${i}` });
  const guesses = await Promise.all(Array.from({ length: 50 }, (_, i) => guess(i)));
  const signIn = (code: string) => guarded.ask("POST", "/api/auth/signin", { token: null, body: { code } });
  const code = await signIn("guess");
  expect((await guarded.ask("GET", "/api/flows")).status).toBe(200);
  expect((await signIn(guarded.adminToken)).status).toBe(204);
  await guarded.stop();
  const late = guesses.filter(({ status }) => status === 429);
  expect(late.length).toBeGreaterThan(0);
  expect(Number(late[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect([code.status, Number(code.headers.get("retry-after")) > 0]).toEqual([429, true]);
});

it("sends headers that keep other pages out", async () => {
  const { headers } = await test.ask("GET", "/", { token: null });
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

it("says that there is nothing, in its own form", async () => {
  expect(await test.ask("GET", "/api/nothing")).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
  expect(await test.ask("POST", "/api/flows", { body: {} })).toMatchObject({
    status: 404,
    body: { error: { code: "NOT_FOUND" } },
  });
});

describe("--insecure-no-auth", () => {
  let open: TestServer;
  beforeAll(async () => {
    open = await startTestServer({ flags: { insecure_no_auth: true } });
  });
  afterAll(() => open.stop());

  it("asks nobody, says so loudly, and takes the reporter from row or header", async () => {
    expect(open.log.join("")).toContain("INSECURE");
    expect((await open.deliver(null, [rowNow(), rowNow({ reporter: "other" })])).body.accepted).toBe(2);
    expect(
      (await open.deliver(null, [rowNow({ reporter: null, flow_id: "5" })], { "flowtrail-node": "named" })).body.accepted,
    ).toBe(1);
    expect((await open.deliver(null, [rowNow({ reporter: null, flow_id: "6" })])).body.rejected).toMatchObject([
      { code: "MISSING" },
    ]);
    const { body } = await open.ask<{ flows: { reporter: string }[] }>("GET", "/api/flows?reports=all", { token: null });
    expect(body.flows.map(({ reporter }) => reporter).sort()).toEqual(["debian", "named", "other"]);
    expect((await open.ask("GET", "/api/auth/me", { token: null })).body).toMatchObject({
      kind: "anybody",
      name: null,
      insecure: true,
    });
  });

  it("still holds an agent with a token to its node", async () => {
    const token = await open.agentToken("inetgw");
    expect((await open.deliver(token, [rowNow()])).body).toMatchObject({
      accepted: 0,
      rejected: [{ code: "REPORTER_MISMATCH" }],
    });
  });

  it("answers to no other name than localhost", async () => {
    const { hostname, port } = new URL(open.url);
    const { request } = await import("node:http");
    const status = await new Promise((resolve, reject) => {
      const headers = { host: `evil.example:${port}` };
      request({ hostname, port, path: "/api/flows", headers }, (response) => resolve(response.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(403);
  });
});
