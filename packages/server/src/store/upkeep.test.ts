import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { batchOf, type FlowRow } from "./test-batches.ts";
import { startTestStore, type TestStore } from "./testing.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const now = Date.UTC(2026, 10, 20, 12);

describe("upkeep", () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await startTestStore({
      config: { upkeep: { lostAfterMs: 24 * hourMs, netmakerLostAfterMs: 60 * hourMs, tombstoneMs: 15 * 60_000 } },
    });
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    for (const table of ["flows", "flows_open", "flow_deltas"]) await test.store.clickhouse.command(`TRUNCATE TABLE ${table}`);
  });

  const ids = async (sql: string) => (await test.store.clickhouse.rows<{ id: string }>(sql)).map(({ id }) => Number(id));
  const at = (id: number, startMs: number, more: FlowRow = {}): FlowRow => ({
    flow_id: String(id),
    start: startMs,
    last_seen: startMs + 1000,
    received: startMs + 2000,
    ...more,
  });

  it("deletes what ended before the retention, and nothing else", async () => {
    await test.store.retention.settings.set({ flows_days: 7, deltas_days: 7 }, "test", now);
    const ended = (id: number, startMs: number, endMs: number) =>
      at(id, startMs, { state: "closed", revision: 1, end: endMs, last_seen: endMs, src_bytes_delta: 1 });
    await test.store.insert(
      batchOf([
        ended(1, now - 20 * dayMs, now - 20 * dayMs + 1000), // a day without anything to keep
        ended(2, now - 10 * dayMs, now - 10 * dayMs + 1000), // a day that a long flow keeps
        ended(3, now - 10 * dayMs, now - dayMs),
        ended(4, now - 7 * dayMs + 1000, now - 7 * dayMs + 2000), // just inside
        ended(5, now - 1000, now),
      ]),
    );
    for (let run = 0; run < 2; run++) {
      await test.store.upkeep(now);
      expect(await ids("SELECT flow_id AS id FROM flows ORDER BY id")).toEqual([3, 4, 5]);
      expect(await ids("SELECT flow_id AS id FROM flow_deltas ORDER BY id")).toEqual([3, 4, 5]);
    }
    expect(test.store.retention.flowsFromMs(now)).toBe(now - 7 * dayMs);
  });

  it("stores an open flow as lost when nothing was heard of it, and takes it back when something is", async () => {
    const silent = at(1, now - 2 * dayMs, { revision: 3, src_bytes: 5 });
    const speaking = at(2, now - 2 * dayMs, { received: now - hourMs, revision: 9 });
    // Its agent has nothing to tell until it ends.
    const netmakers = at(3, now - 2 * dayMs, { reporter_type: "netmaker" });
    await test.store.insert(batchOf([silent, speaking, netmakers]));
    const lost = "SELECT flow_id, state, src_bytes, end FROM flows FINAL";
    for (let run = 0; run < 2; run++) {
      await test.store.upkeep(now);
      expect(await test.store.clickhouse.rows(lost)).toEqual([{ flow_id: "1", state: "lost", src_bytes: "5", end: null }]);
      expect(await ids("SELECT flow_id AS id FROM flows_open FINAL ORDER BY id")).toEqual([2, 3]);
    }
    await test.store.clickhouse.command("DELETE FROM flows_open WHERE flow_id = 3");
    await test.store.insert(batchOf([{ ...silent, received: now }])); // the same report again says nothing new
    expect(await ids("SELECT flow_id AS id FROM flows_open FINAL")).toEqual([2]);
    await test.store.insert(batchOf([{ ...silent, revision: 4, received: now, src_bytes: 6 }]));
    expect(await ids("SELECT flow_id AS id FROM flows_open FINAL ORDER BY id")).toEqual([1, 2]);
    await test.store.insert(batchOf([{ ...silent, revision: 5, received: now, src_bytes: 7, state: "closed", end: now }]));
    expect(await test.store.clickhouse.rows(lost)).toMatchObject([{ flow_id: "1", state: "closed", src_bytes: "7" }]);
    expect(await ids("SELECT flow_id AS id FROM flows_open FINAL")).toEqual([2]);
  });

  it("removes old tombstones with all that they bury, and never what is open", async () => {
    const open = at(1, now - hourMs);
    const end = { state: "closed", revision: 2, end: now };
    await test.store.insert(batchOf([open, at(2, now - hourMs), at(3, now - hourMs, { revision: 5 })]));
    await test.store.insert(batchOf([{ ...open, ...end, received: now - 16 * 60_000 }]));
    await test.store.insert(batchOf([{ ...at(2, now - hourMs), ...end, received: now - 60_000 }]));
    await test.store.insert(batchOf([{ ...at(3, now - hourMs), ...end, received: now - hourMs }])); // older than what is open
    await test.store.upkeep(now);
    expect(await ids("SELECT DISTINCT flow_id AS id FROM flows_open ORDER BY id")).toEqual([2, 3]);
    expect(await ids("SELECT flow_id AS id FROM flows_open FINAL")).toEqual([3]);
    await test.store.upkeep(now + hourMs);
    expect(await ids("SELECT DISTINCT flow_id AS id FROM flows_open ORDER BY id")).toEqual([3]);
  });
});
