import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SettingsLog } from "../settings/settings-log.ts";
import type { Step } from "./plan.ts";
import type { Retention } from "./retention.ts";
import { dayMs, hourMs, now, startTestRetention, type TestRetention, today } from "./testing.ts";

let made: TestRetention;
beforeAll(async () => {
  made = await startTestRetention();
});
afterAll(() => made?.stop());
beforeEach(() => made.clear());

const started = async (retention = made.another()): Promise<Retention> => {
  await retention.start();
  return retention;
};
const told = (steps: readonly Step[]) =>
  steps.map(({ partition: { table, id }, why, how, rows }) => `${table.name} ${id} ${why} ${how} ${rows}`);
const ended = (id: number, startMs: number, network = "prod") => [id, startMs, startMs + 1000, network] as const;

describe("retention by age", () => {
  it("deletes what ended before, whole days and the rows of a day that a long flow keeps, and nothing else", async () => {
    const retention = await started();
    await retention.settings.set({ flows_days: 7, deltas_days: 2 }, "test", now);
    await made.flows(
      ended(1, now - 20 * dayMs), // a day without anything to keep
      ended(2, now - 10 * dayMs), // a day that a long flow keeps
      [3, now - 10 * dayMs, now - dayMs],
      ended(4, now - 7 * dayMs + 1000), // just inside
      ended(5, now - hourMs),
      [6, now - 40 * dayMs, now - 39 * dayMs], // long, and in another month
    );
    expect(await made.ids("flows_long")).toEqual([3, 6]);
    const { plan } = await retention.preview({}, now);
    const done = await retention.run(now);
    expect(told(done)).toEqual(told(plan.steps));
    expect(told(done)).toEqual([
      "flows_long 202610 age whole 1",
      "flows 20261011 age whole 1",
      "flow_deltas 20261012 age whole 1",
      "flow_deltas 20261031 age whole 1",
      "flows 20261031 age whole 1",
      "flow_deltas 20261110 age whole 1",
      "flows 20261110 age rows 1",
      "flow_deltas 20261113 age whole 1",
    ]);
    expect(await made.ids()).toEqual([3, 4, 5]);
    expect(await made.ids("flow_deltas")).toEqual([3, 5]);
    expect(await made.ids("flows_long")).toEqual([3]);
    expect(await retention.run(now)).toEqual([]);
    expect([retention.flowsFromMs(now), retention.deltasFromMs(now)]).toEqual([now - 7 * dayMs, today - 2 * dayMs]);
  });

  it("does not say that there is more than before when more is to be kept from now on", async () => {
    const retention = await started();
    await retention.settings.set({ flows_days: 5, deltas_days: 2 }, "test", now);
    await made.flows(ended(1, now - 10 * dayMs), ended(2, now));
    await retention.run(now);
    await retention.settings.set({ flows_days: 20, deltas_days: 20 }, "test", now);
    const later = await started();
    expect(later.deltasFromMs(now)).toBe(today - 9 * dayMs);
    expect(later.flowsFromMs(now)).toBe(now - 5 * dayMs);
  });

  it("deletes rows of a partition once in an hour, not with every run", async () => {
    const retention = await started();
    await retention.settings.set({ flows_days: 7 }, "test", now);
    const began = now - 10 * dayMs;
    await made.flows(ended(1, began), [2, began, now - 7 * dayMs + 60_000], [3, began, now]);
    expect(told(await retention.run(now))).toEqual(["flow_deltas 20261110 age whole 1", "flows 20261110 age rows 1"]);
    expect(await made.ids()).toEqual([2, 3]);
    expect(told(await retention.run(now + 2 * 60_000))).toEqual(["flows_long 202611 age rows 1"]);
    expect(await made.ids()).toEqual([2, 3]);
    await retention.run(now + 2 * hourMs);
    expect(await made.ids()).toEqual([3]);
    expect(await made.ids("flows_long")).toEqual([3]);
  });

  it("is done by two servers at once, and again, without harm", async () => {
    const [one, two] = [await started(), await started()];
    await one.settings.set({ flows_days: 7 }, "test", now);
    await made.flows(...Array.from({ length: 12 }, (_, i) => ended(i, now - i * dayMs)), [99, now - 9 * dayMs, now]);
    await Promise.all([one.run(now), two.run(now)]);
    expect(await made.ids()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 99]);
    const { lastDrops } = await one.report(now);
    const whole = lastDrops.filter(({ table, how }) => table === "flows" && how === "whole");
    expect(new Set(whole.map(({ partition }) => partition)).size).toBe(whole.length);
    expect(await two.run(now)).toEqual([]);
  });
});

it("follows what is set on another server", async () => {
  const [one, two] = [await started(), await started(made.another({ followEveryMs: 50 }))];
  await one.settings.set({ flows_days: 3 }, "ana", now);
  const hold = await one.settings.addHold(
    { fromMs: 0, toMs: Number.POSITIVE_INFINITY, network: null, reason: "all" },
    "ana",
    now,
  );
  while (two.settings.state.holds.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(two.flowsFromMs(now)).toBe(now - 3 * dayMs);
  expect(two.settings.state).toMatchObject({ changed: { who: "ana", ms: now }, holds: [{ ...hold }] });
  // Both change something at once: nothing is lost.
  await Promise.all([one.settings.set({ deltas_days: 2 }, "one", now + 1), two.settings.releaseHold(hold.id, "two", now + 1)]);
  await one.refresh();
  expect(one.settings.state).toMatchObject({ overrides: { flows_days: 3, deltas_days: 2 }, holds: [{ releasedBy: "two" }] });
  await two.stop();
});

describe("legal holds", () => {
  it("keep what was active in their range, of flows, long flows and deltas, until they are released", async () => {
    const retention = await started();
    await retention.settings.set({ flows_days: 7, deltas_days: 7 }, "test", now);
    const held = today - 20 * dayMs;
    await made.flows(
      ended(1, held + hourMs),
      ended(2, held - 3 * dayMs),
      [3, held - 3 * dayMs, held + hourMs], // began before, was active in it
      ended(4, held + 2 * dayMs),
      [5, held - 3 * dayMs, held + hourMs, "other"],
    );
    const range = { fromMs: held, toMs: held + dayMs, network: "prod", reason: "case 17" };
    const hold = await retention.settings.addHold(range, "ana", now + 1);
    await retention.run(now);
    expect(await made.ids()).toEqual([1, 3]);
    expect(await made.ids("flow_deltas")).toEqual([1, 3, 5]);
    expect(await made.ids("flows_long")).toEqual([3]);

    const another = await started(made.another({}));
    expect(another.settings.state.holds).toMatchObject([{ id: hold.id, reason: "case 17", who: "ana", releasedMs: null }]);
    await another.settings.releaseHold(hold.id, "bob", now + 2);
    expect((await another.settings.releaseHold(hold.id, "eve", now + 3)).releasedBy).toBe("bob");
    await retention.run(now);
    expect(await made.ids()).toEqual([]);
    expect(await made.ids("flow_deltas")).toEqual([]);
    expect(await made.ids("flows_long")).toEqual([]);
    const log = new SettingsLog(made.test.clickhouse);
    expect((await log.history({ limit: 10 })).map(({ who, what }) => `${who}: ${what}`)).toEqual([
      "bob: released: case 17",
      "ana: hold: case 17",
      "test: flows_days 30 → 7",
    ]);
    await expect(retention.settings.releaseHold("none", "bob", now)).rejects.toMatchObject({ code: "HOLD_UNKNOWN" });
  });
});

it("a hold that is set while a run deletes keeps what is still there", async () => {
  const retention = await started();
  await made.flows(...Array.from({ length: 20 }, (_, i) => ended(i, today - (100 - i) * dayMs)));
  const running = retention.run(now);
  while ((await made.ids()).length === 20) await new Promise((resolve) => setTimeout(resolve, 5));
  await retention.settings.addHold({ fromMs: today - 82 * dayMs, toMs: today, network: null, reason: "r" }, "ana", now);
  const left = await made.ids();
  await running;
  await retention.run(now);
  expect(left).toEqual(expect.arrayContaining([18, 19]));
  expect(await made.ids()).toEqual([18, 19]);
});

describe("retention by size", () => {
  const fill = async (days: readonly number[]) => {
    for (const ago of days) await made.fill(today - ago * dayMs, 30_000);
    for (const table of ["flows", "flow_deltas"]) await made.test.clickhouse.command(`OPTIMIZE TABLE ${table} FINAL`);
  };
  const size = async (retention: Retention) => (await retention.report(now)).plan.bytesBefore;

  it("deletes the oldest days until there is room, deltas first, and never today's or what is held", async () => {
    const retention = await started();
    await fill([20, 5, 4, 3, 0]);
    // Lives on: it is kept although its day goes.
    await made.flows([7, today - 5 * dayMs, now - hourMs]);
    await retention.settings.addHold(
      { fromMs: today - 4 * dayMs, toMs: today - 3 * dayMs, network: null, reason: "r" },
      "ana",
      now,
    );
    const bytes = await size(retention);
    const dayBytes = bytes / 5;
    const change = { max_size: String(Math.round(bytes - 2.2 * dayBytes)) };
    const { plan } = await retention.preview(change, now);
    await retention.settings.set(change, "test", now);
    const done = told(await retention.run(now));
    expect(done).toEqual(told(plan.steps));
    expect(done).toEqual([
      "flow_deltas 20261031 age whole 30000",
      "flows 20261031 size whole 30000",
      "flow_deltas 20261115 size whole 30000",
      "flows 20261115 size rows 30000",
      "flow_deltas 20261117 size whole 30000",
    ]);
    expect(await made.days()).toEqual(["20261115 ×1", "20261116 ×30000", "20261117 ×30000", "20261120 ×30000"]);
    expect(await made.days("flow_deltas")).toEqual(["20261116 ×30000", "20261120 ×30001"]);
    expect(await made.ids("flows_long")).toEqual([7]);
    expect(await size(retention)).toBeLessThanOrEqual(Number(change.max_size));
    // What was dropped is on the disk for a while: nothing more is dropped for it.
    expect(await retention.run(now)).toEqual([]);
    expect(retention.flowsFromMs(now)).toBe(today - 4 * dayMs);
    expect(retention.deltasFromMs(now)).toBe(today - 2 * dayMs);
    expect(retention.problem).toBeNull();

    await retention.settings.set({ max_size: "1MB" }, "test", now);
    await retention.run(now);
    expect(await made.days()).toEqual(["20261115 ×1", "20261116 ×30000", "20261120 ×30000"]);
    expect(retention.problem).toContain("release a hold");
  });
});
