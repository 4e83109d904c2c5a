/** What comes while rollups are computed again is not forgotten. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { StoreError } from "../errors.ts";
import { batchOf } from "../test-batches.ts";
import { startTestStore, type TestStore, untilDone } from "../testing.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./extents.ts";
import { Fingerprints } from "./fingerprints.ts";
import { Queue } from "./queue.ts";
import { Rollups } from "./rollups.ts";
import { hoursTogether } from "./shares.ts";
import { expectedRollups, heldRollups } from "./testing.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const noon = Math.floor(Date.now() / DAY_MS) * DAY_MS - 2 * DAY_MS + 12 * HOUR_MS;

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());

/** A flow that lasted for no time, a minute after noon. */
async function send(flow_id: string, minute: number): Promise<void> {
  const ms = noon + minute * MINUTE_MS;
  const times = { start: ms, since: ms, last_seen: ms, end: ms, received: ms + 1 };
  const rows = batchOf([{ flow_id, revision: 1, state: "closed", ...times, src_bytes_delta: 60, dst_bytes_delta: 40 }]);
  await untilDone(() => test.store.submit({ rows, deliveries: [], deadLetters: [] }));
}

const rollupsOf = (store: TestStore) =>
  new Rollups(
    { shared: false, everyMs: null, marginMs: 90_000 },
    { nodes: store.store.nodes, logger: store.logger, deletedUntilMs: () => 0 },
  );

async function computeAll(rollups: Rollups): Promise<void> {
  while (await rollups.pass(new AbortController().signal, { all: true }));
}

async function expectRight(rollups: Rollups): Promise<void> {
  const throughMs = (name: string) => rollups.throughMs(name);
  expect(await heldRollups(test.store.clickhouse, throughMs)).toEqual(await expectedRollups(test.store.clickhouse, throughMs));
}

it("rows that become visible after the look, and before the fingerprint, are in all rollups", async () => {
  const rollups = rollupsOf(test);
  await send("1", 0);
  await computeAll(rollups);
  await send("2", 5);
  const changed = Fingerprints.prototype.changed;
  const spy = vi.spyOn(Fingerprints.prototype, "changed").mockImplementationOnce(async function (this: Fingerprints, ...args) {
    await send("3", 40);
    return changed.apply(this, args);
  });
  await computeAll(rollups);
  expect(spy).toHaveBeenCalled();
  spy.mockRestore();
  await computeAll(rollups);
  await expectRight(rollups);
});

it("many hours of which the fingerprints take too long together are looked at in fewer", async () => {
  const rollups = rollupsOf(test);
  await computeAll(rollups);
  for (let hour = -8; hour < 0; hour++) await send(`${hour + 20}`, hour * 60);
  const node = test.store.nodes.all[0];
  if (node === undefined) throw new Error("no node");
  const { rows } = node;
  const asked: number[] = [];
  const spy = vi.spyOn(node, "rows").mockImplementation((sql, bindings, options) => {
    if (sql.includes("AS counted")) {
      const hours = (Number(bindings?.to) - Number(bindings?.from)) / HOUR_MS;
      asked.push(hours);
      if (hours > 3) return Promise.reject(new StoreError({ code: "STORE_TIMEOUT" }, "too slow"));
    }
    return rows.call(node, sql, bindings, options) as never;
  });
  // Of a day of so few rows all 24 hours may be one; then a half of them, a quarter.
  for (const hours of [8, 8, 6]) {
    await expect(computeAll(rollups)).rejects.toMatchObject({ code: "STORE_TIMEOUT" });
    expect(asked.at(-1)).toBe(hours);
  }
  await computeAll(rollups);
  spy.mockRestore();
  await expectRight(rollups);
});

it("hours of a day with many rows are looked at a few at a time, and each on its own if that is too much", () => {
  const days = { rows: new Map([[noon - 12 * HOUR_MS, 9_000_000]]), all: [], deltasFromMs: null };
  expect([1, 2, 16].map((boost) => hoursTogether(days, noon, boost))).toEqual([4, 2, 1]);
  const queue = new Queue();
  for (let hour = 0; hour < 6; hour++) queue.add(noon + hour * HOUR_MS, 0);
  const next = () =>
    queue.next({ all: true, aloneFromMs: noon + DAY_MS, hoursTogether: (dayMs) => hoursTogether(days, dayMs, 1) });
  const first = next();
  expect(first).toMatchObject({ beginMs: noon + 2 * HOUR_MS, endMs: noon + 6 * HOUR_MS });
  if (first !== null) queue.done(first, 0);
  expect(next()).toMatchObject({ beginMs: noon, endMs: noon + 2 * HOUR_MS });
});
