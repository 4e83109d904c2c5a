import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { insertObjects } from "../store/deliveries.ts";
import { ErasureLog } from "../store/erasure-log.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { Manifests } from "./manifests.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const HOUR_MS = 3_600_000;
const FIRST = Date.UTC(2026, 10, 16);
const DAYS = ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"] as const;
const at = (day: number, hours: number) => FIRST + (day * 24 + hours) * HOUR_MS;
const iso = (ms: number) => new Date(ms).toISOString();

let test: TestStore;
let nowMs = at(5, 7);
let made: Manifests;

const row = (id: number, startMs: number, more: object = {}) => ({
  flow_id: String(id),
  revision: 1,
  reporter_id: "n1",
  reporter: "debian",
  network: "office",
  protocol: 6,
  src_ip: "10.1.0.21",
  dst_ip: "10.1.0.9",
  src_bytes: 60,
  dst_bytes: 40,
  start: iso(startMs),
  last_seen: iso(startMs + 1000),
  end: iso(startMs + 1000),
  received: iso(startMs + 2000),
  state: "closed",
  primary: true,
  ...more,
});
const store = (rows: readonly object[]) => insertObjects(test.store.clickhouse, "flows", rows);
const command = (sql: string) => test.store.clickhouse.command(sql, {}, { settings: { mutations_sync: "2" } });
const verify = () => made.verify({ since: null, until: null }, new AbortController().signal);
const states = async () => (await verify()).days.map(({ state }) => state);

beforeAll(async () => {
  test = await startTestStore();
  const keyFile = join(test.dataDir, "compliance.key");
  const lease = { name: "manifests", isMine: true };
  made = new Manifests(
    { keyFile, settleMs: 6 * HOUR_MS },
    { clickhouse: test.store.clickhouse, lease, now: () => nowMs, logger: test.logger },
  );
  await store(DAYS.flatMap((_, day) => Array.from({ length: 40 }, (_, i) => row(day * 100 + i, at(day, i % 20)))));
  expect(made.publicKey).toBeNull();
  await made.round();
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
});
afterAll(() => test.stop());

it("signs days that are over, and they are whole; what the server finds out later does not change them", async () => {
  expect(await verify()).toMatchObject({ isWhole: true, chain: [], days: DAYS.map((day) => ({ day, state: "ok", rows: 40 })) });
  const [first] = await made.all();
  expect(first?.manifest.networks).toEqual([
    { network: "office", reports: "40", connections: "40", bytes: "4000", packets: "0" },
  ]);
  // The same report again, with another name and another election.
  await store([row(0, at(0, 0), { src_name: "ana", primary: false, received: iso(nowMs) })]);
  expect(await states()).toEqual(["ok", "ok", "ok", "ok", "ok"]);
});

it("notes what came late and what was deleted on request, and why", async () => {
  await store([row(900, at(1, 3), { received: iso(nowMs + HOUR_MS) })]);
  await command("ALTER TABLE flows DELETE WHERE flow_id IN (200, 201)");
  const table = { table: "flows", rows: 2, held: 0, from: DAYS[2], until: DAYS[2], days: 1 };
  const changedMs = nowMs + HOUR_MS;
  const progress = { names: ["ana"], found: [table], done: ["flows"], tables: 1 };
  const subject = { user: "ana" } as never;
  await new ErasureLog(test.store.clickhouse).write({
    id: "e1",
    requestedMs: changedMs,
    changedMs,
    state: "done",
    who: "admin",
    subject,
    progress,
    report: null,
    error: null,
  });
  nowMs += 24 * HOUR_MS;
  const before = await verify();
  expect(before.days.map(({ state }) => state)).toEqual(["ok", "amended", "amended", "ok", "ok", "not yet"]);
  await made.round();
  const { days, isWhole } = await verify();
  expect(isWhole).toBe(true);
  expect(days.map(({ state }) => state)).toEqual(["ok", "amended", "amended", "ok", "ok", "ok"]);
  expect(days[1]?.why).toEqual([expect.stringContaining("1 report came after")]);
  expect(days[2]?.why).toEqual([expect.stringContaining("2 reports deleted: deletion on request e1, asked for by admin")]);
  expect((await made.all()).map(({ manifest: { kind } }) => kind)).toEqual([
    ...DAYS.map(() => "day"),
    "amendment",
    "amendment",
    "day",
  ]);
});

it("shows a report that was altered or removed behind its back, and never signs it", async () => {
  await command("ALTER TABLE flows UPDATE dst_bytes = 41 WHERE flow_id = 310");
  await command("ALTER TABLE flows DELETE WHERE flow_id = 411");
  nowMs += 24 * HOUR_MS;
  await made.round();
  const { days, isWhole } = await verify();
  expect(isWhole).toBe(false);
  expect(days.map(({ state }) => state)).toEqual(["ok", "amended", "amended", "altered", "altered", "ok", "ok"]);
  expect(days[3]?.why).toEqual(["10:00 to 10:15: other content, and nothing explains it"]);
  expect(days[4]?.why).toEqual(["11:00 to 11:15: 1 report missing, and nothing explains it"]);
});

it("shows that a manifest is gone, and that all are", async () => {
  await command("ALTER TABLE manifests DELETE WHERE seq = 1");
  const { days, chain, isWhole } = await verify();
  expect(isWhole).toBe(false);
  expect(chain).toEqual([expect.stringContaining("1 missing before manifest 2")]);
  expect(days[0]).toMatchObject({ day: DAYS[0], state: "missing" });
  await command("ALTER TABLE manifests DELETE WHERE seq = 3");
  expect((await verify()).days.find(({ day }) => day === DAYS[2])?.state).toBe("missing");
  await command("TRUNCATE TABLE manifests");
  await made.round();
  expect(await states()).toEqual([...Array(6).fill("missing"), "not yet"]);
});
