import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AlertRule, parseFilter } from "@flowtrail/model";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { Inquiry } from "../query/inquiry.ts";
import { alignDown } from "../query/traffic/steps.ts";
import { DAY, fillRollup, someFlows } from "../query/traffic/testing.ts";
import { Leases } from "../store/leases.ts";
import { ROLLUPS } from "../store/schema/rollup-tables.ts";
import { batchOf, type FlowRow } from "../store/test-batches.ts";
import { memoryLogger, startTestStore, type TestStore } from "../store/testing.ts";
import { TrafficGroups } from "./groups.ts";
import { measureWatch, ROWS_ONLY, testAlerts, testRule } from "./testing.ts";

let test: TestStore;
let flowId = 1;
let nowMs = 0;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());
// Each test has a time of its own, so that none sees the rows of another one.
const T0 = Date.now();
let block = 0;
beforeEach(() => {
  nowMs = T0 + ++block * 3_600_000;
});
const now = () => nowMs;
const later = (seconds: number) => {
  nowMs += seconds * 1000;
};

async function traffic(atMs: number, rows: readonly FlowRow[]): Promise<void> {
  const given = rows.map((row) => ({
    flow_id: String(flowId++),
    revision: 1,
    state: "closed",
    end_reason: "finished",
    counters_final: true,
    start: atMs,
    last_seen: atMs + 100,
    end: atMs + 100,
    src_name: "officegw",
    src_bytes: 600,
    dst_bytes: 400,
    src_bytes_delta: 600,
    dst_bytes_delta: 400,
    src_packets_delta: 1,
    dst_packets_delta: 1,
    since: atMs,
    ...row,
  }));
  await test.store.insert(batchOf(given));
}

const kinds = (told: readonly { kind: string; alert: { labels: Record<string, string> } }[]) =>
  told.map(({ kind, alert }) => `${kind} ${Object.values(alert.labels).join()}`);

describe("alerts", () => {
  const rule = testRule({ watch: measureWatch({}) });

  it("begin, go on over a restart in the middle, and end; recipients are told once of each", async () => {
    const first = testAlerts(test.store, { now, shipped: [rule] });
    await first.alerts.round();
    expect(first.told).toEqual([]);
    await traffic(nowMs, [{}, { src_name: "quiet", src_bytes: 1, dst_bytes: 1, src_bytes_delta: 1, dst_bytes_delta: 1 }, {}]);
    later(15);
    await first.alerts.round();
    expect(kinds(first.told)).toEqual(["opened officegw"]);
    expect(first.told[0]?.alert).toMatchObject({
      summary: "officegw moved 1.95 KiB in 1 min, limit 1000 B",
      state: "open",
      q: "src.name=officegw",
      value: 2000,
    });
    later(15);
    await first.alerts.round();
    const next = testAlerts(test.store, { now, shipped: [rule] });
    later(15);
    await next.alerts.round();
    expect(next.told).toEqual([]);
    expect(await next.alerts.list.count()).toMatchObject({ open: 1, by_severity: { medium: 1 } });
    later(180);
    await next.alerts.round();
    expect(kinds(next.told)).toEqual(["resolved officegw"]);
    const again = testAlerts(test.store, { now, shipped: [rule] });
    later(30);
    await again.alerts.round();
    expect(again.told).toEqual([]);
    expect((await again.alerts.list.page({ states: ["resolved"], limit: 10 })).alerts).toMatchObject([
      { state: "resolved", rule: "rule" },
    ]);
  });

  it("are told again where telling failed, and not while they are silenced", async () => {
    let isAway = true;
    const events: string[] = [];
    const tell = async ({ kind }: { kind: string }) => {
      if (isAway) throw new TypeError("away");
      events.push(kind);
    };
    const { alerts } = testAlerts(test.store, { now, shipped: [rule], tell });
    await traffic(nowMs, [{}, {}]);
    later(10);
    await alerts.round();
    isAway = false;
    later(10);
    await alerts.round();
    expect(events).toEqual(["opened"]);
    const [alert] = (await alerts.list.page({ states: ["open"], limit: 10 })).alerts;
    const by = { who: "session ann", ms: nowMs };
    expect(await alerts.list.say(alert?.id ?? "", "silence", "maintenance", nowMs + 15_000, by)).toMatchObject({
      state: "silenced",
      by: "session ann",
      note: "maintenance",
    });
    await alerts.round();
    later(10);
    await alerts.round();
    expect(events).toEqual(["opened"]);
    later(10);
    await alerts.round();
    expect(events).toEqual(["opened", "reopened"]);
    await alerts.list.say(alert?.id ?? "", "acknowledge", "I look", null, { ...by, ms: nowMs });
    later(180);
    await alerts.round();
    expect(events).toEqual(["opened", "reopened", "resolved"]);
  });

  it("are over with their rule, and recipients are told so: later where telling failed, also after a restart", async () => {
    let isAway = false;
    const events: string[] = [];
    const tell = async ({ kind, rule }: { kind: string; rule: AlertRule }) => {
      if (isAway) throw new TypeError("away");
      events.push(`${kind} ${rule.id} ${rule.name}`);
    };
    const { alerts } = testAlerts(test.store, { now, shipped: [{ ...rule, id: "went" }], tell });
    const { id: _id, shipped: _shipped, ...own } = rule;
    const by = { who: "session ann", ms: nowMs };
    await alerts.book.put("deleted", { ...own, name: "Deleted" }, by);
    await traffic(nowMs, [{}, {}]);
    later(10);
    await alerts.round();
    expect(events.splice(0).sort()).toEqual(["opened deleted Deleted", "opened went Rule"]);
    isAway = true;
    await alerts.book.remove("deleted", by);
    later(10);
    await alerts.round();
    isAway = false;
    later(10);
    await alerts.round();
    expect(events.splice(0)).toEqual(["resolved deleted Deleted"]);
    // While the file of the operator can't be read, its rules are not gone.
    const dir = mkdtempSync(join(tmpdir(), "flowtrail-rules-"));
    const file = join(dir, "rules.yaml");
    writeFileSync(file, "rules: [");
    const next = testAlerts(test.store, { now, shipped: [], tell }, {}, file).alerts;
    await next.start();
    onTestFinished(async () => {
      await next.stop();
      rmSync(dir, { recursive: true });
    });
    await next.round();
    expect(events).toEqual([]);
    expect(await next.list.count()).toMatchObject({ open: 1 });
    isAway = true;
    writeFileSync(file, "rules: []");
    await expect.poll(() => next.stats.fileProblem, { timeout: 15_000 }).toBeNull();
    later(10);
    await next.round();
    isAway = false;
    const last = testAlerts(test.store, { now, shipped: [], tell }).alerts;
    later(10);
    await last.round();
    await last.round();
    expect(events).toContain("resolved went Rule");
    expect(await last.list.count()).toMatchObject({ open: 0 });
  }, 30_000);

  it("are evaluated by one of two servers, and told by it alone", async () => {
    const holder = (name: string) =>
      new Leases(
        { shared: true, ttlMs: 20_000, settleMs: 1, renewMs: 100, slackMs: 1 },
        { clickhouse: test.store.clickhouse, logger: memoryLogger(), holder: name },
      );
    const [a, b] = [holder("a"), holder("b")];
    const servers = [a, b].map((leases) => testAlerts(test.store, { now, shipped: [rule], lease: leases.hold("alerts") }));
    while (!servers.some(({ alerts }) => alerts.stats.evaluates)) {
      await a.renew();
      await b.renew();
    }
    await traffic(nowMs, [{}, {}]);
    for (let i = 0; i < 3; i++) {
      later(10);
      await Promise.all(servers.map(({ alerts }) => alerts.round()));
    }
    expect(servers.map(({ told }) => kinds(told)).filter(({ length }) => length > 0)).toEqual([["opened officegw"]]);
    // The other one goes on where it is.
    await a.stop();
    while (!servers[1]?.alerts.stats.evaluates) await b.renew();
    later(180);
    await Promise.all(servers.map(({ alerts }) => alerts.round()));
    expect(servers.flatMap(({ told }) => kinds(told)).toSorted()).toEqual(["opened officegw", "resolved officegw"]);
    await b.stop();
  });

  it("come of rows that come late, too, once", async () => {
    let late = 0;
    const { alerts, told } = testAlerts(test.store, { now: () => Math.max(Date.now(), late), shipped: [rule] });
    await alerts.round();
    const thenMs = Date.now() - 1_800_000;
    await traffic(thenMs, [{ src_name: "away" }, { src_name: "away" }]);
    for (const seconds of [40, 80, 120]) {
      late = Date.now() + seconds * 1000;
      await alerts.round();
    }
    expect(kinds(told).filter((one) => one.includes("away"))).toEqual(["opened away", "resolved away"]);
    const { alert } = told.find(({ alert }) => alert.labels["src.name"] === "away") ?? {};
    expect(Math.abs(Date.parse(alert?.since ?? "") - thenMs)).toBeLessThan(61_000);
  });

  it("say that a rule is stopped that is too dear, while the others go on", async () => {
    const dear = testRule({ id: "dear", watch: measureWatch({ by: ["src.ip"] }), window_s: 3600 });
    const { alerts, told } = testAlerts(test.store, { now, shipped: [dear, rule] }, { maxRowsToRead: 20 });
    await traffic(
      nowMs - 1_200_000,
      Array.from({ length: 100 }, (_, i) => ({ src_ip: `10.0.0.${i}`, src_name: `n${i}` })),
    );
    const errors: string[] = [];
    for (let i = 0; i < 6; i++) {
      later(900);
      await traffic(nowMs - 20_000, [{}, {}]);
      await alerts.round();
      errors.push((await alerts.reports()).find(({ id }) => id === "dear")?.status.error ?? "");
    }
    // Not of each look: what is read of a window depends on how far the store has merged it.
    expect(errors.join()).toMatch(/rows/);
    expect(kinds(told)).toContain("opened officegw");
  });

  it("find what is absent, less than usual, or much of one verdict", async () => {
    const quiet = testRule({
      id: "quiet",
      q: "src.name=gone or src.name=scanner",
      watch: measureWatch({ measure: { kind: "absence" } }),
    });
    const shares = testRule({
      id: "shares",
      watch: measureWatch({
        measure: { kind: "share", verdicts: ["unanswered", "refused"], least_connections: 4 },
        threshold: { kind: "above", value: 0.5 },
      }),
    });
    const many = testRule({
      id: "many",
      watch: measureWatch({ measure: { kind: "distinct", of: "dst.port" }, threshold: { kind: "above", value: 3 } }),
    });
    const usual = testRule({
      id: "usual",
      watch: measureWatch({ threshold: { kind: "baseline", weeks: 2, factor: 3, least: 100 } }),
    });
    const all = testAlerts(test.store, { now, shipped: [quiet, shares, many, usual] });
    const hourAgo = nowMs - 900_000;
    await traffic(hourAgo, [{ src_name: "gone" }]);
    later(300);
    await traffic(nowMs - 1000, [
      ...[1, 2, 3, 60_000, 60_001].map((dst_port) => ({ src_name: "scanner", dst_port, verdict: "unanswered" })),
      { src_name: "scanner", dst_port: 3, verdict: "answered" },
    ]);
    later(20);
    await all.alerts.round();
    // Those of other rules, of the tests before, are over.
    expect(kinds(all.told.filter(({ kind }) => kind === "opened")).toSorted()).toEqual([
      "opened gone",
      "opened scanner",
      "opened scanner",
    ]);
    const of = (id: string) => all.told.find(({ rule }) => rule.id === id)?.alert;
    expect(of("many")).toMatchObject({ value: 5, summary: "scanner reached 5 ports in 1 min, limit 3 ports" });
    expect(of("shares")?.summary).toMatch(/^scanner had 83\.3 % of its connections unanswered or refused/);
    expect(of("quiet")).toMatchObject({ labels: { "src.name": "gone" } });
    const status = (await all.alerts.reports()).find(({ id }) => id === "usual")?.status;
    expect(status?.notes.join()).toMatch(/^quiet: there is traffic of \d of the last 2 weeks/);
  });

  it("are found in the first minutes of a server, too, but for what is only missing", async () => {
    const measure = { kind: "share", verdicts: ["unanswered"], least_connections: 4 } as const;
    const rules = (["above", "below"] as const).map((kind) =>
      testRule({
        id: kind,
        q: "src.name=starter",
        watch: measureWatch({ measure, threshold: { kind, value: kind === "above" ? 0.5 : 2 } }),
      }),
    );
    const { alerts, told } = testAlerts(test.store, { now, shipped: rules });
    const attempts = [1, 2, 3, 4, 5].map((dst_port) => ({ src_name: "starter", dst_port, verdict: "unanswered" }));
    await traffic(nowMs, attempts);
    later(30);
    await alerts.round();
    expect(told.flatMap(({ rule, kind }) => (kind === "opened" ? [rule.id] : []))).toEqual(["above"]);
    later(100);
    await traffic(nowMs - 20_000, attempts);
    await alerts.round();
    expect(told.map(({ rule, kind }) => `${kind} ${rule.id}`)).toContain("opened below");
  });
});

describe("groups", () => {
  it("are the same from rollups and from rows", async () => {
    const flows = someFlows(200, 3);
    await test.store.insert(batchOf(flows.flatMap(({ revisions }) => revisions)));
    for (const rollup of ROLLUPS) await fillRollup(test.store.clickhouse, rollup);
    const throughMs = DAY + 86_400_000;
    const heard = { ids: () => ["node-1"], has: () => true };
    const computed = {
      ...ROWS_ONLY,
      throughMs: (name: string) => alignDown(throughMs, ROLLUPS.find(({ table }) => table.name === name)?.stepMs ?? 1),
    };
    const [rolled, rows] = [new TrafficGroups({ heard, sources: computed }), new TrafficGroups({ heard, sources: ROWS_ONLY })];
    const asked = [
      { by: ["src.name"], measures: ["bytes", "packets"] as const },
      { by: ["src.name", "dst.name"], measures: ["connections"] as const },
      { by: ["src.name"], measures: ["reports"] as const, distinct: "dst.name" },
      { by: ["proto"], measures: ["reports"] as const, distinct: "dst.port" },
      { by: [], measures: ["connections"] as const, q: "dst.port=443" },
    ];
    for (const { q = "", ...one } of asked) {
      const question = { ...one, filter: parseFilter(q), window: { fromMs: DAY, toMs: DAY + 86_400_000 }, limit: 1000 };
      const signal = AbortSignal.timeout(30_000);
      const [a, b] = await Promise.all(
        [rolled, rows].map((groups) => groups.ask(question, new Inquiry(test.store.clickhouse, { signal }))),
      );
      expect(a?.length).toBeGreaterThan(0);
      expect(a).toEqual(b);
    }
  });
});
