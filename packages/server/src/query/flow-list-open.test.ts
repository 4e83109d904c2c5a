/** Lists of flows that are open, while they go on and end. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Store } from "../store/store.ts";
import { batchOf, type FlowRow } from "../store/test-batches.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { FlowList } from "./flow-list.ts";
import type { FlowListQuery } from "./flow-list-order.ts";
import { Inquiry, type QuestionOptions } from "./inquiry.ts";
import { heard } from "./testing.ts";
import { parseForAll } from "./testing-narrowed.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const nowMs = Date.now();

let test: TestStore;
let store: Store;
beforeAll(async () => {
  test = await startTestStore();
  store = test.store;
});
afterAll(() => test.stop());

/** @param of a network of its own for each test, and a time: flows of all tests are in one store */
const open = (of: string, id: number, minutesAgo: number, change: FlowRow = {}): FlowRow => {
  const start = nowMs - minutesAgo * MINUTE_MS;
  return { network: of, flow_id: String(id), start, last_seen: nowMs, received: nowMs, ...change };
};
const ended = (of: string, id: number, minutesAgo: number, change: FlowRow = {}) =>
  open(of, id, minutesAgo, { revision: 1, state: "closed", end: nowMs, ...change });

/** @param then what happens once something of this kind was asked */
function page(change: Partial<FlowListQuery>, q: string, isIt = (_sql: string) => false, then = async () => {}) {
  let happened = false;
  const answer = async <T>(sql: string, bindings: object, options: QuestionOptions) => {
    const found = await store.clickhouse.answer<T>(sql, { ...bindings }, options);
    if (!happened && isIt(sql)) {
      happened = true;
      await then();
    }
    return found;
  };
  const inquiry = new Inquiry({ answer }, { signal: AbortSignal.timeout(60_000) });
  const range = { fromMs: nowMs - DAY_MS, toMs: nowMs };
  const asked = { range, filter: parseForAll(q), limit: 4, sort: "time", order: "desc", place: null, ...change } as const;
  return new FlowList({ heard, now: () => nowMs }).page(asked, inquiry);
}
const ids = (flows: readonly { readonly flow_id?: unknown }[]) => flows.map(({ flow_id }) => Number(flow_id));
/** Asks for keys of open flows. */
const asksKeys = (sql: string) => sql.startsWith("SELECT start, flow_id, reporter_id") && sql.includes("FROM flows_open");

describe("open flows in a list", () => {
  it("stand in their places where the list goes on with what began before its range", async () => {
    // By how long ago they began, in half minutes.
    const closed = Array.from({ length: 24 }, (_, i) => 33 + 2 * i);
    const goOn = [36, 44, 200];
    await store.insert(
      batchOf([...closed.map((id) => ended("before", id, id / 2)), ...goOn.map((id) => open("before", id, id / 2))]),
    );
    const wanted = [...closed, ...goOn].sort((a, b) => a - b);
    const range = { fromMs: nowMs - 15 * MINUTE_MS, toMs: nowMs };
    for (const limit of [4, 60]) {
      const found: number[] = [];
      // One row first, so that a page of any size begins at a place before the range.
      const first = await page({ range, limit: 1 }, "network=before");
      found.push(...ids(first.flows));
      for (let place = first.next; place !== null; ) {
        const { flows, next } = await page({ range, limit, place }, "network=before");
        found.push(...ids(flows));
        place = next;
      }
      expect(found).toEqual(wanted);
    }
  });

  it("fill the page although one ends while it is made, and the list goes on", async () => {
    const all = Array.from({ length: 10 }, (_, i) => open("ends", i, 120 + i));
    await store.insert(batchOf(all));
    const end = () => store.insert(batchOf([ended("ends", 1, 121)]));
    const first = await page({}, "network=ends state=open", asksKeys, end);
    expect(ids(first.flows)).toEqual([0, 2, 3, 4]);
    const second = await page({ limit: 60, place: first.next }, "network=ends state=open");
    expect(ids(second.flows)).toEqual([5, 6, 7, 8, 9]);
  });

  it("leave room for what has ended where they no longer pass", async () => {
    const all = Array.from({ length: 5 }, (_, i) => open("mixed", 2 * i, 300 + 2 * i));
    const closed = Array.from({ length: 10 }, (_, i) => ended("mixed", 2 * i + 1, 301 + 2 * i));
    await store.insert(batchOf([...all, ...closed]));
    // The first three end, and as what has ended they don't pass.
    const end = () => store.insert(batchOf([0, 2, 4].map((id) => ended("mixed", id, 300 + id, { app: "other" }))));
    const found = await page({ limit: 7 }, "network=mixed app!=other", asksKeys, end);
    expect(ids(found.flows)).toEqual([1, 3, 5, 6, 7, 8, 9]);
    const rest = await page({ limit: 60, place: found.next }, "network=mixed app!=other");
    expect(ids(rest.flows)).toEqual([11, 13, 15, 17, 19]);
  });
});

describe("lists by rank", () => {
  it("tell a flow once that was stored twice", async () => {
    const twice = ended("twice", 1, 180, { src_bytes: 900 });
    // In one block: nothing has merged them yet.
    await store.insert(batchOf([twice, twice, ended("twice", 2, 180, { src_bytes: 500 })]));
    const { flows, next } = await page({ sort: "bytes", limit: 1 }, "network=twice");
    expect(ids(flows)).toEqual([1]);
    expect(ids((await page({ sort: "bytes", limit: 1, place: next }, "network=twice")).flows)).toEqual([2]);
    expect(ids((await page({ sort: "bytes" }, "network=twice")).flows)).toEqual([1, 2]);
  });

  it("keep an open flow that ends while they are made", async () => {
    const all = [0, 1, 2].map((id) => open("rank", id, 240, { src_bytes: 900 - id }));
    await store.insert(batchOf(all));
    const isRanked = (sql: string) => sql.includes("row_rank FROM flows_open");
    const end = () => store.insert(batchOf([ended("rank", 1, 240, { src_bytes: 899 })]));
    const { flows } = await page({ sort: "bytes" }, "network=rank", isRanked, end);
    expect(flows.map(({ flow_id, state }) => [Number(flow_id), state])).toEqual([
      [0, "open"],
      [1, "closed"],
      [2, "open"],
    ]);
  });
});
