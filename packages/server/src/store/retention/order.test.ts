import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { ClickHouse } from "../clickhouse.ts";
import { singleNode } from "../nodes.ts";
import { dayMs, now, startTestRetention, type TestRetention, today } from "./testing.ts";

let made: TestRetention;
beforeAll(async () => {
  made = await startTestRetention();
});
afterAll(() => made?.stop());
beforeEach(() => made.clear());

const ended = (id: number, startMs: number) => [id, startMs, startMs + 1000] as const;
const until = today - 9 * dayMs;

/** A node of which some statements never arrive: a server that dies right before. */
function without(lost: RegExp, before: (sql: string) => Promise<void> = async () => {}): ClickHouse {
  return new Proxy(made.test.clickhouse, {
    get(node, name) {
      const value: unknown = Reflect.get(node, name);
      if (name !== "command") return typeof value === "function" ? value.bind(node) : value;
      return async (sql: string, ...rest: [never, never]) => {
        await before(sql);
        if (lost.test(sql)) throw new Error("killed");
        return node.command(sql, ...rest);
      };
    },
  });
}
const on = (node: ClickHouse) => made.another({}, { nodes: singleNode(node) });

it("what is deleted is told to all before it is, by a server that dies in between, too", async () => {
  await made.flows(ended(1, now - 10 * dayMs), ended(2, now - 5 * dayMs));
  const [dying, other] = [on(without(/DROP PARTITION/)), made.another()];
  await dying.settings.set({ deltas_days: 7 }, "test", now);
  await expect(dying.run(now)).rejects.toThrow("killed");
  expect(dying.problem).toContain("killed");
  expect(await made.ids("flow_deltas")).toEqual([1, 2]);
  await other.start();
  expect(other.deletedUntilMs("flow_deltas")).toBe(until);
  expect(await other.run(now)).toHaveLength(1);
  expect(await made.ids("flow_deltas")).toEqual([2]);
  const { lastDrops } = await other.report(now);
  expect(lastDrops.map(({ table, rows }) => `${table} ×${rows}`)).toEqual(["flow_deltas ×1"]);
});

it("servers that share the store have the time to hear of it", async () => {
  await made.flows(ended(1, now - 10 * dayMs));
  const other = made.another({ followEveryMs: 50 });
  await other.start();
  let knownUntil = Number.NaN;
  const node = without(/^never/, async () => {
    knownUntil = other.deletedUntilMs("flow_deltas");
  });
  const one = made.another({ followEveryMs: 500 }, { nodes: singleNode(node) });
  await one.settings.set({ deltas_days: 7 }, "test", now);
  await one.run(now);
  expect(knownUntil).toBe(until);
  await other.stop();
});

it("whole days go first, and one that can't be deleted keeps no other", async () => {
  const began = now - 10 * dayMs;
  await made.flows(ended(1, began), [2, began, now], ended(3, now - 12 * dayMs), ended(4, now - 11 * dayMs));
  const statements: string[] = [];
  const node = without(/ALTER TABLE flows DROP PARTITION ID '20261108'/, async (sql) => {
    statements.push(sql.replace(/ WHERE.*/s, ""));
  });
  const retention = on(node);
  await retention.settings.set({ flows_days: 7, deltas_days: 30 }, "test", now);
  await expect(retention.run(now)).rejects.toThrow("killed");
  expect(statements).toEqual([
    "ALTER TABLE flows DROP PARTITION ID '20261108'",
    "ALTER TABLE flows DROP PARTITION ID '20261109'",
    "ALTER TABLE flows DELETE IN PARTITION ID '20261110'",
  ]);
  expect(await made.ids()).toEqual([2, 3]);
  expect(retention.deleted.age).toBe(2);
});

it("a day is not dropped whole when something came that stays", async () => {
  const began = now - 10 * dayMs;
  await made.flows(ended(1, now - 12 * dayMs), ended(2, began));
  const node = without(/^never/, async (sql) => {
    if (sql.includes("20261108")) await made.flows([3, began, now]);
  });
  const retention = on(node);
  await retention.settings.set({ flows_days: 7, deltas_days: 30 }, "test", now);
  expect(await retention.run(now)).toHaveLength(1);
  expect(await made.ids()).toEqual([2, 3]);
  await retention.run(now);
  expect(await made.ids()).toEqual([3]);
});

it("a clock that is wrong deletes nothing, and what it noted is not believed", async () => {
  await made.flows(ended(1, Date.now() - 1000));
  const years = 400 * dayMs;
  const ahead = Date.now() + years;
  const wrong = made.another({}, { now: () => ahead });
  await wrong.start();
  expect(await wrong.run(ahead)).toEqual([]);
  expect(wrong.problem).toContain("nothing is deleted: this server's clock says");
  expect(await made.ids()).toEqual([1]);
  await made.test.clickhouse.command(
    "INSERT INTO retention_drops (dropped, of_table, until) VALUES (now64(3) + INTERVAL 400 DAY, 'flows', now64(3) + INTERVAL 370 DAY)",
  );
  const right = made.another({}, { now: Date.now });
  await right.start();
  expect(right.deletedUntilMs("flows")).toBe(Number.NEGATIVE_INFINITY);
});
