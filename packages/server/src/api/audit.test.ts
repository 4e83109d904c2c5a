import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { rowNow, startTestServer, type TestServer } from "../testing.ts";
import type { auditSchema } from "./audit-schemas.ts";

type Audit = z.infer<typeof auditSchema>;
type Entry = Audit["entries"][number];
interface OpenApi {
  readonly paths: Record<string, Record<string, { readonly "x-access"?: string }>>;
}

const PREVIEW = /^preview\./;
const RECIPIENT = { name: "walker", kind: "webhook", settings: { url: "http://127.0.0.1:9/" } };
const MEASURE = { kind: "measure", measure: { kind: "reports" }, by: [], threshold: { kind: "above", value: 1e9 } };
const RULE = { name: "walker", watch: MEASURE };
const SINK = { name: "walker", enabled: false, transport: { kind: "file" } };
/** All routes for admins: a body that they take, and what is in the log when the address says `dry_run=true`, which few of them know. */
const ADMIN: Readonly<Record<string, readonly [action: string, body?: unknown]>> = {
  "POST /api/accounts": ["account.create", { name: "walker", role: "viewer" }],
  "PATCH /api/accounts/{id}": ["account.change", { disabled: true }],
  "POST /api/tokens": ["token.create", { kind: "api", name: "walker" }],
  "DELETE /api/tokens/{id}": ["token.revoke"],
  "POST /api/tokens/enrol": ["token.enrol", {}],
  "POST /api/tokens/rotate": ["token.rotate", { node: "walker" }],
  "POST /api/store/backups": ["backup.create", { base: "none" }],
  "POST /api/inventory/sources/{name}/retire": ["inventory.retire"],
  "POST /api/inventory/replay": ["inventory.replay", { from: "-1h", dry_run: false }],
  "POST /api/people/erase": ["people.erase", { user: "walker", dry_run: false }],
  "POST /api/privacy/reveal": ["reveal", { pseudonym: "user-1", reason: "to see" }],
  "POST /api/seed": ["sample.seed", { rows: 1, until: "2999-01-01T00:00:00Z" }],
  "POST /api/sample": ["sample.switch", { on: false }],
  "PUT /api/local-agent": ["system.local_agent", { state: "running", message: null }],
  "PUT /api/settings/capture": ["preview.settings.capture.change", {}],
  "PUT /api/settings/retention": ["preview.settings.retention.change", { rejected_days: 14 }],
  "POST /api/settings/retention/holds": ["preview.hold.create", { from: "-1d", reason: "to see" }],
  "POST /api/settings/retention/holds/{id}/release": ["preview.hold.release"],
  "PUT /api/recipients/{id}": ["recipient.change", RECIPIENT],
  "DELETE /api/recipients/{id}": ["recipient.delete"],
  "POST /api/recipients/test": ["recipient.test", { ...RECIPIENT, settings: { url: "http://169.254.1.1/" } }],
  "POST /api/recipients/{id}/test": ["recipient.test"],
  "POST /api/recipients/{id}/undelivered/{notice}/retry": ["recipient.retry"],
  "DELETE /api/recipients/{id}/undelivered/{notice}": ["recipient.drop"],
  "PUT /api/sinks/{id}": ["sink.change", SINK],
  "DELETE /api/sinks/{id}": ["sink.delete"],
  "POST /api/sinks/test": ["sink.test", { ...SINK, format: "none" }],
  "POST /api/sinks/{id}/test": ["sink.test"],
  "POST /api/sinks/{id}/pause": ["sink.pause"],
  "POST /api/sinks/{id}/resume": ["sink.resume"],
  "POST /api/sinks/{id}/backfill": ["sink.backfill", { from: "-1h" }],
  "DELETE /api/sinks/{id}/backfill": ["sink.backfill.cancel"],
  "DELETE /api/sinks/{id}/backfill/{backfill}": ["sink.backfill.cancel"],
  "POST /api/sinks/{id}/parked/retry": ["sink.parked.retry"],
  "POST /api/sinks/{id}/parked/drop": ["sink.parked.drop"],
  "POST /api/alerts/{id}/acknowledge": ["alert.acknowledge", {}],
  "POST /api/alerts/{id}/reopen": ["alert.reopen", {}],
  "POST /api/alerts/{id}/silence": ["alert.silence", { for: "1h" }],
  "POST /api/alert-silences": ["alert.silence", { rule: "walker", labels: {}, for: "1h" }],
  "DELETE /api/alert-silences/{id}": ["alert.unsilence"],
  "PUT /api/alert-rules/{id}": ["alert_rule.change", RULE],
  "DELETE /api/alert-rules/{id}": ["alert_rule.delete"],
  "POST /api/alert-rules/import": ["preview.alert_rule.import", { yaml: "rules: []" }],
  "PUT /api/policies/{id}": ["policy.change", {}],
  "DELETE /api/policies/{id}": ["policy.delete"],
  "POST /api/policies/import": ["policy.import", { yaml: "policies: []" }],
  "POST /api/import/netmaker": ["preview.import.netmaker", "{}"],
};

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer({ flags: { "auth.max_failures": "1000" } });
});
afterAll(() => test.stop());

async function audit(query = ""): Promise<Entry[]> {
  const { status, body } = await test.ask<Audit>("GET", `/api/audit?limit=1000&${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.entries;
}

/** What is not written at once is written within a second. */
async function until(query: string, isThere: (entries: Entry[]) => boolean): Promise<Entry[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const entries = await audit(query);
    if (isThere(entries)) return entries;
    await setTimeout(100);
  }
  throw new Error(`not there: ${query} ${JSON.stringify(await audit(query))}`);
}

describe("the audit log", () => {
  it("tells of a change who, from where, what it was and what it is now", async () => {
    const put = await test.ask("PUT", "/api/settings/retention", { body: { rejected_days: 12 } });
    expect(put.status).toBe(200);
    const [entry] = await until("action=settings.retention", ([first]) => first?.status === 200);
    expect(entry).toMatchObject({
      action: "settings.retention.change",
      who: { kind: "api", role: "admin" },
      address: "127.0.0.1",
      status: 200,
      details: {
        body: { rejected_days: 12 },
        changes: [{ name: "retention", what: "rejected_days 30 → 12", before: null, after: { rejected_days: 12 } }],
      },
    });
    await test.ask("PUT", "/api/settings/retention", { body: { rejected_days: 13 } });
    const [second] = await until("action=settings.retention", ([first]) => first?.status === 200 && first.id !== entry?.id);
    expect(second?.details.changes).toMatchObject([{ before: { rejected_days: 12 }, after: { rejected_days: 13 } }]);
  });

  it("has a change before its answer is there", async () => {
    await test.ask("POST", "/api/sample", { body: { on: false } });
    expect((await audit("action=sample.switch")).map(({ target }) => target)).toHaveLength(1);
  });

  it("is no place for what lets anybody in, in any body of any route", async () => {
    const secret = "hunter2correcthorse";
    const token = "ft_api_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    const secrets = {
      password: secret,
      client_secret: secret,
      code: token,
      token,
      name: `a ${token}`,
      reason: `Bearer ${secret}`,
      url: `https://user:${secret}@example.com`,
      nested: { api_key: secret, passwords: [secret], deep: [{ privateKey: secret }] },
    };
    const { body } = await test.ask<OpenApi>("GET", "/api/openapi.json");
    const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method): [string, string] => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, "1")]),
    );
    const changing = routes.filter(([method]) => method !== "GET");
    expect(changing.length).toBeGreaterThan(8);
    for (const [method, path] of changing) await test.ask(method, path, { body: secrets });
    // Those that take such a body.
    expect((await test.ask("POST", "/api/tokens", { body: { kind: "api", name: `mine ${token}` } })).status).toBe(201);
    await test.ask("POST", "/api/settings/retention/holds", { body: { from: "-1d", reason: `Bearer ${secret} ${token}` } });
    await test.ask("GET", `/api/flows?q=${encodeURIComponent(`"${token}"`)}`);
    await test.ask("POST", "/api/auth/signin", { token: null, body: { code: token } });
    const entries = await until("", (found) => found.some(({ action }) => action === "signin.failed"));
    expect(entries.find(({ action }) => action === "token.create")?.details).toMatchObject({
      body: { kind: "api", name: "mine …" },
    });
    for (const place of [JSON.stringify(entries), test.log.join("\n")]) {
      expect(place).not.toContain(secret);
      expect(place).not.toContain(token);
    }
  });

  it("tells who signed in, who did not, and who may not", async () => {
    const { body } = await test.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "signin", name: "alice" } });
    const signIn = () => test.ask("POST", "/api/auth/signin", { token: null, body: { code: body.token } });
    const good = await signIn();
    expect(good.status).toBe(204);
    // Written before the answer.
    const [ok] = await audit("action=signin.ok");
    expect(ok).toMatchObject({ who: { kind: "session", name: "alice", role: "admin" }, status: 204, address: "127.0.0.1" });
    expect((await signIn()).status).toBe(401);
    await until("action=signin.failed&who=nobody", (found) => found.length > 0);
    expect((await test.ask("GET", "/api/flows", { token: await test.agentToken("n1") })).status).toBe(403);
    const [refused] = await until("action=access.refused&who=agent", (found) => found.length > 0);
    expect(refused).toMatchObject({ who: { kind: "agent" }, target: "GET /api/flows", status: 403 });
    const cookie = String(good.headers.get("set-cookie")).split(";")[0] ?? "";
    await test.ask("POST", "/api/auth/signout", { token: null, headers: { cookie } });
    await until("action=signout", (found) => found[0]?.who.name === "alice");
  });

  it("tells what was searched, once for a page that asks again and again", async () => {
    for (let i = 0; i < 5; i++) await test.ask("GET", "/api/flows?q=src.name%3Dalice&from=-1h&to=now");
    await test.ask("GET", "/api/flows/histogram?q=src.name%3Dalice&from=-1h&to=now&buckets=20");
    await test.ask("GET", "/api/flows?q=src.name%3Dbob&from=-1h&to=now");
    await until("action=search&q=bob", (found) => found.length > 0);
    const alices = await audit("action=search&q=alice");
    expect(alices.map(({ details }) => details)).toEqual([{ asked: { from: "-1h", q: "src.name=alice", to: "now" } }]);
  });

  it("tells which values were offered, a field and network at a time, and not each letter", async () => {
    for (const q of ["src.na", "src.name=", "src.name=a", "src.name=al", "domain=x"])
      expect((await test.ask("GET", `/api/filter/complete?q=${encodeURIComponent(q)}&from=-1h`)).status).toBe(200);
    expect((await test.ask("GET", "/api/filter/complete?q=src.name%3D&network=lab")).status).toBe(200);
    const entries = await until("action=search.complete", (found) => found.length >= 3);
    expect(entries.map(({ target, details }) => [target, details]).reverse()).toEqual([
      ["src.name", {}],
      ["domain", {}],
      ["src.name", { asked: { network: ["lab"] } }],
    ]);
  });

  it("tells that an agent came by a token, with which one, and in the place of which", async () => {
    const made = await test.ask<{ id: string; token: string }>("POST", "/api/tokens/enrol", { body: {} });
    const key = "k".repeat(43);
    const enrolled = () =>
      test.ask<{ token: string }>("POST", "/agent/v1/enroll", { token: made.body.token, body: { node: "n9", key } });
    const { status, body } = await enrolled();
    expect([status, (await enrolled()).status]).toEqual([201, 201]);
    const [line, ...more] = await until("action=agent.enrol", (found) => found.length > 0);
    expect(line).toMatchObject({ target: "n9", address: "127.0.0.1", status: 201, who: { kind: "nobody" } });
    expect(line?.details).toEqual({ enrolment: made.body.id, made: expect.any(String), replaces: [] });
    expect(more).toEqual([]);
    await test.ask("POST", "/api/tokens/rotate", { body: { node: "n9" } });
    const renewed = await test.ask<{ token: string }>("POST", "/agent/v1/token", { token: body.token, body: { key } });
    expect(renewed.status).toBe(201);
    const [renewal] = await until("action=agent.renew", (found) => found.length > 0);
    expect(renewal).toMatchObject({ target: "n9", who: { kind: "agent" }, details: { replaces: [line?.details.made] } });
    for (const secret of [key, body.token, renewed.body.token, made.body.token])
      expect(JSON.stringify([line, renewal])).not.toContain(secret);
  });

  it("tells of an export how much went out, and that it began", async () => {
    const token = await test.agentToken("debian");
    await test.deliver(token, [rowNow(), rowNow({ flow_id: "2" })]);
    const { body } = await test.ask<string>("GET", "/api/flows/export?format=csv&from=-1h");
    const [done] = await until("action=export.flows", ([first]) => first?.status === 200);
    expect(done).toMatchObject({ target: "csv", details: { rows: 2, bytes: Buffer.byteLength(body), complete: true } });
  });

  it("is a file, in pages, and notes who reads it", async () => {
    const all = await audit("to=now");
    const csv = await test.ask<string>("GET", "/api/audit/export?format=csv");
    expect(csv.body.split("\r\n")[0]).toContain("time,last,count,who_kind,who");
    expect(csv.body.split("\r\n").length).toBeGreaterThan(all.length);
    const first = await test.ask<Audit>("GET", "/api/audit?limit=3");
    const second = await test.ask<Audit>("GET", `/api/audit?limit=3&cursor=${first.body.next}`);
    expect(new Set([...first.body.entries, ...second.body.entries].map(({ id }) => id)).size).toBe(6);
    const lines = await test.ask<string>("GET", "/api/audit/export?format=ndjson&action=token");
    for (const line of lines.body.trim().split("\n")) expect(JSON.parse(line)).toMatchObject({ action: /^token/ });
    await until("action=audit.read", (found) => found.length > 0);
    await until("action=export.audit", (found) => found.some(({ status }) => status === 200));
  });

  it("is read by admins and auditors, and by nobody else; an auditor deletes nobody", async () => {
    const tokenOf = async (role: string) =>
      (await test.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "api", name: role, role } })).body.token;
    const [auditor, viewer, agent] = [await tokenOf("auditor"), await tokenOf("viewer"), await test.agentToken("n2")];
    for (const path of ["/api/audit", "/api/audit/export", "/api/people/erasures"]) {
      expect((await test.ask("GET", path, { token: auditor })).status).toBe(200);
      for (const token of [viewer, agent]) expect((await test.ask("GET", path, { token })).status).toBe(403);
      expect((await test.ask("GET", path, { token: null })).status).toBe(401);
    }
    expect((await test.ask("POST", "/api/people/erase", { token: auditor, body: { user: "a" } })).status).toBe(403);
  });

  it("can be changed by nothing", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      expect((await test.ask(method, "/api/audit", { body: {} })).status).toBe(404);
      const [entry] = await audit("");
      expect((await test.ask(method, `/api/audit/${entry?.id}`, { body: {} })).status).toBe(404);
    }
  });

  it("has every change before it is done, though its address says dry_run to a route that does not know it", async () => {
    const { body } = await test.ask<OpenApi>("GET", "/api/openapi.json");
    const admin = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, route]) =>
        route["x-access"] === "admin" ? [`${method.toUpperCase()} ${path}`] : [],
      ),
    );
    expect(Object.keys(ADMIN).sort()).toEqual(admin.sort());
    const seen = new Set((await audit()).map(({ id }) => id));
    // What became of an erasure is noted when it is done, some time later.
    const isNew = ({ id, action }: Entry) => !seen.has(id) && !/^(search|audit|access|export|sign|people\.erased)/.test(action);
    for (const [route, [action, given]] of Object.entries(ADMIN)) {
      const [method = "", path = ""] = route
        .replace("{name}", "file")
        .replaceAll(/\{\w+\}/g, "1")
        .split(" ");
      const headers = typeof given === "string" ? { "content-type": "application/x-ndjson" } : {};
      const { status, body: answer } = await test.ask(method, `${path}?dry_run=true`, { headers, body: given });
      // A change is there at once; previews are waited for below.
      const noted = (await audit()).filter(isNew).map((entry) => entry.action);
      const expected = PREVIEW.test(action) ? [] : [action];
      expect([route, noted.filter((one) => !PREVIEW.test(one))], `${status} ${JSON.stringify(answer)}`).toEqual([
        route,
        expected,
      ]);
      for (const { id } of await audit()) seen.add(id);
    }
    const previews = Object.values(ADMIN).flatMap(([action]) => (PREVIEW.test(action) ? [action] : []));
    await until("action=preview", (found) => previews.every((action) => found.some((entry) => entry.action === action)));
    const [reveal] = await until("action=reveal", ([first]) => first?.status === 404 || first?.status === 400);
    expect(reveal?.details).toMatchObject({ body: { pseudonym: "user-1", reason: "to see" } });
    // Where the body has the parameter it is a dry run, as before.
    expect((await test.ask("POST", "/api/people/erase", { body: { user: "walker" } })).status).toBe(200);
    await until("action=preview.people.erase", ([first]) => first?.target === "user walker" || first?.target === "walker");
  });
});
