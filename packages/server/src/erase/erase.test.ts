import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Alert } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { z } from "zod";
import { RuleRun } from "../alerts/rule-run.ts";
import { testRule } from "../alerts/testing.ts";
import type { eraseJobSchema, eraseReportSchema } from "../api/people-schemas.ts";
import { writeKey } from "../privacy/key-file.ts";
import { newNotice } from "../recipients/notice.ts";
import { AlertLog, type StoredAlert } from "../store/alert-log.ts";
import { ClickHouse } from "../store/clickhouse.ts";
import { NoticesLog } from "../store/notices-log.ts";
import { rowNow, startTestServer, type TestServer } from "../testing.ts";
import { alsoKept } from "./around.ts";
import { namedBy } from "./naming.ts";

type Job = z.infer<typeof eraseJobSchema>;
type Report = z.infer<typeof eraseReportSchema>;

const INVENTORY = {
  networks: [
    {
      id: "office",
      ranges: ["10.1.0.0/24"],
      users: [
        { id: "alice", devices: [{ name: "laptop", addresses: ["10.1.0.21"] }] },
        { id: "bob", devices: [{ name: "phone", addresses: ["10.1.0.22"] }] },
      ],
    },
  ],
};
const HOUR_MS = 3_600_000;

let test: TestServer;
let token: string;
let key: string;
beforeAll(async () => {
  const data = await mkdtemp(join(tmpdir(), "flowtrail-erase-"));
  const file = join(data, "inventory.yaml");
  await writeFile(file, JSON.stringify(INVENTORY));
  key = join(data, "key");
  writeKey(key, { rotate: false, now: Date.now() });
  test = await startTestServer({ data, flags: { "inventory.file": file, "privacy.key_file": key } });
  token = await test.agentToken("debian");
});
afterAll(() => test.stop());

const flow = (flow_id: string, src_ip: string, agoMs = 60_000, more: object = {}) =>
  rowNow({ flow_id, network: "office", src_ip, dst_ip: "10.1.0.9", ...more }, agoMs);
const erase = <T>(body: object) => test.ask<T>("POST", "/api/people/erase", { body });
const ofAll = async () => (await test.flows("from=-2d&network=office")).flows.map(({ flow_id }) => String(flow_id)).sort();

async function done(body: object): Promise<Job> {
  const begun = await erase<Job>({ ...body, dry_run: false });
  expect(begun.status, JSON.stringify(begun.body)).toBe(202);
  for (let attempt = 0; attempt < 300; attempt++) {
    const { body: job } = await test.ask<Job>("GET", `/api/people/erasures/${begun.body.id}`);
    if (job.state === "done") return job;
    await setTimeout(100);
  }
  throw new Error(`not done: ${test.log.slice(-5).join("\n")}`);
}

const ALERT: StoredAlert = {
  id: "a",
  version: 1,
  rule: "scan",
  ruleName: "Scan",
  severity: "high",
  mitre: [],
  labels: {},
  sinceMs: Date.now() - 60_000,
  openedMs: Date.now() - 60_000,
  lastMs: Date.now() - 30_000,
  endedMs: null,
  value: 2,
  limit: 1,
  summary: "",
  q: "",
  fromMs: Date.now() - 120_000,
  toMs: Date.now() - 60_000,
  told: "opened",
};

describe("a person's records", () => {
  it("are told before they are deleted, then they are gone, and what comes late stays away", async () => {
    await test.deliver(token, [
      flow("1", "10.1.0.21"),
      flow("2", "10.1.0.22"),
      flow("3", "10.1.0.21", 90_000, { state: "open", end: null }),
    ]);
    expect(await ofAll()).toEqual(["1", "2", "3"]);
    const said = await erase<Report>({ user: "alice" });
    expect(said.status, JSON.stringify(said.body)).toBe(200);
    expect(said.body.tables.filter(({ rows }) => rows > 0).map(({ table }) => table)).toEqual(
      expect.arrayContaining(["flows", "flows_open", "flow_deltas"]),
    );
    expect(said.body.text).toContain("Would be deleted");
    expect(await ofAll()).toEqual(["1", "2", "3"]);

    const { report } = await done({ user: "alice" });
    expect(report).toMatchObject({ dry_run: false, left_rows: 0, held_rows: 0, subject: { kind: "user", name: "alice" } });
    expect(report?.deleted_rows).toBe(said.body.deleted_rows);
    expect(await ofAll()).toEqual(["2"]);
    // Of before: refused. Of now: a new record.
    await test.deliver(token, [flow("4", "10.1.0.21", 120_000), flow("5", "10.1.0.21", 0)]);
    expect(await ofAll()).toEqual(["2", "5"]);
    const { body } = await test.ask<{ entries: { details: { report?: Report } }[] }>("GET", "/api/audit?action=people.erased");
    expect(body.entries[0]?.details.report?.deleted_rows).toBe(report?.deleted_rows);
  });

  it("stay where a legal hold forbids it, and it is told", async () => {
    await test.deliver(token, [flow("10", "10.1.0.22", 3 * HOUR_MS), flow("11", "10.1.0.22", 60_000)]);
    const hold = await test.ask<{ id: string }>("POST", "/api/settings/retention/holds", {
      body: { from: "-4h", to: "-2h", reason: "case 7" },
    });
    const { report } = await done({ address: "10.1.0.22", network: "office" });
    expect(report).toMatchObject({ left_rows: 0, holds: [{ id: hold.body.id, reason: "case 7" }] });
    expect(report?.held_rows).toBeGreaterThan(0);
    expect(report?.text).toContain("a legal hold forbids it");
    expect((await ofAll()).filter((id) => ["10", "11", "2"].includes(id))).toEqual(["10"]);
  });

  it("are alerts of theirs, what was said of those and what is still to be told, but not what is held", async () => {
    const spy = vi.spyOn(ClickHouse.prototype, "insert");
    await test.deliver(token, [flow("15", "10.1.0.9", 0, { dst_ip: "10.1.0.8" })]);
    const clickhouse = spy.mock.contexts[0] as ClickHouse;
    spy.mockRestore();
    const log = new AlertLog(clickhouse);
    const notices = new NoticesLog(clickhouse, { now: Date.now });
    const old = { sinceMs: Date.now() - 3 * HOUR_MS, fromMs: Date.now() - 3 * HOUR_MS, lastMs: Date.now() - 3 * HOUR_MS };
    const mine: StoredAlert[] = [
      { ...ALERT, id: "label", labels: { "src.ip": "10.1.0.2" } },
      { ...ALERT, id: "sentence", summary: "no traffic of 10.1.0.2 in 1 min" },
      { ...ALERT, id: "filter", q: "network=office src.ip=10.1.0.2" },
      // Its newest version names another one: the older ones must not come to light.
      { ...ALERT, id: "rest", summary: "7 more groups; the first of them: 10.1.0.2 tried 9 ports" },
    ];
    const others: StoredAlert[] = [
      { ...ALERT, id: "other", labels: { "src.ip": "10.1.0.21" }, summary: "no traffic of 10.1.0.21", q: "src.ip=10.1.0.21" },
      { ...ALERT, id: "elsewhere", labels: { network: "home", "src.ip": "10.1.0.2" } },
      { ...ALERT, ...old, id: "held", labels: { "src.ip": "10.1.0.2" } },
    ];
    await log.write([...mine, ...others]);
    await log.write([{ ...ALERT, id: "rest", version: 2, summary: "7 more groups; the first of them: carol tried 9 ports" }]);
    const note = { timeMs: Date.now(), action: "acknowledge", who: "admin", untilMs: null } as const;
    for (const alert of ["label", "other", "held"]) await log.note({ ...note, alert, note: "seen" });
    await log.note({ ...note, alert: "elsewhere", note: "the same as 10.1.0.2?" });
    const iso = (ms: number) => new Date(ms).toISOString();
    const notice = ({ id, labels, summary, q, sinceMs, fromMs, lastMs }: StoredAlert) => {
      const times = { since: iso(sinceMs), from: iso(fromMs), last: iso(lastMs), note: null };
      const alert = { id, labels, summary, q, ...times } as unknown as Alert;
      const rule = testRule({ watch: { kind: "measure" } as never });
      return newNotice("ops", { kind: "opened", alert, rule }, 1, Date.now());
    };
    await notices.write([...mine, ...others].map(notice));

    const subject = { address: "10.1.0.2", network: "office" };
    const { report } = await done(subject);
    expect(report?.left_rows, report?.text).toBe(0);
    const rows = Object.fromEntries((report?.tables ?? []).map(({ table, ...counts }) => [table, [counts.rows, counts.held]]));
    expect(rows).toMatchObject({ alerts: [expect.any(Number), 1], alert_notes: [2, 1], notices: [4, 1] });
    const left = await log.list({ limit: 100, pending: true });
    expect(left.map(({ id, version }) => [id, version]).sort()).toEqual([
      ["elsewhere", 1],
      ["held", 1],
      ["other", 1],
      ["rest", 2],
    ]);
    expect([...(await log.notes([...mine, ...others].map(({ id }) => id))).keys()].sort()).toEqual(["held", "other"]);
    expect((await notices.undelivered("ops")).map(({ event }) => event.alert.id).sort()).toEqual(["elsewhere", "held", "other"]);
    expect(report?.text).toContain("what recipients and sinks were sent before");
  });

  it("are found under their pseudonyms, which nobody is told", async () => {
    await test.ask("PUT", "/api/settings/capture", { body: { pseudonyms: true } });
    await test.deliver(token, [flow("20", "10.1.0.21", 0)]);
    const [row] = (await test.flows("from=-1h&network=office")).flows.filter(({ flow_id }) => flow_id === "20");
    expect(row?.src_name).toMatch(/^user-/);
    const job = await done({ user: "alice" });
    expect(job.report?.left_rows).toBe(0);
    expect(await ofAll()).not.toContain("20");
    expect(JSON.stringify(job)).not.toContain(String(row?.src_name));
    // Of before, from an agent that was away: under the same pseudonym, and under that of a newer key.
    await test.deliver(token, [flow("21", "10.1.0.21", 120_000), flow("22", "10.1.0.9", 120_000, { dst_ip: "10.1.0.21" })]);
    const bob = async (flow_id: string) => {
      await test.deliver(token, [flow(flow_id, "10.1.0.22", 0)]);
      return (await test.flows("from=-1h&network=office")).flows.find((one) => one.flow_id === flow_id)?.src_name;
    };
    const before = await bob("24");
    writeKey(key, { rotate: true, now: Date.now() });
    await test.ask("PUT", "/api/settings/capture", { body: { pseudonyms: true } });
    let next = 30;
    await expect.poll(() => bob(String(++next)), { timeout: 20_000, interval: 500 }).not.toBe(before);
    await test.deliver(token, [flow("23", "10.1.0.21", 130_000)]);
    const kept = await ofAll();
    expect(kept).toContain("24");
    expect(["21", "22", "23"].filter((id) => kept.includes(id))).toEqual([]);
  });

  it("are for administrators to delete, and for one subject at a time", async () => {
    expect((await erase({ user: "a", extclient: "b" })).status).toBe(400);
    expect((await erase({ address: "10.1.0.1" })).status).toBe(400);
    expect((await erase({ dry_run: false })).status).toBe(400);
    expect((await test.ask("GET", "/api/people/erasures/nothing")).status).toBe(404);
    expect((await test.ask("POST", "/api/people/erase", { token, body: { user: "a" } })).status).toBe(403);
  });
});

it("names somebody by whole words, and an alert of theirs is not written again", async () => {
  const isNamed = namedBy({ kind: "user", name: "alice" }, ["Alice B."]);
  const alert = (summary: string, q = "") => ({ labels: {}, summary, q });
  for (const text of ["alice tried 9 ports", "no traffic of alice.", "(Alice B.)", "first: alice, then"])
    expect(isNamed(alert(text)), text).toBe(true);
  for (const text of ["malice", "alice@example.org", "alice.example.org", "alice-2 tried", "Alice"])
    expect(isNamed(alert(text)), text).toBe(false);
  expect(isNamed(alert("", 'src.name="alice"'))).toBe(true);
  expect(namedBy({ kind: "user", name: "network" }, [])(alert("", "network=office"))).toBe(false);
  const setting = { rule: null, labels: { "src.name": "alice" } };
  const silence = { name: "alert_silence", id: "s", version: 1, changedMs: 0, who: "a", what: "" } as const;
  const settings = [{ ...silence, value: JSON.stringify(setting) }];
  const kept = (name: string) => alsoKept({ kind: "user", name }, { accounts: { list: async () => [] }, settings });
  expect(await kept("alice")).toContainEqual(
    expect.objectContaining({ what: "settings that name it (silences of alerts)", count: 1 }),
  );
  expect((await kept("labels")).map(({ what }) => what)).not.toContain("settings that name it (silences of alerts)");

  const run = new RuleRun({ rule: testRule({ watch: { kind: "measure" } as never }), origin: "own", changed: null });
  run.load({ ...ALERT, id: "1", labels: { "src.name": "alice" } });
  run.load({ ...ALERT, id: "2", labels: { "src.name": "bob" } });
  run.forget(isNamed);
  expect(run.endAll(Date.now()).map(({ id }) => id)).toEqual(["2"]);
});
