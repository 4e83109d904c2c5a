import type { AlertRule } from "@flowtrail/model";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import type { StoredAlert } from "../store/alert-log.ts";
import { nextEdition } from "../store/editions.ts";
import { EDITIONS } from "../store/schema/flow-tables.ts";
import { batchOf, type FlowRow } from "../store/test-batches.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { lateRows } from "./late.ts";
import { RuleRun } from "./rule-run.ts";
import { measureWatch, testAlerts, testRule } from "./testing.ts";
import type { Watcher } from "./watcher.ts";
import { agentSilentWatcher } from "./watchers/agents.ts";

const MIN = 60_000;
let test: TestStore;
let nowMs: number;
beforeAll(async () => {
  test = await startTestStore();
  nowMs = Date.now();
});
afterAll(() => test.stop());

const stored = async (reporter_id: string, agoMs: number, row: FlowRow = {}) => {
  const at = { start: nowMs - agoMs - 3 * 3_600_000, last_seen: nowMs - agoMs, end: nowMs - agoMs };
  const ended = { flow_id: String(agoMs), revision: 1, state: "closed", end_reason: "finished", counters_final: true };
  await test.store.insert(batchOf([{ ...ended, ...at, reporter_id, ...row }]));
};
const says = (reporter: string, sequence: number, agoMs: number) =>
  test.store.clickhouse.command(
    `INSERT INTO agent_batches (received, reporter_id, reporter, epoch, sequence, part, rows, covered_from, covered_to)
     SELECT now64(3), {reporter:String}, {reporter:String}, 'e', {sequence:UInt64}, '', 1, fromUnixTimestamp64Milli({from:Int64}), fromUnixTimestamp64Milli({to:Int64})`,
    { reporter, sequence, from: nowMs - agoMs - 1000, to: nowMs - agoMs },
  );
const late = async () => {
  const range = { fromMs: nowMs - MIN, toMs: Date.now() + MIN };
  const found = await lateRows(test.store.clickhouse, range, AbortSignal.timeout(20_000));
  return found && [found.fromMs - nowMs, found.toMs - nowMs];
};

it("rows are late that their agent says are, not those whose connections had to time out, nor what is written again", async () => {
  await says("agent", 1, 1000);
  // Its last packet was long ago, and it was known then.
  await stored("agent", 125_000);
  await stored("agent", 20 * MIN);
  await stored("router", 125_000);
  expect(await late()).toBeNull();
  const version = nextEdition(BigInt(EDITIONS));
  await test.store.clickhouse.command(
    `INSERT INTO flows SELECT * REPLACE ('router' AS reporter_id, toUInt64(${version}) AS version) FROM flows WHERE flow_id = ${20 * MIN}`,
    {},
  );
  expect(await late()).toBeNull();
  await stored("router", 30 * MIN);
  expect(await late()).toEqual([-40 * MIN, -30 * MIN + 1]);
  await says("agent", 2, 50 * MIN);
  expect(await late()).toEqual([-50 * MIN - 1000, -30 * MIN + 1]);
});

it("tests on history are few at once", async () => {
  const rule = testRule({ watch: measureWatch({}) });
  const { alerts } = testAlerts(test.store, { now: () => nowMs, shipped: [rule] });
  const [first] = [alerts.testTurn(), alerts.testTurn()];
  expect(() => alerts.testTurn()).toThrow(/too many tests of alert rules.*try again/);
  const lines: string[] = [];
  await first?.(rule, 1 / 24, ({ kind }) => lines.push(kind), AbortSignal.timeout(30_000));
  expect(lines.at(-1)).toBe("done");
  alerts.testTurn();
});

it("nobody is called silent before the server was up, and its store there, for so long; who was before still is", async () => {
  let nowMs = Date.now();
  let isAway = false;
  const agents = [{ reporter_id: "a", reporter: "n1", last_seen: new Date(nowMs - 3_600_000).toISOString() }] as never;
  const rule = testRule({ id: "silent", watch: { kind: "agent-silent", settings: { least_s: 120 } } });
  const engine = () =>
    testAlerts(test.store, {
      ...{ now: () => nowMs, shipped: [rule], agents: () => agents, watchers: [agentSilentWatcher(() => false) as Watcher] },
      clickhouse: new Proxy(test.store.clickhouse, {
        get(target, name) {
          if (isAway) throw new TypeError("away");
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      }),
    });
  const after = async ({ alerts, told }: ReturnType<typeof engine>, seconds: number) => {
    nowMs += seconds * 1000;
    await alerts.round().catch(() => undefined);
    return told.map(({ kind }) => kind);
  };
  const first = engine();
  expect(await after(first, 10)).toEqual([]);
  isAway = true;
  expect(await after(first, 100)).toEqual([]);
  isAway = false;
  expect(await after(first, 30)).toEqual([]);
  expect(await after(first, 110)).toEqual([]);
  expect(await after(first, 20)).toEqual(["opened"]);
  const second = engine();
  expect(await after(second, 30)).toEqual([]);
  expect(await after(second, 65)).toEqual([]);
  expect(await second.alerts.list.count()).toMatchObject({ open: 1 });
});

it("what was no alert yet is none after a time in which nobody looked; what ends while it is told is told to be over, too", async () => {
  let nowMs = Date.now() + 86_400_000;
  const isThere = true;
  const finding = { labels: { group: "a" }, value: 1, limit: 0, summary: "a", q: "", fromMs: 0, toMs: 0 };
  const watcher: Watcher = {
    ...{ kind: "always", settings: z.object({}), notOnHistory: "it is always so" },
    look: async () => (isThere ? [finding] : []),
  };
  const watch = { kind: "always", settings: {} };
  const rules = (for_s: number) => ({
    shipped: [testRule({ id: `always${for_s}`, for_s, clear_s: 0, watch })],
    watchers: [watcher],
  });
  const pending = testAlerts(test.store, { now: () => nowMs, ...rules(600) });
  await pending.alerts.round();
  nowMs += 3_600_000;
  const again = testAlerts(test.store, { now: () => nowMs, ...rules(600) });
  await again.alerts.round();
  expect(again.told).toEqual([]);
  nowMs += 660_000;
  await again.alerts.round();
  expect(again.told.map(({ kind }) => kind)).toEqual(["opened"]);

  const run = new RuleRun({ rule: rules(0).shipped[0] as AlertRule, origin: "own", changed: null });
  run.take([finding], 1000);
  const [opened] = run.stored.values();
  run.telling.add(opened?.id ?? "");
  run.take([], 2000);
  run.settle();
  const [ended] = run.ended;
  run.told({ ...(ended as StoredAlert), told: "opened" });
  run.telling.clear();
  run.settle();
  expect(run.ended).toMatchObject([{ id: opened?.id, endedMs: 2000, told: "opened" }]);
});
