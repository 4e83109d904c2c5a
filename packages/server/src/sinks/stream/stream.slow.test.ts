/** The place in the stream against a real store: whatever becomes visible late, twice or on the way is told, and nothing is skipped. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FLOW_COLUMNS } from "../../store/schema/flow-tables.ts";
import { RETENTION_DROPS } from "../../store/schema/settings-table.ts";
import { baseRow, batchOf } from "../../store/test-batches.ts";
import { startTestStore, type TestStore } from "../../store/testing.ts";
import { Cursor } from "../engine/cursor.ts";
import { lagOf } from "../engine/lag.ts";
import { SinkPlaces } from "../engine/places.ts";
import { NodeStream } from "./node-stream.ts";
import { ensureOpenedView } from "./opened-view.ts";
import type { NodePlace } from "./place.ts";
import { type SourceName, sourcesOf } from "./source.ts";
import { watermark } from "./watermark.ts";

let test: TestStore;
let nextId = 1;
const SLACK_MS = 100;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());

const ended = (change: Record<string, unknown> = {}) => ({
  state: "closed",
  counters_final: true,
  flow_id: String(nextId++),
  ...change,
});
const insert = (...rows: Record<string, unknown>[]) => test.store.insert(batchOf(rows));
const ids = (rows: readonly { flow_id: string }[]) => rows.map(({ flow_id }) => `node-1-${flow_id}-ended`);

function streamOf(name: SourceName = "ended", change = {}): NodeStream {
  const sources = sourcesOf({ q: "", reports: "all", events: ["opened", "ended"], ...change });
  const source = sources.find((one) => one.name === name);
  if (source === undefined) throw new TypeError(name);
  return new NodeStream(test.store.clickhouse, source, (table) => table, SLACK_MS);
}

/** Reads on until nothing has come for a while. Each read may begin with a new reader, as after a restart. */
async function readAll(from: NodePlace, max: number, wanted: number, make = () => streamOf()) {
  const seen: string[] = [];
  let place = from;
  let stream = make();
  for (let empty = 0; empty < 400 && new Set(seen).size < wanted; ) {
    const read = await stream.read(place, max);
    expect(read.events.length).toBeLessThanOrEqual(max);
    seen.push(...read.events.map(({ id }) => id));
    place = JSON.parse(JSON.stringify(read.place)) as NodePlace;
    if (Math.random() < 0.3) stream = make();
    if (read.more) continue;
    empty++;
    await sleep(50);
  }
  return { seen, place };
}

it("waits for an insert that got its stamp early and is visible late, and passes nothing meanwhile", async () => {
  const from = await streamOf().now();
  const late = [ended(), ended(), ended()];
  // Stands elsewhere first, so that a statement of the store can take its time: its stamp is made before its first row.
  const { clickhouse } = test.store;
  await clickhouse.command("CREATE TABLE slow AS flows ENGINE = Memory");
  const columns = FLOW_COLUMNS.map(({ name }) => name);
  await clickhouse.insert(
    "slow",
    Object.keys({ ...baseRow, ...late[0] }),
    "JSONEachRow",
    late.map((row) => JSON.stringify({ ...baseRow, ...row })).join("\n"),
  );
  const slow = clickhouse.command(
    `INSERT INTO flows (${columns.join(", ")}) SELECT ${columns.join(", ")} FROM slow WHERE sleepEachRow(0.4) = 0`,
    {},
    { settings: { max_block_size: "1", function_sleep_max_microseconds_per_block: "60000000" } },
  );
  await expect
    .poll(
      async () => {
        const { untilMs, clockMs } = await watermark(clickhouse, ["flows"], SLACK_MS);
        return clockMs - untilMs;
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(2 * SLACK_MS);
  const quick = [ended(), ended()];
  await insert(...quick);
  const { seen, place } = await readAll(from, 100, 5);
  await slow;
  expect(seen.sort()).toEqual(ids([...late, ...quick]).sort());
  const [stamps] = await clickhouse.rows<{ late: string }>(
    `SELECT countIf(stored < (SELECT min(stored) FROM flows WHERE flow_id = ${quick[0]?.flow_id})) AS late FROM flows`,
  );
  expect(stamps).toEqual({ late: "3" });
  const again = await streamOf().read(place, 100);
  expect(again.events).toEqual([]);
});

it("reads one insert that is larger than a read, page by page, from any place in it", async () => {
  const from = await streamOf().now();
  const rows = Array.from({ length: 40 }, (_, i) => ended({ start: 1_790_000_000_000 + (i % 3), last_seen: 1_790_000_000_100 }));
  // Two editions of one record with one stamp, and a page may end between them.
  const twice = { ...(rows[20] as Record<string, unknown>), revision: 3, src_bytes: 99 };
  await insert(...rows, twice);
  const { seen } = await readAll(from, 7, 40);
  expect(new Set(seen)).toEqual(new Set(ids(rows)));
  expect(seen.length).toBeLessThanOrEqual(42);
});

it("tells every record at least once, whoever writes how, and wherever the reader begins again", async () => {
  const from = await streamOf().now();
  const rows: { flow_id: string }[] = [];
  const writer = async () => {
    for (let i = 0; i < 6; i++) {
      const batch = Array.from({ length: 1 + Math.floor(Math.random() * 12) }, () => ended());
      rows.push(...batch);
      await insert(...batch);
      // An agent that did not hear of it comes again.
      if (Math.random() < 0.2) await insert(...batch);
      if (Math.random() < 0.2) await test.store.clickhouse.command("OPTIMIZE TABLE flows FINAL");
      await sleep(Math.random() * 50);
    }
  };
  const writers = Promise.all([writer(), writer(), writer()]);
  const early = await readAll(from, 10, 30);
  await writers;
  const left = rows.filter(({ flow_id }) => !early.seen.includes(`node-1-${flow_id}-ended`)).length;
  const rest = await readAll(early.place, 10, left);
  const seen = [...early.seen, ...rest.seen];
  expect(new Set(seen)).toEqual(new Set(ids(rows)));
  // What came twice may be told twice.
  expect(seen.length).toBeLessThanOrEqual(2 * rows.length);
}, 30_000);

it("hands over what has its last counters, or will never have them", async () => {
  const from = await streamOf().now();
  const { clickhouse } = test.store;
  const [final, lost, closing, finished] = [ended(), ended({ state: "lost", counters_final: false }), ended(), ended()];
  await insert(final, lost);
  const { seen } = await readAll(from, 10, 2);
  expect(seen.sort()).toEqual(ids([final, lost]).sort());
  // Closed for eleven minutes: one was finished since.
  const old = { ...baseRow, counters_final: false, stored: Date.now() - 660_000 };
  const body = [closing, finished]
    .map((row) => JSON.stringify({ ...row, ...old, flow_id: row.flow_id, state: "closed" }))
    .join("\n");
  await clickhouse.insert("flows", [...Object.keys({ ...baseRow, ...closing }), "stored"], "JSONEachRow", body);
  await insert({ ...finished, revision: 1 });
  const unfinished = streamOf("unfinished");
  const { ms, clockMs } = await unfinished.now();
  const late = await unfinished.read({ ms: ms - 120_000, key: null, clockMs }, 10);
  expect(late.events.map(({ id }) => id)).toEqual(ids([closing]));
});

it("tells that flows were opened, also of those that have ended since, and of none that was erased", async () => {
  await ensureOpenedView(test.store.nodes);
  const stream = streamOf("opened");
  const from = await stream.now();
  const [stays, ends, gone] = [ended(), ended(), ended()].map(({ flow_id }) => ({ flow_id, state: "open" }));
  await insert(stays ?? {}, ends ?? {}, gone ?? {});
  await insert({ ...stays, revision: 1 }, { ...ends, revision: 1, state: "closed", counters_final: true });
  await test.store.clickhouse.command("OPTIMIZE TABLE flows_open FINAL");
  await test.store.clickhouse.command(`DELETE FROM flows_open WHERE flow_id = ${gone?.flow_id}`);
  const { seen } = await readAll(from, 10, 2, () => streamOf("opened"));
  expect(seen.sort()).toEqual([stays, ends].map((row) => `node-1-${row?.flow_id}-opened`).sort());
});

it("reads only what the filter passes", async () => {
  const from = await streamOf().now();
  const wanted = [ended({ dst_port: 53, protocol: 17 }), ended({ dst_port: 53, protocol: 17, primary: false })];
  await insert(...wanted, ended());
  const both = await readAll(from, 10, 2, () => streamOf("ended", { q: "dst.port=53" }));
  expect(both.seen.sort()).toEqual(ids(wanted).sort());
  const one = await readAll(from, 10, 1, () => streamOf("ended", { q: "dst.port=53", reports: "primary" }));
  expect(one.seen).toEqual(ids(wanted.slice(0, 1)));
  expect(await streamOf().waiting(from)).toBe(3);
});

it("counts what retention deleted while a sink rested", async () => {
  const { clickhouse } = test.store;
  const hour = 3_600_000;
  const nowMs = Date.now();
  const [source] = sourcesOf({ q: "", reports: "all", events: ["ended"] });
  if (source === undefined) throw new TypeError("no source");
  const streams = new Map([[source, [streamOf()]]]);
  const began = { ms: nowMs - 3 * hour, key: null, clockMs: nowMs - 3 * hour };
  const begin = new Map([[source.name, [() => Promise.resolve(began)]]]);
  const run = async (atMs: number) => {
    const cursor = new Cursor(new SinkPlaces(clickhouse), { id: "rests", created_ms: 1 });
    await cursor.load(begin);
    const deps = { clickhouse, retention: { flowsKeptMs: () => 2 * hour }, now: () => atMs };
    await lagOf(streams, cursor, deps, new AbortController().signal);
    await cursor.write(true);
    return cursor.lost;
  };
  expect(await run(nowMs - 2 * hour)).toBe(0);
  const iso = (ms: number) => new Date(ms).toISOString();
  const drop = { of_table: "flows", node: 0, bytes: 1, why: "age", how: "partition", rows: 7 };
  const whole = {
    ...drop,
    partition: "a",
    dropped: iso(nowMs - hour),
    from: iso(began.ms + 1000),
    until: iso(began.ms + 86_401_000),
  };
  await clickhouse.insert(RETENTION_DROPS.name, Object.keys(whole), "JSONEachRow", JSON.stringify(whole));
  expect(await run(nowMs)).toBe(7);
  // It was counted.
  expect(await run(nowMs + 1000)).toBe(7);
});
