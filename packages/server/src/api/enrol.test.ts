/** How agents come by their tokens, lose them and change them, on a real server. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer({ flags: { "auth.max_failures": "1000", "ingest.commit_interval_ms": "20" } });
});
afterAll(() => test.stop());

interface Made {
  readonly id: string;
  readonly token: string;
}
type Body = Made & ErrorBody & { node: string };

const newKey = () => randomBytes(32).toString("base64url");
const enrolToken = async (terms: object = {}): Promise<Made> =>
  (await test.ask<Made>("POST", "/api/tokens/enrol", { body: terms })).body;
const enrol = (token: string | null, node: string, key = newKey(), proof?: string) =>
  test.ask<Body>("POST", "/agent/v1/enroll", { token, body: { node, key, ...(proof === undefined ? {} : { proof }) } });
const config = (token: string) => test.ask<ErrorBody>("GET", "/agent/v1/config", { token });
const codeOf = ({ status, body }: { status: number; body: Body }) => [status, body.error?.code];
const listed = async () => {
  const { body } = await test.ask<{ tokens: Record<string, string | number | null>[] }>("GET", "/api/tokens");
  return body.tokens;
};

describe("an enrolment token", () => {
  it("makes one agent, which reports as its node, and is spent", async () => {
    const { token } = await enrolToken();
    const { status, body, headers } = await enrol(token, "n1");
    expect([status, body.node, headers.get("cache-control")]).toEqual([201, "n1", "no-store"]);
    expect((await test.deliver(body.token, [rowNow({ reporter: "n1" })])).body.accepted).toBe(1);
    expect((await test.deliver(body.token, [rowNow({ reporter: "n2" })])).body.rejected).toMatchObject([
      { code: "REPORTER_MISMATCH" },
    ]);
    expect(codeOf(await enrol(token, "n1b"))).toEqual([401, "ENROL_SPENT"]);
    expect((await listed()).some(({ kind }) => kind === "enrol")).toBe(false);
  });

  it("opens nothing else, and other tokens enrol nobody", async () => {
    const { token } = await enrolToken();
    for (const path of ["/api/flows", "/api/tokens", "/agent/v1/config", "/api/auth/me"])
      expect((await test.ask("GET", path, { token })).status).toBe(401);
    expect((await test.deliver(token, [rowNow()])).status).toBe(401);
    expect((await test.ask("POST", "/api/auth/signin", { token: null, body: { code: token } })).status).toBe(401);
    for (const other of [null, test.adminToken, await test.agentToken("n3"), "ft_enrol_guessed"])
      expect(codeOf(await enrol(other, "n4"))).toEqual([401, "ENROL_UNKNOWN"]);
  });

  it("is answered twice with the same, when an answer was lost, and makes one agent", async () => {
    const { token } = await enrolToken();
    const key = newKey();
    const answers = await Promise.all([enrol(token, "lost", key), enrol(token, "lost", key), enrol(token, "lost", key)]);
    const again = await enrol(token, "lost", key);
    expect(new Set([...answers, again].map(({ status, body }) => `${status} ${body.token}`)).size).toBe(1);
    expect((await listed()).filter(({ node }) => node === "lost")).toHaveLength(1);
    // With another key it is somebody else; with the key and another name, too.
    expect(codeOf(await enrol(token, "lost"))).toEqual([401, "ENROL_SPENT"]);
    expect(codeOf(await enrol(token, "lost2", key))).toEqual([401, "ENROL_SPENT"]);
  });

  it("for several nodes is good for so many, however many come at once", async () => {
    const { token } = await enrolToken({ uses: 3 });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => enrol(token, `many-${i}`)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
  });

  it("that was revoked is worth nothing, and says so", async () => {
    const revoked = await enrolToken();
    await test.ask("DELETE", `/api/tokens/${revoked.id}`);
    expect(codeOf(await enrol(revoked.token, "n5"))).toEqual([401, "ENROL_REVOKED"]);
  });

  it("for one name, or a beginning of names, makes no others", async () => {
    const one = await enrolToken({ node: "exact" });
    expect(codeOf(await enrol(one.token, "other"))).toEqual([403, "ENROL_OTHER_NODE"]);
    expect((await enrol(one.token, "exact")).status).toBe(201);
    const some = await enrolToken({ node_prefix: "web-", uses: 2 });
    expect(codeOf(await enrol(some.token, "db-1"))).toEqual([403, "ENROL_OTHER_NODE"]);
    expect((await enrol(some.token, "web-1")).status).toBe(201);
    expect(
      (await test.ask("POST", "/agent/v1/enroll", { token: some.token, body: { node: "web-2", key: "short" } })).status,
    ).toBe(400);
  });

  it("of some networks makes agents that report these only", async () => {
    const { token } = await enrolToken({ networks: ["office"] });
    const agent = (await enrol(token, "narrow")).body.token;
    const rows = [
      rowNow({ reporter: "narrow", network: "office" }),
      rowNow({ reporter: "narrow", network: "lab", flow_id: "77" }),
    ];
    expect((await test.deliver(agent, rows)).body).toMatchObject({
      accepted: 1,
      rejected: [{ row: 1, code: "NETWORK_NOT_ALLOWED" }],
    });
  });
});

describe("a node that is there already", () => {
  it("is not taken over without a word of an administrator's, nor does trying cost a use", async () => {
    const first = (await enrol((await enrolToken()).token, "mine")).body.token;
    const thief = await enrolToken();
    const refused = await enrol(thief.token, "mine");
    expect(codeOf(refused)).toEqual([409, "ENROL_NODE_TAKEN"]);
    expect(refused.body.error.message).toContain("--replace");
    expect((await config(first)).status).toBe(200);
    expect((await enrol(thief.token, "free")).status).toBe(201);
  });

  it("stays closed to others when its token was revoked", async () => {
    const made = await test.ask<Made>("POST", "/api/tokens", { body: { kind: "agent", node: "gone" } });
    await test.ask("DELETE", `/api/tokens/${made.body.id}`);
    expect(codeOf(await enrol((await enrolToken()).token, "gone"))).toEqual([409, "ENROL_NODE_TAKEN"]);
  });

  it("may be enrolled again by the agent that has its token, and with --replace; the old token ends when the new one is used", async () => {
    const first = await test.agentToken("moved");
    const second = (await enrol((await enrolToken()).token, "moved", newKey(), first)).body.token;
    expect((await config(first)).status).toBe(200);
    expect((await config(second)).status).toBe(200);
    await expect.poll(async () => (await config(first)).status).toBe(401);
    const third = (await enrol((await enrolToken({ replace: true })).token, "moved")).body.token;
    expect((await config(second)).status).toBe(200);
    expect((await config(third)).status).toBe(200);
    await expect.poll(async () => (await config(second)).status).toBe(401);
    // Another node's token proves nothing.
    const other = await test.agentToken("elsewhere");
    expect(codeOf(await enrol((await enrolToken()).token, "moved", newKey(), other))).toEqual([409, "ENROL_NODE_TAKEN"]);
  });
});

describe("changing a token", () => {
  const renew = (token: string, key: string) => test.ask<Body>("POST", "/agent/v1/token", { token, body: { key } });

  it("is told to the agent, which asks for the new one; the old one ends when that is used", async () => {
    const old = await test.agentToken("rot");
    expect((await config(old)).headers.has("flowtrail-rotate")).toBe(false);
    expect(codeOf(await renew(old, newKey()))).toEqual([409, "ROTATION_NOT_ASKED"]);
    expect((await test.ask("POST", "/api/tokens/rotate", { body: { node: "rot" } })).body).toEqual({
      node: "rot",
      asked: 1,
      token: null,
    });
    const told = await config(old);
    expect(told.headers.get("flowtrail-rotate")).toBe("1");
    const etag = told.headers.get("etag") ?? "";
    const unchanged = await test.ask("GET", "/agent/v1/config", { token: old, headers: { "if-none-match": etag } });
    expect([unchanged.status, unchanged.headers.get("flowtrail-rotate")]).toEqual([304, "1"]);
    const key = newKey();
    const next = (await renew(old, key)).body.token;
    expect((await renew(old, key)).body.token).toBe(next);
    expect((await test.deliver(old, [rowNow({ reporter: "rot" })])).body.accepted).toBe(1);
    expect((await test.deliver(next, [rowNow({ reporter: "rot", flow_id: "8" })])).body.accepted).toBe(1);
    await expect.poll(async () => (await config(old)).status).toBe(401);
    const { status, headers } = await config(next);
    expect([status, headers.has("flowtrail-rotate")]).toEqual([200, false]);
  });

  it("by two that have the old one ends what the first of them got, whoever used theirs meanwhile", async () => {
    for (const isUsed of [false, true]) {
      const node = `stolen-${isUsed}`;
      const old = await test.agentToken(node);
      await test.ask("POST", "/api/tokens/rotate", { body: { node } });
      const [first, second] = [(await renew(old, newKey())).body.token, (await renew(old, newKey())).body.token];
      expect(first).not.toBe(second);
      if (isUsed) expect((await config(first)).status).toBe(200);
      expect((await config(second)).status).toBe(200);
      for (const ended of [old, first]) await expect.poll(async () => (await config(ended)).status).toBe(401);
      expect((await config(second)).status).toBe(200);
    }
  });

  it("may be shown instead, for people to bring it", async () => {
    const old = await test.agentToken("shown");
    const { body } = await test.ask<{ token: string }>("POST", "/api/tokens/rotate", { body: { node: "shown", show: true } });
    expect((await config(old)).status).toBe(200);
    expect((await config(body.token)).status).toBe(200);
    await expect.poll(async () => (await config(old)).status).toBe(401);
    expect((await test.ask("POST", "/api/tokens/rotate", { body: { node: "nobody" } })).status).toBe(404);
  });
});

it("a revoked token is worthless with the next request, for deliveries and configuration", async () => {
  const made = await test.ask<Made>("POST", "/api/tokens", { body: { kind: "agent", node: "out" } });
  expect((await config(made.body.token)).status).toBe(200);
  await test.ask("DELETE", `/api/tokens/${made.body.id}`);
  expect((await config(made.body.token)).status).toBe(401);
  expect((await test.deliver(made.body.token, [rowNow({ reporter: "out" })])).status).toBe(401);
});

it("tells when and from where each token was used last", async () => {
  const agent = await test.ask<Made>("POST", "/api/tokens", { body: { kind: "agent", node: "seen" } });
  const find = async () => (await listed()).find(({ id }) => id === agent.body.id);
  expect(await find()).toMatchObject({ last_used: null, last_address: null });
  await config(agent.body.token);
  expect(await find()).toMatchObject({ last_used: expect.any(String), last_address: "127.0.0.1" });
  const mine = (await listed()).find(({ name }) => name === "command line of the server's machine");
  expect(Date.parse(String(mine?.last_used))).toBeGreaterThan(Date.now() - 60_000);
});
