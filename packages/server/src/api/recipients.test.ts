import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { z } from "zod";
import { type Receiver, startReceiver } from "../recipients/testing.ts";
import { type ErrorBody, startTestServer, type TestServer } from "../testing.ts";
import { type recipientSchema, recipientsSchema, testResultSchema, undeliveredSchema } from "./recipient-schemas.ts";
import { healthSchema } from "./schemas.ts";
import { settingsHistorySchema } from "./settings-history-schemas.ts";

let test: TestServer;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  test = await startTestServer();
}, 60_000);
afterAll(async () => {
  await test.stop();
  receiver.close();
});

type Told = z.infer<typeof recipientSchema>;
const put = (id: string, body: object) => test.ask<Told & ErrorBody>("PUT", `/api/recipients/${id}`, { body });
const tokenOf = async (role: string) =>
  (await test.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "api", name: role, role } })).body.token;
/** None of these may be found anywhere but in the key file's reach. */
const SECRETS = ["s1gning-secret", "Bearer auth0rized", "T0/B0/h00k", "r0uting-key", "t0pic-secret", "p4ssword-of-mail"];

it("sets recipients of every kind, and tells no secret", async () => {
  const url = `${receiver.url}/in`;
  const wanted: Readonly<Record<string, object>> = {
    hook: { kind: "webhook", settings: { url }, secrets: { signing_secret: SECRETS[0], authorization: SECRETS[1] } },
    "ops-chat": { kind: "slack", settings: {}, secrets: { url: `${receiver.url}/${SECRETS[2]}` } },
    teams: { kind: "teams", settings: {}, secrets: { url: `${receiver.url}/${SECRETS[2]}` } },
    discord: { kind: "discord", settings: {}, secrets: { url: `${receiver.url}/${SECRETS[2]}` } },
    pager: { kind: "pagerduty", settings: { url }, secrets: { routing_key: SECRETS[3] } },
    phone: { kind: "ntfy", settings: { url }, secrets: { topic: SECRETS[4] } },
    mail: {
      kind: "email",
      settings: { host: "127.0.0.1", port: 1, user: "bob", from: "a@example.com", to: ["b@example.com"] },
      secrets: { password: SECRETS[5] },
    },
    log: { kind: "syslog", settings: { host: "127.0.0.1", port: 1 } },
  };
  for (const [id, body] of Object.entries(wanted))
    expect(await put(id, { name: `The ${id}`, ...body })).toMatchObject({ status: 200 });
  const { status, body } = await test.ask("GET", "/api/recipients", { token: await tokenOf("auditor") });
  expect(status).toBe(200);
  const { recipients } = recipientsSchema.parse(body);
  expect(recipients.map(({ kind }) => kind).sort()).toEqual([
    "discord",
    "email",
    "ntfy",
    "pagerduty",
    "slack",
    "syslog",
    "teams",
    "webhook",
  ]);
  const [mail] = recipients.filter(({ id }) => id === "mail");
  expect(mail).toMatchObject({
    settings: { host: "127.0.0.1", port: 1, security: "starttls", user: "bob", from: "a@example.com", to: ["b@example.com"] },
    secrets: { password: true },
    takes: { every: true },
    resolved: true,
    status: { waiting: 0, parked: 0, last_sent: null, last_error: null },
  });
  const health = healthSchema.parse((await test.ask("GET", "/api/health")).body);
  expect(health.recipients?.find(({ id }) => id === "mail")).toMatchObject({
    name: "The mail",
    kind: "email",
    waiting: 0,
    parked: 0,
    failing: false,
  });
  const history = settingsHistorySchema.parse((await test.ask("GET", "/api/settings/history?section=alerts")).body);
  expect(history.changes).toHaveLength(8);
  const audit = await test.ask("GET", "/api/audit?limit=100");
  expect(JSON.stringify(audit.body)).toContain("new recipient The hook (webhook)");
  for (const text of [
    JSON.stringify([body, health, history, audit.body]),
    test.log.join("\n"),
    await readFile(join(test.data, "secrets.key"), "utf8"),
  ])
    expect(SECRETS.filter((secret) => text.includes(secret))).toEqual([]);
  expect(JSON.stringify([body, health, history, audit.body])).not.toContain("sealed1");
  expect((await stat(join(test.data, "secrets.key"))).mode & 0o777).toBe(0o600);
});

it("tries one out, set or not, and says what the other side said", async () => {
  receiver.answer = (_seen, response) => void response.writeHead(403).end("invalid_token");
  const tried = async (path: string, body: object) => {
    const answer = await test.ask("POST", path, { body });
    return answer.status === 200 ? testResultSchema.parse(answer.body) : answer.body;
  };
  expect(await tried("/api/recipients/ops-chat/test", {})).toMatchObject({
    ok: false,
    said: "HTTP 403 invalid_token",
    error: "HTTP 403: invalid_token",
  });
  expect(receiver.seen.at(-1)).toMatchObject({ path: `/${SECRETS[2]}`, body: expect.stringContaining("Test of Flowtrail") });
  receiver.answer = (_seen, response) => void response.end("ok");
  const draft = { kind: "webhook", name: "Draft", settings: { url: `${receiver.url}/in` } };
  expect(await tried("/api/recipients/test", draft)).toMatchObject({ ok: true, said: "HTTP 200 ok", error: null });
  expect(receiver.seen.at(-1)?.headers).not.toHaveProperty("authorization");
  expect(await tried("/api/recipients/test", { ...draft, id: "hook" })).toMatchObject({ ok: true });
  expect(receiver.seen.at(-1)?.headers).toMatchObject({
    authorization: SECRETS[1],
    "webhook-signature": expect.stringMatching(/^v1,/),
  });
  const metadata = { ...draft, settings: { url: "http://169.254.169.254/latest/meta-data/" } };
  expect(await tried("/api/recipients/test", metadata)).toMatchObject({
    ok: false,
    said: "",
    error: expect.stringMatching(/nothing is sent there/),
  });
  expect(await tried("/api/recipients/mail/test", {})).toMatchObject({ ok: false, error: expect.stringMatching(/ECONNREFUSED/) });
});

it("says what is wrong", async () => {
  const refused = async (id: string, body: object) => {
    const { status, body: answer } = await put(id, { name: "X", ...body });
    return `${status} ${answer.error?.message}`;
  };
  expect(await refused("test", { kind: "slack", settings: {}, secrets: { url: "https://x.example/" } })).toMatch(
    /^400 .*test is taken/,
  );
  expect(await refused("Bad Id", { kind: "syslog", settings: { host: "h" } })).toMatch(/^400 id: expected 1 to 64/);
  expect(await refused("x", { kind: "slack", settings: {} })).toMatch(/^400 secrets.url: needed by slack/);
  expect(await refused("x", { kind: "slack", settings: {}, secrets: { url: "ftp://x" } })).toMatch(/^400 secrets.url: expected/);
  expect(await refused("x", { kind: "slack", settings: {}, secrets: { password: "x" } })).toMatch(/^400 .*password/);
  expect(await refused("x", { kind: "webhook", settings: { url: "https://u:p@x.example/" } })).toMatch(/^400 settings.url: /);
  expect(await refused("x", { kind: "webhook", settings: { url: "https://x.example/", template: "{{nothing}}" } })).toMatch(
    /^400 settings.template: there is no/,
  );
  expect(await refused("x", { kind: "email", settings: { host: "h", from: "a@b\r\nBcc: c@d", to: ["b@c"] } })).toMatch(
    /^400 settings.from: /,
  );
  expect(
    await refused("x", { kind: "syslog", settings: { host: "h" }, quiet: { from: "25:00", to: "7", zone: "Mars/One" } }),
  ).toMatch(/^400 quiet.from: .*quiet.to: .*quiet.zone: /);
  // A password is not sent to another server than the one that it was given for.
  const elsewhere = {
    kind: "email",
    settings: { host: "thief.example", user: "bob", from: "a@example.com", to: ["b@example.com"] },
  };
  expect(await refused("mail", elsewhere)).toMatch(/^400 secrets.password: to be given again/);
  expect(await put("mail", { name: "Mail", ...elsewhere, secrets: { password: null } })).toMatchObject({
    status: 200,
    body: { secrets: {} },
  });
});

it("lets administrators change, auditors look, and nobody else", async () => {
  const [auditor, viewer] = [await tokenOf("auditor"), await tokenOf("viewer")];
  const asked = async (method: string, path: string, token: string) =>
    (await test.ask(method, `/api/recipients${path}`, { token, ...(method !== "GET" && { body: {} }) })).status;
  expect(await asked("GET", "/hook/undelivered", auditor)).toBe(200);
  for (const [method, path] of [
    ["POST", "/hook/test"],
    ["POST", "/test"],
    ["PUT", "/hook"],
    ["POST", "/hook/undelivered/x/retry"],
    ["DELETE", "/hook/undelivered/x"],
  ] as const)
    expect(await asked(method, path, auditor)).toBe(403);
  expect(await asked("GET", "", viewer)).toBe(403);
  expect(await asked("GET", "/hook", viewer)).toBe(403);
  const { body } = await test.ask("GET", "/api/recipients/hook/undelivered");
  expect(undeliveredSchema.parse(body)).toEqual({ undelivered: [] });
  expect((await test.ask("POST", "/api/recipients/hook/undelivered/none/retry", { body: {} })).status).toBe(404);
  expect((await test.ask("DELETE", "/api/recipients/hook")).status).toBe(204);
  expect((await test.ask("DELETE", "/api/recipients/hook")).status).toBe(404);
  expect((await test.ask("GET", "/api/recipients/hook")).status).toBe(404);
});
