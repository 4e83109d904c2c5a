import cookie from "@fastify/cookie";
import fastify from "fastify";
import { afterEach, expect, it } from "vitest";
import type { AuditEntry } from "../audit/entry.ts";
import { AuditLog } from "../audit/log.ts";
import { Repeats } from "../audit/repeats.ts";
import { EVERYTHING } from "../auth/identity.ts";
import { StoreError } from "../store/errors.ts";
import { auditHook } from "./audit-hook.ts";
import { sendError } from "./errors.ts";
import { Visits } from "./visits.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function served() {
  const stored: AuditEntry[] = [];
  const done: string[] = [];
  const store = {
    isAway: false,
    append: async (entries: readonly AuditEntry[]) => {
      if (store.isAway) throw new StoreError({ code: "STORE_UNAVAILABLE", retryAfterMs: 1000 }, "away");
      stored.push(...entries);
    },
  };
  const audit = new AuditLog({ flushMs: 10, maxWaiting: 100, server: "here" }, { store, now: Date.now, logger });
  const repeats = new Repeats({ windowMs: 60_000, max: 10 }, { note: (entry) => audit.note(entry), now: Date.now });
  const app = fastify();
  app.setErrorHandler(sendError);
  await app.register(cookie);
  let nowMs = 0;
  const visits = new Visits({ awayMs: 1000 }, { now: () => nowMs });
  app.decorateRequest("identity", null);
  app.addHook("onRequest", async (request) => {
    const name = request.headers["remote-user"];
    if (typeof name === "string") request.identity = { kind: "session", id: name, account: name, name, ...EVERYTHING };
  });
  auditHook(app, { audit, repeats, visits, auth: { identify: async () => null } });
  app.post("/api/thing", { config: { access: "admin" } }, async () => {
    done.push("changed");
    return {};
  });
  app.get("/api/file", { config: { access: "read", audit: { action: "export.file", as: "export" } } }, async () => {
    done.push("exported");
    return "rows";
  });
  app.post("/signin", { config: { access: "public", audit: { action: "signin.ok", as: "signin" } } }, async (_request, reply) =>
    reply.setCookie("flowtrail_session", "secret").code(204).send(null),
  );
  app.post("/failing", { config: { access: "public", audit: { action: "signin.ok", as: "signin" } } }, async (request, reply) => {
    request.audited.details.account = (request.body as { account: string | null }).account;
    return reply.code(401).send(null);
  });
  app.post("/once", { config: { access: "public", audit: { action: "made", as: "once" } } }, async (request) => {
    const { target, isNothing } = request.body as { target?: string; isNothing?: boolean };
    request.auditDone = isNothing === true;
    if (target !== undefined) request.audited.target = target;
    return {};
  });
  closing.push(async () => {
    await app.close();
    await audit.stop();
  });
  app.get("/read", { config: { access: "read", audit: false } }, async () => ({}));
  const wait = (ms: number) => {
    nowMs += ms;
  };
  return { app, store, stored, done, audit, repeats, wait };
}

it("lets nothing be changed, taken out or signed in that can't be noted", async () => {
  const { app, store, done } = await served();
  store.isAway = true;
  for (const [method, url] of [
    ["POST", "/api/thing"],
    ["GET", "/api/file"],
    ["POST", "/signin"],
  ] as const) {
    const { statusCode, headers } = await app.inject({ method, url });
    expect([url, statusCode, headers["set-cookie"]]).toEqual([url, 503, undefined]);
  }
  expect(done).toEqual([]);
  store.isAway = false;
  expect((await app.inject({ method: "POST", url: "/api/thing" })).statusCode).toBe(200);
  expect((await app.inject({ method: "POST", url: "/signin" })).headers["set-cookie"]).toContain("secret");
  expect(done).toEqual(["changed"]);
});

it("names what no route names by its address, and adds what became of it", async () => {
  const { app, stored, audit } = await served();
  await app.inject({ method: "POST", url: "/api/thing" });
  await audit.stop();
  expect(stored.map(({ action, version, status }) => [action, version, status])).toEqual([
    ["thing.create", 1, null],
    ["thing.create", 2, 200],
  ]);
  expect(stored[1]?.id).toBe(stored[0]?.id);
});

it("tells of tries at several accounts from one address several times", async () => {
  const { app, stored, audit, repeats } = await served();
  for (const account of [null, "admin", "carol", "admin"])
    expect((await app.inject({ method: "POST", url: "/failing", body: { account } })).statusCode).toBe(401);
  repeats.stop();
  await audit.stop();
  const told = stored.map(({ action, details, count }) => [action, JSON.parse(details).account, count]);
  expect(told).toEqual([
    ["signin.failed", null, 1],
    ["signin.failed", "admin", 1],
    ["signin.failed", "carol", 1],
    ["signin.failed", "admin", 2],
  ]);
});

it("tells what was done again and again as one, and nothing where there is nothing to tell", async () => {
  const { app, stored, audit, repeats } = await served();
  for (const body of [{ target: "a" }, { target: "a" }, { target: "b" }, { isNothing: true }])
    await app.inject({ method: "POST", url: "/once", body });
  repeats.stop();
  await audit.stop();
  expect(stored.map(({ action, target, count }) => [action, target, count])).toEqual([
    ["made", "a", 1],
    ["made", "b", 1],
    ["made", "a", 2],
  ]);
});

it("whom a proxy vouches for signs in once a visit, and is not answered while that can't be stored", async () => {
  const { app, store, stored, wait } = await served();
  const ask = async () => (await app.inject({ url: "/read", headers: { "remote-user": "ana" } })).statusCode;
  store.isAway = true;
  expect(await ask()).toBe(503);
  store.isAway = false;
  for (const ms of [0, 900, 900, 1100]) {
    wait(ms);
    expect(await ask()).toBe(200);
  }
  expect(stored.map(({ action, details }) => [action, details])).toEqual([
    ["signin.ok", '{"method":"proxy"}'],
    ["signin.ok", '{"method":"proxy"}'],
  ]);
});
