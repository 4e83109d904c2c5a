import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_SESSIONS, Sessions } from "../auth/sessions.ts";
import { keepAdminToken } from "../data-dir.ts";
import { startTestStore, type TestStore } from "./testing.ts";
import { Tokens } from "./tokens.ts";

describe("tokens", () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await startTestStore();
  });
  afterAll(() => test.stop());

  it("are shown once, found by their secret alone and kept as a hash", async () => {
    const { tokens, clickhouse } = test.store;
    const { token, secret } = await tokens.create({ kind: "agent", name: "debian's agent", node: "debian" });
    expect(secret).toMatch(/^ft_agent_[\w-]{43}$/);
    expect(token).toMatchObject({ kind: "agent", name: "debian's agent", node: "debian", spentMs: null, revokedMs: null });
    expect(await tokens.find(secret)).toEqual(token);
    expect(await new Tokens(clickhouse).find(secret)).toEqual(token);
    expect(await tokens.find(`${secret}x`)).toBeNull();
    expect(await tokens.list()).toContainEqual(token);
    const stored = JSON.stringify(await clickhouse.rows("SELECT * FROM tokens"));
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(secret.slice(9));
  });

  it("are worthless when revoked, on other servers after a moment too, and their history stays", async () => {
    let nowMs = Date.now();
    const other = new Tokens(test.store.clickhouse, { now: () => nowMs });
    const { tokens } = test.store;
    const { token, secret } = await tokens.create({ kind: "api", name: "ci" });
    expect(await other.find(secret)).toEqual(token);
    expect(await tokens.revoke(token.id)).toBe(true);
    expect(await tokens.revoke("none")).toBe(false);
    expect(await tokens.find(secret)).toBeNull();
    nowMs += 6_000;
    expect(await other.find(secret)).toBeNull();
    expect((await tokens.list()).find(({ id }) => id === token.id)?.revokedMs).toEqual(expect.any(Number));
    const history = "SELECT version FROM tokens WHERE id = {id:String} ORDER BY version";
    expect(await test.store.clickhouse.rows(history, { id: token.id })).toEqual([{ version: 1 }, { version: 2 }]);
  });

  it("expire", async () => {
    let nowMs = Date.now();
    const tokens = new Tokens(test.store.clickhouse, { now: () => nowMs });
    const { secret } = await tokens.create({ kind: "session", name: "someone", expiresMs: nowMs + 60_000 });
    nowMs += 59_999;
    expect(await tokens.find(secret)).not.toBeNull();
    nowMs += 1;
    expect(await tokens.find(secret)).toBeNull();
  });

  it("for one use work once, however many try at the same time", async () => {
    const { tokens, clickhouse } = test.store;
    const { token, secret } = await tokens.create({ kind: "signin", name: "first sign-in" });
    const tries = await Promise.all(Array.from({ length: 10 }, () => tokens.spend(secret)));
    expect(tries.filter((won) => won !== null)).toMatchObject([{ id: token.id, spentMs: expect.any(Number) }]);
    expect(await tokens.spend(secret)).toBeNull();
    expect(await tokens.find(secret)).toBeNull();
    expect(await new Tokens(clickhouse).spend(secret)).toBeNull();
  });

  it("do not let a guesser keep the store busy", async () => {
    const tokens = new Tokens(test.store.clickhouse, { now: () => 1e12 });
    let asked = 0;
    const counted = new Tokens(
      Object.assign(Object.create(test.store.clickhouse), {
        rows: (...given: [string]) => {
          asked += 1;
          return test.store.clickhouse.rows(...given);
        },
      }),
      { now: () => 1e12 },
    );
    const guess = () => Promise.all(Array.from({ length: 100 }, (_, i) => counted.find(`ft_api_${i}`)));
    expect((await guess()).every((token) => token === null)).toBe(true);
    expect(asked).toBe(1);
    expect((await guess()).every((token) => token === null)).toBe(true);
    expect(asked).toBe(2);
    expect(await tokens.find("")).toBeNull();
  });

  it("are good on another server at once", async () => {
    const other = new Tokens(test.store.clickhouse);
    expect(await other.find("ft_api_none")).toBeNull();
    const { token, secret } = await test.store.tokens.create({ kind: "api", name: "just made" });
    expect(await other.find(secret)).toEqual(token);
  });

  it("that were revoked stay so, whatever another server changed of them at the same moment", async () => {
    const [here, there] = [new Tokens(test.store.clickhouse), new Tokens(test.store.clickhouse)];
    const { token, secret } = await here.create({ kind: "session", name: "someone", expiresMs: Date.now() + 60_000 });
    await there.find(secret);
    await Promise.all([here.revoke(token.id), there.change(token.id, { expiresMs: Date.now() + 120_000 })]);
    expect(await new Tokens(test.store.clickhouse).find(secret)).toBeNull();
    await there.change(token.id, { expiresMs: Date.now() + 240_000 });
    expect(await new Tokens(test.store.clickhouse).find(secret)).toBeNull();
  });

  it("of people are forgotten a day after their end, wherever they were known; the others are not", async () => {
    let nowMs = Date.now();
    const [here, there] = [0, 1].map(() => new Tokens(test.store.clickhouse, { now: () => nowMs })) as [Tokens, Tokens];
    const ids = async (tokens: Tokens) => (await tokens.list()).map(({ id }) => id);
    const ending = async (kind: "session" | "signin" | "api") =>
      (await here.create({ kind, name: "someone", expiresMs: nowMs + 60_000 })).token.id;
    const [session, link, api] = [await ending("session"), await ending("signin"), await ending("api")];
    const revoked = (await here.create({ kind: "session", name: "someone", expiresMs: nowMs + 30 * 86_400_000 })).token.id;
    expect(await ids(there)).toEqual(expect.arrayContaining([session, link, api, revoked]));
    await here.revoke(revoked);
    nowMs += 86_400_000;
    expect(await ids(here)).toEqual(expect.arrayContaining([session, link, api]));
    nowMs += 61_000;
    // The one that did not hear of the revocation must not go on with what it knows.
    for (const tokens of [here, there, new Tokens(test.store.clickhouse, { now: () => nowMs })]) {
      const left = await ids(tokens);
      expect([session, link, revoked, api].map((id) => left.includes(id))).toEqual([false, false, false, true]);
      expect([tokens.peek(revoked), tokens.peek(api)?.id]).toEqual([null, api]);
    }
  });

  it("of one token's sessions are a hundred at most: with one more the oldest ends", async () => {
    const { tokens, clickhouse } = test.store;
    const config = { insecure: false, idleMs: 3_600_000, lifetimeMs: 36_000_000 };
    const sessions = new Sessions(config, { tokens, accounts: { find: async () => null }, now: Date.now });
    const { token } = await tokens.create({ kind: "api", name: "in a loop" });
    const other = await sessions.openFor((await tokens.create({ kind: "api", name: "another" })).token);
    const first = await sessions.openFor(token);
    const id = (await tokens.list()).find(({ via }) => via === token.id)?.id ?? "";
    const older = "toString(number) AS id, toString(number) AS hash, created - number - 1 AS created";
    const copies = `SELECT t.* REPLACE (${older}) FROM (SELECT * FROM tokens WHERE id = {id:String}) AS t, numbers(99) AS n`;
    await clickhouse.command(`INSERT INTO tokens ${copies}`, { id });
    const live = async () => (await tokens.list()).filter(({ via, revokedMs }) => via === token.id && revokedMs === null);
    expect((await live()).map((one) => one.id)).toContain("98");
    const last = await sessions.openFor(token);
    expect((await live()).map((one) => one.id)).not.toContain("98");
    expect(await live()).toHaveLength(MAX_SESSIONS);
    for (const { secret } of [first, last, other]) expect(await sessions.find(secret)).not.toBeNull();
  });

  it("of a kind or a role that is not known here let nobody in", async () => {
    const { tokens, clickhouse } = test.store;
    for (const change of ["'master' AS kind", "'emperor' AS role"]) {
      const { token, secret } = await tokens.create({ kind: "api", name: "of a newer program" });
      const row = `SELECT * REPLACE (9 AS version, ${change}) FROM tokens WHERE id = {id:String}`;
      await clickhouse.command(`INSERT INTO tokens ${row}`, { id: token.id });
      expect(await new Tokens(clickhouse).find(secret)).toBeNull();
    }
  });

  it("the machine's own one of an earlier version is marked, and goes on as it is", async () => {
    const dir = await mkdtemp(join(tmpdir(), "flowtrail-mark-"));
    try {
      const { tokens } = test.store;
      const { secret } = await tokens.create({ kind: "api", name: "command line of the server's machine" });
      await writeFile(join(dir, "admin.token"), `${secret}\n`);
      await keepAdminToken(dir, tokens);
      expect((await tokens.find(secret))?.mark).toBe("machine");
      expect(await readFile(join(dir, "admin.token"), "utf8")).toBe(`${secret}\n`);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
