/** What a list costs in a store with a long history, as ClickHouse counts it. */
import type { TimeRange } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { FlowDetails } from "./flow-detail.ts";
import { FlowList } from "./flow-list.ts";
import { type KnownDeps, WORTH_ASKING_MS } from "./flow-list-known.ts";
import type { FlowListQuery } from "./flow-list-order.ts";
import { Inquiry } from "./inquiry.ts";
import { heard } from "./testing.ts";
import { parseForAll } from "./testing-narrowed.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ROWS = 600_000;
const DAYS = 30;
const nowMs = Date.UTC(2026, 10, 20);
const everyMs = (DAYS * DAY_MS) / ROWS;
const idOf = (i: number) => BigInt(nowMs - DAYS * DAY_MS - Date.UTC(2020, 0, 1) + Math.floor(i * everyMs)) << 22n;

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
  // Each lives a minute, every 500th ten hours, and one all the time.
  const start = `${nowMs - DAYS * DAY_MS} + intDiv(number * ${DAYS * DAY_MS}, ${ROWS})`;
  await test.store.clickhouse.command(
    `INSERT INTO flows (start, flow_id, reporter_id, reporter, network, state, last_seen, end, primary, protocol, src_name, dst_name, src_bytes, version)
     SELECT fromUnixTimestamp64Milli(toInt64(ms)) AS start, bitShiftLeft(toUInt64(ms - ${Date.UTC(2020, 0, 1)}), 22), 'node-1', 'node-1', 'n', 'closed',
       fromUnixTimestamp64Milli(toInt64(ms + life)) AS seen, seen, true, 6, 'name-' || toString(number % 100),
       if(number % 200000 = 1007, 'to-60', 'to-' || toString(number * 37 % 100)), number, 0
     FROM (SELECT number, ${start} AS ms, multiIf(number = 7, ${(DAYS - 1) * DAY_MS}, number % 500 = 0, ${10 * HOUR_MS}, 60000) AS life FROM numbers(${ROWS}))`,
    {},
    { settings: { max_partitions_per_insert_block: "100" } },
  );
  await test.store.clickhouse.command("OPTIMIZE TABLE flows FINAL");
});
afterAll(() => test.stop());

async function cost(range: TimeRange, text: string, change: Partial<FlowListQuery> = {}, known?: KnownDeps) {
  const inquiry = new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(60_000), explain: true });
  const query = { range, filter: parseForAll(text), limit: 100, sort: "time", order: "desc", place: null, ...change } as const;
  const { flows } = await new FlowList({ heard, now: () => nowMs, ...(known && { known }) }).page(query, inquiry);
  return { flows, rowsRead: Number(inquiry.meta.rows_read), statements: inquiry.meta.sql?.length };
}

describe("a list reads", () => {
  const hour = { fromMs: nowMs - 10 * DAY_MS, toMs: nowMs - 10 * DAY_MS + HOUR_MS };

  it("no history for flows that began before its range", async () => {
    const { flows, rowsRead } = await cost(hour, "src.name=name-0 duration>1m");
    // Of ten hours before and one within, those whose number is one of 500's.
    expect(flows).toHaveLength(18);
    expect(Date.parse(String(flows.at(-1)?.start))).toBeLessThan(hour.fromMs - 9 * HOUR_MS);
    expect(rowsRead).toBeLessThan(ROWS / 8);
    expect((await cost(hour, "src.name=name-7 duration>1d")).flows).toHaveLength(1);
  });

  it("little more than its page, wherever that is and whatever the range", async () => {
    const month = { fromMs: nowMs - DAYS * DAY_MS, toMs: nowMs };
    expect((await cost(month, "primary=true")).rowsRead).toBeLessThan(ROWS / 10);
    expect((await cost(month, "primary=true", { order: "asc" })).rowsRead).toBeLessThan(ROWS / 10);
    const key = { startMs: nowMs - 15 * DAY_MS, flowId: "0", reporterId: "" };
    for (const toward of ["next", "prev"] as const) {
      const place = { key, toward, rank: null, looksFromMs: null };
      expect((await cost(month, "primary=true", { place })).rowsRead).toBeLessThan(ROWS / 10);
    }
  });

  it("of a busy hour no more than its page, and asks once for it", async () => {
    const beganMs = nowMs + DAY_MS;
    const rows = 200_000;
    await test.store.clickhouse.command(
      `INSERT INTO flows (start, flow_id, reporter_id, reporter, network, state, last_seen, end, primary, protocol, version)
       SELECT fromUnixTimestamp64Milli(toInt64(${beganMs} + number * ${HOUR_MS / rows})) AS start, number, 'node-1', 'node-1', 'busy', 'closed',
         start, start, number % 2 = 0, 6, 0 FROM numbers(${rows})`,
    );
    const busy = { fromMs: beganMs, toMs: beganMs + HOUR_MS };
    for (const order of ["desc", "asc"] as const) {
      const { flows, rowsRead, statements } = await cost(busy, "network=busy primary=true", { order });
      expect(flows).toHaveLength(100);
      expect(rowsRead).toBeLessThan(rows / 4);
      // What is open, what began before the hour where that stands first, and the page.
      expect(statements).toBeLessThanOrEqual(order === "desc" ? 2 : 4);
    }
  });

  it("few columns of what it does not tell, in few questions", async () => {
    const month = { fromMs: nowMs - DAYS * DAY_MS, toMs: nowMs };
    const { flows, statements } = await cost(month, "src.bytes=77");
    expect(flows).toHaveLength(1);
    // What is open, lately and before; three looks and those that lived long; the row.
    expect(statements).toBeLessThanOrEqual(7);
  });

  it("only the days in which two met, of whom each is met all the time", async () => {
    const month = { fromMs: nowMs - DAYS * DAY_MS, toMs: nowMs };
    const { clickhouse } = test.store;
    const key = "network, src_type, src_id, src_name, dst_type, dst_id, dst_name";
    await clickhouse.command(
      `INSERT INTO rollup_pair_days (bucket, ${key}, connections, reports, computed)
       SELECT toStartOfDay(start) AS bucket, ${key}, count(), count(), now64(3) FROM flows WHERE start < fromUnixTimestamp64Milli(${nowMs}) GROUP BY bucket, ${key}`,
    );
    const sources = {
      throughMs: (name: string) => (name === "rollup_pair_days" ? nowMs : 0),
      rollupFromMs: () => 0,
      deltasFromMs: () => 0,
      flowsFromMs: () => 0,
      counted: () => ({ storedBeforeMs: beforeMs, fromMs: 0 }),
    };
    let beforeMs = Date.now() + DAY_MS;
    const known = { sources, leastMs: WORTH_ASKING_MS };
    const either = "(src.name=name-7 and dst.name=to-60) or (src.name=to-60 and dst.name=name-7)";
    const met = await cost(month, either, {}, known);
    expect(met.flows.map(({ src_bytes }) => src_bytes)).toEqual([401_007, 201_007, 1007]);
    expect(met.rowsRead).toBeLessThan((await cost(month, either)).rowsRead / 3);
    for (const [text, order] of [
      ["src.name=name-7 dst.name=to-59", "desc"],
      ["src.name=name-7 dst.name=to-59", "asc"],
      [either, "asc"],
      ["src.name=name-7 dst.name=to-1", "desc"],
    ] as const)
      expect((await cost(month, text, { order }, known)).flows, `${text} ${order}`).toEqual(
        (await cost(month, text, { order })).flows,
      );
    // What came since is not counted.
    beforeMs = Date.now() - 1;
    await clickhouse.command(
      `INSERT INTO flows (start, flow_id, reporter_id, reporter, network, state, last_seen, end, primary, protocol, src_name, dst_name, src_bytes, version)
       SELECT fromUnixTimestamp64Milli(toInt64(${nowMs - 6 * DAY_MS})) AS start, 5, 'node-1', 'node-1', 'n', 'closed', start, start, true, 6, 'to-60', 'name-7', 5, 0`,
    );
    const since = await cost(month, either, {}, known);
    expect(since.flows.map(({ src_bytes }) => src_bytes)).toEqual([5, 401_007, 201_007, 1007]);
  });

  it("nothing for flows that are open, where none is", async () => {
    expect((await cost({ fromMs: 0, toMs: nowMs }, "state=open")).rowsRead).toBe(0);
  });
});

describe("one flow", () => {
  it("is found without a look at all others", async () => {
    const inquiry = new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(60_000) });
    const found = await new FlowDetails({ heard, now: () => nowMs }).find("node-1", idOf(300_001), inquiry);
    expect(found?.flow.src_bytes).toBe(300_001);
    expect(inquiry.meta.rows_read).toBeLessThan(ROWS / 4);
  });
});
