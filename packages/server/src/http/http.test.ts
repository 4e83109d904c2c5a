/** The main listener without TLS: what a proxy in front may say, and what one client may have. */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../config/load.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { exposureWarning, firstSteps, pageUrl } from "./exposure.ts";

const PROXY = "127.0.0.2";
let test: TestServer;
const opened: Socket[] = [];

beforeAll(async () => {
  test = await startTestServer({
    flags: {
      "auth.proxy.from": [`${PROXY}/32`],
      "auth.grants": ["group:admins role:admin", "account:žofie role:viewer networks:lab"],
      "limits.header_time": "1s",
      "limits.request_time": "2s",
      "limits.address_connections": "30",
      "limits.streams": "2",
      "limits.questions": "3",
      "limits.address_questions": "3",
    },
  });
});
afterAll(async () => {
  for (const socket of opened) socket.destroy();
  await test.stop();
});

type Headers = Readonly<Record<string, string>>;

/** From the proxy's address, or another of this machine. */
function from(localAddress: string, path: string, headers: Headers = {}, { method = "GET", body = "" } = {}): Promise<Answer> {
  const { hostname, port } = new URL(test.url);
  return new Promise((resolve, reject) => {
    const made: ClientRequest = request({ hostname, port, path, method, localAddress, headers, agent: false }, (response) => {
      read(response).then(resolve, reject);
    });
    made.on("error", reject).end(body);
  });
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

async function read(response: IncomingMessage): Promise<Answer> {
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part;
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

const person = (name: string, groups = "") => ({ "remote-user": Buffer.from(name).toString("latin1"), "remote-groups": groups });
const metric = async (name: string) => {
  const { body } = await test.ask<string>("GET", "/metrics");
  return Number(
    body
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")
      .at(-1),
  );
};

describe("a proxy in front", () => {
  it("says who signed in, from its own address only", async () => {
    const me = await from(PROXY, "/api/auth/me", person("alice", "staff, admins"));
    expect(JSON.parse(me.text)).toMatchObject({ kind: "session", name: "alice", role: "admin", account: { source: "proxy" } });
    const zofie = await from(PROXY, "/api/auth/me", person("žofie"));
    expect(JSON.parse(zofie.text)).toMatchObject({ name: "žofie", role: "viewer", networks: ["lab"] });
    expect((await from(PROXY, "/api/tokens", person("žofie"))).status).toBe(403);
    expect((await from(PROXY, "/api/flows")).status).toBe(401);
  });

  it("is not taken for somebody else, who is refused loudly", async () => {
    for (const more of [{}, { "x-forwarded-for": PROXY }, { "x-real-ip": PROXY }, { forwarded: `for=${PROXY}` }]) {
      const refused = await from("127.0.0.1", "/api/flows", { ...person("alice", "admins"), ...more });
      expect(refused).toMatchObject({ status: 403, text: expect.stringContaining("none of auth.proxy.from") });
    }
    // What signs in nobody all the same is a try.
    expect((await from("127.0.0.1", "/api/flows", { "remote-groups": "admins" })).status).toBe(403);
    expect(test.log.filter((line) => line.includes("says who signed in (Remote-User)"))).toHaveLength(1);
    expect(await metric("flowtrail_proxy_header_refused_total")).toBe(5);
  });

  it("lets nobody in for whom there is no rule, or who is disabled, at once", async () => {
    expect(await from(PROXY, "/api/flows", person("eve", "visitors"))).toMatchObject({
      status: 403,
      text: expect.stringContaining("an administrator adds a rule to auth.grants"),
    });
    expect((await from(PROXY, "/api/flows", person("alice'\"<x>", "admins"))).status).toBe(403);
    const { account } = JSON.parse((await from(PROXY, "/api/auth/me", person("carol", "admins"))).text) as {
      account: { id: string };
    };
    await test.ask("PATCH", `/api/accounts/${account.id}`, { body: { disabled: true } });
    expect((await from(PROXY, "/api/flows", person("carol", "admins"))).status).toBe(403);
    // Less may be done as soon as the proxy says so.
    expect(JSON.parse((await from(PROXY, "/api/auth/me", person("žofie", "admins"))).text)).toMatchObject({ role: "admin" });
    expect(JSON.parse((await from(PROXY, "/api/auth/me", person("žofie"))).text)).toMatchObject({ role: "viewer" });
  });

  it("gives its people no session, but what their role may make", async () => {
    const make = (body: object) =>
      from(
        PROXY,
        "/api/tokens",
        { ...person("alice", "admins"), "content-type": "application/json", origin: test.url },
        { method: "POST", body: JSON.stringify(body) },
      );
    expect(await make({ kind: "agent", node: "n1" })).toMatchObject({ status: 201 });
    expect(await make({ kind: "api", role: "auditor" })).toMatchObject({ status: 201 });
    expect(await make({ kind: "signin" })).toMatchObject({ status: 400, text: expect.stringContaining("the proxy in front") });
  });

  it("does not make another site's page somebody: a change must say whose page asks", async () => {
    const change = (headers: Headers) =>
      from(
        PROXY,
        "/api/sample",
        { ...person("alice", "admins"), "content-type": "application/json", ...headers },
        { method: "POST", body: '{"on":false}' },
      );
    expect((await change({})).status).toBe(403);
    expect((await change({ origin: "https://evil.example" })).status).toBe(403);
    expect((await change({ origin: test.url })).status).toBe(200);
    const forwarded = { "x-forwarded-host": "flows.example.com", "x-forwarded-proto": "https" };
    expect((await change({ ...forwarded, origin: "https://flows.example.com" })).status).toBe(200);
    // Of others that is worth nothing.
    const token = { authorization: `Bearer ${test.adminToken}`, "content-type": "application/json" };
    const post = { method: "POST", body: '{"on":false}' };
    const other = { ...token, ...forwarded, origin: "https://flows.example.com" };
    expect((await from("127.0.0.1", "/api/sample", other, post)).status).toBe(403);
  });

  it("says that the way to the browser is safe", async () => {
    const signIn = (address: string) =>
      from(
        address,
        "/api/auth/signin",
        { "content-type": "application/json", "x-forwarded-proto": "https" },
        { method: "POST", body: JSON.stringify({ code: test.adminToken }) },
      );
    const safe = await signIn(PROXY);
    expect(safe.headers["set-cookie"]?.join()).toMatch(/__Host-flowtrail_session=.*Secure/);
    expect(safe.headers["strict-transport-security"]).toBe("max-age=31536000");
    const cookie = safe.headers["set-cookie"]?.join().split(";")[0]?.replace("__Host-", "") ?? "";
    // One without the prefix may have been set by anybody on the way.
    expect((await from(PROXY, "/api/flows", { cookie, "x-forwarded-proto": "https" })).status).toBe(401);
    const unsafe = await signIn("127.0.0.1");
    expect(unsafe.headers["set-cookie"]?.join()).not.toMatch(/__Host|Secure/);
    expect(unsafe.headers["strict-transport-security"]).toBeUndefined();
  });
});

/** As it came over the wire. */
function raw(text: string): { socket: Socket; answer: Promise<string> } {
  const { hostname, port } = new URL(test.url);
  const socket = connect(Number(port), hostname);
  opened.push(socket);
  socket.write(text);
  let answer = "";
  socket.setEncoding("utf8").on("data", (part: string) => {
    answer += part;
  });
  return { socket, answer: new Promise((resolve) => socket.on("error", () => undefined).on("close", () => resolve(answer))) };
}

describe("limits", { timeout: 30_000 }, () => {
  it("who sends headers or a body too slowly is sent away, and others don't wait", async () => {
    const slow = raw("GET /api/health HTTP/1.1\r\nHost: x\r\nX-One:");
    const body = raw(
      `POST /api/auth/signin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"code":`,
    );
    const drip = setInterval(() => slow.socket.write("x"), 100);
    expect((await test.ask("GET", "/api/health")).status).toBe(200);
    expect(await slow.answer).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
    expect(await body.answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(await metric('flowtrail_http_refused_connections_total{reason="slow_request"}')).toBe(2);
  });

  it("large headers, large bodies and what is no HTTP are refused", async () => {
    expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`).answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(await raw("\x16\x03\x01 hello\r\n\r\n").answer).toMatch(/^HTTP\/1\.1 400 /);
    // Two lengths: what one program on the way takes for the end, is the middle for another.
    const smuggled = "POST /api/health HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(await raw(smuggled).answer).toMatch(/^HTTP\/1\.1 400 /);
    const large = await test.ask("POST", "/api/auth/signin", { token: null, body: { code: "x".repeat(300_000) } });
    expect(large).toMatchObject({ status: 413, body: { error: { code: "TOO_LARGE" } } });
    expect(await metric('flowtrail_http_refused_connections_total{reason="large_header"}')).toBe(1);
    expect(await metric('flowtrail_http_refused_connections_total{reason="no_http"}')).toBe(2);
  });

  it("one account has so many live streams, and another again when one has ended", async () => {
    const follow = (token: string) => {
      const stop = new AbortController();
      const headers = { authorization: `Bearer ${token}` };
      return fetch(`${test.url}/api/flows/live`, { headers, signal: stop.signal }).then((response) => ({ response, stop }));
    };
    const [first, second] = [await follow(test.adminToken), await follow(test.adminToken)];
    expect([first.response.status, second.response.status]).toEqual([200, 200]);
    const third = await test.ask<{ error: { code: string; message: string } }>("GET", "/api/flows/live");
    expect(third).toMatchObject({
      status: 429,
      body: { error: { code: "TOO_MANY_AT_ONCE", message: expect.stringContaining("limits.streams") } },
    });
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await metric('flowtrail_http_refused_total{code="TOO_MANY_AT_ONCE"}')).toBe(1);
    const { body } = await test.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "api", name: "other" } });
    const other = await follow(body.token);
    expect(other.response.status).toBe(200);
    first.stop.abort();
    for (;;) {
      const again = await follow(test.adminToken);
      again.stop.abort();
      if (again.response.status === 200) break;
      await sleep(50);
    }
    for (const { stop } of [second, other]) stop.abort();
  });

  it("one address asks so many questions at once", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => test.ask("GET", "/api/flows/facets?fields=verdict")));
    const statuses = new Set(answers.map(({ status }) => status));
    expect(statuses).toContain(429);
    expect((await test.ask("GET", "/api/flows")).status).toBe(200);
  });

  it("one address has so many connections, and others get in all the same", async () => {
    const answers = Array.from({ length: 40 }, () => raw("").answer);
    const first = await Promise.race(answers);
    expect(first).toMatch(/^HTTP\/1\.1 503 .*\r\nRetry-After: 10\r\n/s);
    expect((await from("127.0.0.3", "/api/health")).status).toBe(200);
    for (const socket of opened.splice(0)) socket.destroy();
    for (;;) {
      const refused = await metric('flowtrail_http_refused_connections_total{reason="connections_of_address"}').catch(() => 0);
      if (refused >= 10) break;
      await sleep(50);
    }
  });
});

describe("who can reach it", () => {
  const config = (flags: Record<string, string | string[]>) => parseConfig({ flags });
  const open = { listen: "0.0.0.0:8080", data: "/tmp/x" };

  it("without TLS says so loudly, unless it is meant", () => {
    expect(exposureWarning(config(open))).toMatch(
      /NO TLS.*0\.0\.0\.0:8080.*--tls-cert FILE --tls-key FILE.*--auth-proxy-from CIDR/,
    );
    expect(exposureWarning(config({ listen: "127.0.0.1:8080" }))).toBeNull();
    expect(exposureWarning(config({ ...open, "tls.cert": "a", "tls.key": "b" }))).toBeNull();
    expect(exposureWarning(config({ ...open, "auth.proxy.from": ["10.0.0.1/32"] }))).toBeNull();
    expect(exposureWarning(parseConfig({ flags: open, file: { path: "server.yaml", text: "tls: off" } }))).toBeNull();
  });

  it("without an account says how to make one", () => {
    expect(firstSteps(config(open), 0)).toMatch(/flowtrail account add NAME --role admin --data \/tmp\/x.*flowtrail link/);
    expect(firstSteps(config(open), 1)).toBeNull();
    expect(firstSteps(config({ listen: "127.0.0.1:1" }), 0)).toBeNull();
  });

  it("is told by the certificate's name, or by what was said", () => {
    const url = "https://127.0.0.1:8443";
    expect(pageUrl(config({ ...open }), url, ["*.example.com", "flows.example.com"])).toBe("https://flows.example.com:8443");
    expect(pageUrl(config({ ...open, "web.url": "https://logs.example.com/" }), url, ["x"])).toBe("https://logs.example.com");
    expect(pageUrl(config({ listen: "127.0.0.1:8443" }), url, ["flows", "127.0.0.1"])).toBe(url);
  });
});
