import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EVERYTHING, type Grant } from "../auth/identity.ts";
import { Passwords } from "../auth/password.ts";
import { PasswordSignIn } from "../auth/password-sign-in.ts";
import { PATIENCE, Patience } from "../auth/patience.ts";
import { Accounts } from "./accounts.ts";
import { startTestStore, type TestStore } from "./testing.ts";

const VIEWER: Grant = { role: "viewer", scope: { networks: ["prod"], own: null } };

describe("accounts", () => {
  let test: TestStore;
  let accounts: Accounts;
  beforeAll(async () => {
    test = await startTestStore();
    accounts = test.store.accounts;
  });
  afterAll(() => test.stop());

  it("are found by their name as people type it, and there is one of a name", async () => {
    const made = await accounts.create({ name: "Ana", grant: VIEWER, password: "kept" });
    expect(made).toMatchObject({ source: "local", name: "Ana", grant: VIEWER, password: "kept", disabledMs: null, epoch: 0 });
    expect(await accounts.findLocal("aNA")).toEqual(made);
    expect(await accounts.find(made.id)).toEqual(made);
    expect(await accounts.findLocal("nobody")).toBeNull();
    await expect(accounts.create({ name: "ANA", grant: EVERYTHING })).rejects.toMatchObject({ code: "ACCOUNT_EXISTS" });
    expect(await new Accounts(test.store.clickhouse).list()).toEqual([made]);
  });

  it("change for other servers within seconds, and every change stays", async () => {
    let nowMs = Date.now();
    const other = new Accounts(test.store.clickhouse, { now: () => nowMs });
    const { id, deviceKey } = await accounts.create({ name: "bo", grant: VIEWER });
    expect(await other.find(id)).toMatchObject({ disabledMs: null });
    const changed = await accounts.change(id, { disabledMs: 1e12, endSessions: true });
    expect(changed).toMatchObject({ disabledMs: 1e12, epoch: 1, grant: VIEWER });
    expect(changed?.deviceKey).not.toBe(deviceKey);
    nowMs += 5_001;
    expect(await other.find(id)).toEqual(changed);
    expect(await accounts.change("none", {})).toBeNull();
    const history = "SELECT version, disabled IS NOT NULL AS off FROM accounts WHERE id = {id:String} ORDER BY version";
    expect(await test.store.clickhouse.rows(history, { id })).toEqual([
      { version: 1, off: 0 },
      { version: 2, off: 1 },
    ]);
  });

  it("that two servers change at the same moment: one is told, and none of what counts is lost", async () => {
    const { id } = await accounts.create({ name: "cy", grant: EVERYTHING });
    const others = Array.from({ length: 4 }, () => new Accounts(test.store.clickhouse));
    const tries = await Promise.allSettled(others.map((other, i) => other.change(id, { password: `of ${i}` })));
    const done = tries.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const now = await new Accounts(test.store.clickhouse).find(id);
    expect(done.map((account) => account?.password)).toContain(now?.password);
    for (const one of tries) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "ACCOUNT_CONFLICT" });
  });

  it("stay shut when another server's change of the same version is stored late, by an earlier clock", async () => {
    /** Another server, whose change was begun and is stored when it is let. */
    async function late(id: string, change: Parameters<Accounts["change"]>[1]) {
      const { clickhouse } = test.store;
      const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const slow: ConstructorParameters<typeof Accounts>[0] = {
        rows: clickhouse.rows.bind(clickhouse),
        insert: async (...given) => {
          begun.resolve();
          await held.promise;
          return clickhouse.insert(...given);
        },
      };
      const done = new Accounts(slow, { now: () => Date.now() - 60_000 }).change(id, change);
      await begun.promise;
      return () => {
        held.resolve();
        return done;
      };
    }
    const now = (id: string) => new Accounts(test.store.clickhouse).find(id);
    const { id } = await accounts.create({ name: "gil", grant: EVERYTHING });
    for (const shut of [{ endSessions: true, password: "" }, { grant: VIEWER }, { disabledMs: 1e12, endSessions: true }]) {
      const store = await late(id, { name: "Gil" });
      const done = await accounts.change(id, shut);
      await expect(store()).rejects.toMatchObject({ code: "ACCOUNT_CONFLICT" });
      expect(await now(id)).toEqual(done);
    }
    await accounts.change(id, { disabledMs: null });
    const disable = await late(id, { disabledMs: 1e12, endSessions: true });
    await accounts.change(id, { name: "Gil" });
    expect(await now(id)).toMatchObject({ disabledMs: null });
    await disable();
    expect(await now(id)).toMatchObject({ disabledMs: 1e12 });
    // Nothing was done where a version counts that was made of another one.
    const tooLate = await late(id, { endSessions: true });
    await accounts.change(id, { name: "Gil 2" });
    const last = await accounts.change(id, { name: "Gil 3" });
    await expect(tooLate()).rejects.toMatchObject({ code: "ACCOUNT_CONFLICT" });
    expect(await now(id)).toEqual(last);
  });

  it("of others' are made once, follow what their source says, and stay disabled", async () => {
    const ext = { source: "oidc", subject: "https://idp.example 42", name: "dora", grant: VIEWER } as const;
    const made = await accounts.upsertExternal(ext);
    expect(made).toMatchObject({ source: "oidc", name: "dora", grant: VIEWER, password: "" });
    expect(await accounts.upsertExternal(ext)).toEqual(made);
    expect(await new Accounts(test.store.clickhouse).upsertExternal(ext)).toEqual(made);
    await accounts.change(made.id, { disabledMs: 1e12 });
    expect(await accounts.upsertExternal({ ...ext, name: "dora k", grant: EVERYTHING })).toMatchObject({
      id: made.id,
      name: "dora k",
      grant: EVERYTHING,
      disabledMs: 1e12,
    });
    // A local name is not a subject of somebody else, and the other way round.
    expect(await accounts.findLocal(ext.subject)).toBeNull();
    expect((await accounts.upsertExternal({ ...ext, source: "proxy" })).id).not.toBe(made.id);
  });

  it("whose role is not known here are not there, and the others are", async () => {
    const { id } = await accounts.create({ name: "eve", grant: VIEWER });
    const row = "SELECT * REPLACE (99 AS version, 'emperor' AS role) FROM accounts WHERE id = {id:String}";
    await test.store.clickhouse.command(`INSERT INTO accounts ${row}`, { id });
    const other = new Accounts(test.store.clickhouse);
    expect(await other.find(id)).toBeNull();
    expect(await other.findLocal("ana")).not.toBeNull();
  });

  it("that were reset, disabled or signed out while somebody changed their password are not theirs again", async () => {
    const passwords = new Passwords({ cost: { ln: 4, r: 8, p: 1 }, maxAtOnce: 2, maxWaiting: 3 });
    const signIn = new PasswordSignIn({ accounts, passwords, patience: new Patience(PATIENCE, { now: Date.now }) });
    const old = "tangerine harbour";
    const asked = { old, password: "a thief's own words", by: "stolen" };
    const taken = await accounts.create({ name: "fay", grant: VIEWER, password: await passwords.hash(old) });
    for (const change of [{ password: "", endSessions: true }, { endSessions: true }, { disabledMs: 1e12 }]) {
      const before = await accounts.change(taken.id, { password: taken.password, disabledMs: null });
      if (before === null) throw new Error("fay is gone");
      const after = await accounts.change(taken.id, change);
      // What was looked at when the change of the password began.
      await expect(signIn.change(before, asked)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      expect(await accounts.find(taken.id)).toEqual(after);
    }
  });
});
