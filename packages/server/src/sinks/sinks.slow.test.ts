/** Sinks of a real server: set over the API, handed over to a receiver that is awkward. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rowNow, startTestServer, type TestServer } from "../testing.ts";
import type { ToldSink } from "./tell.ts";
import { idsIn, TestReceiver } from "./testing.ts";

let server: TestServer;
let receiver: TestReceiver;
let agent: string;
let id = 0;
beforeAll(async () => {
  [server, receiver] = await Promise.all([startTestServer(), new TestReceiver().start()]);
  agent = await server.agentToken("debian");
});
afterAll(async () => {
  await Promise.all([server.stop(), receiver.stop()]);
});

const sink = (change: object = {}) => ({
  name: "Test",
  reports: "all",
  transport: { kind: "http", url: receiver.url, auth: { kind: "bearer" } },
  secrets: { secret: "s3cret-token" },
  ...change,
});
const told = async (name: string) => (await server.ask<ToldSink>("GET", `/api/sinks/${name}`)).body;
/** Until it has a place: what comes later is its. */
const ready = (name: string) => expect.poll(async () => (await told(name)).status, { timeout: 20_000 }).not.toBeNull();
const kept = () => receiver.got.flatMap(idsIn);

async function deliver(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => String(++id));
  const { body } = await server.deliver(
    agent,
    ids.map((flow_id) => rowNow({ flow_id })),
  );
  expect(body).toMatchObject({ accepted: count });
  return ids;
}
const has = (ids: readonly string[]) => () => ids.every((one) => kept().some((event) => event.includes(`-${one}-ended`)));

it("hands over every record, with an id, and never tells its secret", async () => {
  expect(await server.ask("POST", "/api/sinks/test", { body: sink() })).toMatchObject({ status: 200, body: { ok: true } });
  expect(receiver.got.at(-1)?.headers.authorization).toBe("Bearer s3cret-token");
  const put = await server.ask("PUT", "/api/sinks/one", { body: sink() });
  expect(put).toMatchObject({ status: 200, body: { id: "one", secrets: { secret: true }, format: "flowtrail", parked: [] } });
  await ready("one");
  receiver.got.length = 0;
  const ids = await deliver(5);
  await expect.poll(has(ids), { timeout: 20_000 }).toBe(true);
  expect(new Set(kept()).size).toBe(5);
  const { body: health } = await server.ask("GET", "/api/health");
  expect(health).toMatchObject({ sinks: [{ id: "one", kind: "http", state: "running", parked: 0, error: null }] });
  const { body: metrics } = await server.ask<string>("GET", "/metrics");
  expect(metrics).toMatch(/^flowtrail_sinks\{kind="http",state="running"\} 1$/m);
  for (const name of ["records_taken", "records_waiting", "lag_seconds", "records_lost"])
    expect(metrics).toMatch(new RegExp(`^flowtrail_sink_${name}\\{kind="http"\\} [0-9.]+$`, "m"));
  // Nothing of it is told, but that it is there.
  const { body: history } = await server.ask("GET", "/api/settings/history?section=sinks");
  expect(history).toMatchObject({ changes: [{ name: "sink", id: "one", before: null, after: { secrets: ["secret"] } }] });
  const { body: audit } = await server.ask("GET", "/api/audit?limit=200");
  for (const text of [JSON.stringify(history), JSON.stringify(audit), server.log.join(""), JSON.stringify(put.body)])
    expect(text).not.toMatch(/s3cret-token|sealed1/);
  // Left out, it stays; at another place it does not.
  await server.ask("PUT", "/api/sinks/one", { body: sink({ secrets: {}, name: "Other" }) });
  expect(await told("one")).toMatchObject({ name: "Other", secrets: { secret: true } });
  const elsewhere = { kind: "http", url: "http://127.0.0.2:1", auth: { kind: "bearer" } };
  expect((await server.ask("PUT", "/api/sinks/two", { body: sink({ enabled: false }) })).status).toBe(200);
  await server.ask("PUT", "/api/sinks/two", { body: sink({ enabled: false, secrets: {}, transport: elsewhere }) });
  expect(await told("two")).toMatchObject({ secrets: { secret: false } });
});

it("goes on after 500s, torn connections and a pause, parks what is refused, and sends it again when asked", async () => {
  receiver.got.length = 0;
  const poison = String(id + 3);
  let fails = 2;
  receiver.answer = ({ body }) => {
    if (fails-- > 0) return fails === 1 ? { status: 500, body: "try later" } : { status: 200, torn: true };
    return body.includes(`-${poison}-ended`) ? { status: 400, body: "no such field" } : { status: 200 };
  };
  const ids = await deliver(6);
  const others = ids.filter((one) => one !== poison);
  await expect.poll(has(others), { timeout: 30_000 }).toBe(true);
  await expect.poll(async () => (await told("one")).parked, { timeout: 20_000 }).toEqual([{ reason: "http_400", records: 1 }]);
  const { body } = await server.ask<{ parked: object[] }>("GET", "/api/sinks/one/parked");
  expect(body.parked).toMatchObject([{ flow_id: poison, reason: "http_400", attempts: 1, message: "HTTP 400: no such field" }]);
  receiver.answer = () => ({ status: 200 });
  receiver.got.length = 0;
  expect((await server.ask("POST", "/api/sinks/one/pause")).body).toMatchObject({ enabled: false });
  const waiting = await deliver(3);
  await server.ask("POST", "/api/sinks/one/parked/retry", { body: {} });
  await sleep(500);
  expect(kept()).toEqual([]);
  await server.ask("POST", "/api/sinks/one/resume");
  await expect.poll(has([...waiting, poison]), { timeout: 30_000 }).toBe(true);
  await expect.poll(async () => (await told("one")).parked, { timeout: 20_000 }).toEqual([]);
}, 60_000);

it("hands over what is stored already, when asked, and can be told to stop", async () => {
  receiver.got.length = 0;
  const { status, body } = await server.ask<ToldSink>("POST", "/api/sinks/one/backfill", { body: { from: "-1h" } });
  expect(status, JSON.stringify(body)).toBe(200);
  await expect.poll(async () => (await told("one")).backfills[0]?.state, { timeout: 20_000 }).toBe("done");
  expect(new Set(kept()).size).toBe(id);
  expect(await told("one")).toMatchObject({ backfills: [{ sent: id, progress: 1 }] });
  receiver.answer = () => ({ status: 503, headers: { "retry-after": "1" } });
  await server.ask("POST", "/api/sinks/one/backfill", { body: { from: "-1h" } });
  expect((await server.ask("DELETE", "/api/sinks/one/backfill")).status).toBe(204);
  receiver.answer = () => ({ status: 200 });
  await expect.poll(async () => (await told("one")).backfills[0]?.state, { timeout: 20_000 }).toBe("cancelled");
}, 60_000);

it("begins anew under the name of a sink that was deleted: without its backfill and what was told of it", async () => {
  await deliver(1);
  await server.ask("PUT", "/api/sinks/again", { body: sink() });
  await ready("again");
  await server.ask("POST", "/api/sinks/again/backfill", { body: { from: "-1h", per_second: 1 } });
  expect((await server.ask("DELETE", "/api/sinks/again")).status).toBe(204);
  const transport = { kind: "http", url: `${receiver.url}/new` };
  const made = await server.ask("PUT", "/api/sinks/again", { body: sink({ transport, secrets: {}, enabled: false }) });
  expect(made.body).toMatchObject({ status: null, backfills: [] });
  await server.ask("POST", "/api/sinks/again/resume");
  await ready("again");
  const ids = await deliver(2);
  const got = () => receiver.got.flatMap((one) => (one.path === "/new" ? idsIn(one) : []));
  await expect.poll(() => got().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
  expect(got().every((event) => ids.some((one) => event.includes(`-${one}-ended`)))).toBe(true);
}, 60_000);

it("says what is wrong with a sink", async () => {
  const put = async (change: object) => {
    const { status, body } = await server.ask<{ error: { message: string } }>("PUT", "/api/sinks/bad", { body: sink(change) });
    return `${status} ${body.error?.message ?? ""}`;
  };
  expect(await put({ q: "nonsense=(" })).toMatch(/^400 q: /);
  expect(await put({ format: "parquet" })).toMatch(/^400 http takes no parquet, but flowtrail/);
  expect(await put({ secrets: { token: "x" } })).toMatch(/^400 http has no secret "token"/);
  expect(await put({ transport: { kind: "http", url: "file:///etc/passwd" } })).toMatch(/^400 /);
  expect((await server.ask("GET", "/api/sinks/bad")).status).toBe(404);
  expect((await server.ask("DELETE", "/api/sinks/two")).status).toBe(204);
  expect((await server.ask("GET", "/api/sinks/two")).status).toBe(404);
  const gone = await server.ask("POST", "/api/sinks/test", {
    body: sink({ transport: { kind: "http", url: "http://127.0.0.1:9" } }),
  });
  expect(gone.body).toMatchObject({ ok: false, error: expect.stringMatching(/ECONNREFUSED/) });
});
