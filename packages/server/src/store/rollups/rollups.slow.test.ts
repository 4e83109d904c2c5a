import { type ColumnName, parseFilter } from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { filterSql } from "../../query/filter-sql.ts";
import { beginRollupsAt } from "../move/rollups.ts";
import { ROLLUP_QUESTION, ROLLUP_TABLES, ROLLUPS } from "../schema/rollup-tables.ts";
import { batchOf, type FlowRow } from "../test-batches.ts";
import { startTestStore, type TestStore, untilDone } from "../testing.ts";
import { IN_ORDER, nameOf } from "./extents.ts";
import { readProgress, writeProgress } from "./progress.ts";
import { Rollups, type RollupsConfig } from "./rollups.ts";
import { expectedRollups, heldRollups } from "./testing.ts";

// The engine is killed and comes back, several times, on a machine that has other things to do.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Yesterday, so that all of it is over; across midnight. */
const since = Math.floor(Date.now() / DAY) * DAY - DAY - HOUR / 2;
const never = new AbortController().signal;

let test: TestStore;
let rollups: Rollups;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());
beforeEach(async () => {
  const tables = [
    "flows",
    "flows_long",
    "flows_open",
    "flow_deltas",
    "retention_drops",
    ...ROLLUP_TABLES.map(({ name }) => name),
  ];
  for (const table of tables) await test.store.clickhouse.command(`TRUNCATE TABLE ${table}`);
  rollups = server();
});

const server = (config: Partial<RollupsConfig> = {}) =>
  new Rollups(
    { shared: false, everyMs: null, marginMs: 90_000, ...config },
    { nodes: test.store.nodes, logger: test.logger, deletedUntilMs: (table) => test.store.retention.deletedUntilMs(table) },
  );

async function computeAll(one = rollups): Promise<void> {
  while (await one.pass(never, { all: true }));
}

const flow = fc.record({
  startMs: fc.nat(HOUR),
  /** How long after the one before, and how many bytes. */
  updates: fc.array(fc.tuple(fc.integer({ min: 1, max: HOUR / 2 }), fc.nat(1000)), { minLength: 1, maxLength: 4 }),
  isOver: fc.boolean(),
  who: fc.constantFrom("alice", "bob", "carol"),
  what: fc.constantFrom(
    { dst_port: 443, domain: "a.example", dst_type: "external", dst_id: null, dst_name: null },
    { dst_port: 40_000, domain: null, dst_type: "node", dst_id: "n1", dst_name: "gateway" },
    { dst_port: null, protocol: 1, domain: null, dst_type: "node", dst_id: "n2", dst_name: "db", verdict: "answered" },
  ),
  network: fc.constantFrom("lab", "office"),
  primary: fc.constantFrom(true, true, false),
});

/** Rows of several flows, of each in the order in which they were told. */
const flows = fc.array(flow, { minLength: 3, maxLength: 7 }).map((all) =>
  all.map(({ startMs, updates, isOver, who, what, network, primary }, place) => {
    let last_seen = since + startMs;
    let bytes = 0;
    return updates.map(([ms, added], revision): FlowRow => {
      const from = last_seen;
      last_seen += ms;
      bytes += added;
      const state = isOver && revision === updates.length - 1 ? { state: "closed", end: last_seen, end_reason: "finished" } : {};
      const counters = { src_bytes: bytes, src_bytes_delta: added, dst_bytes: 2 * bytes, dst_bytes_delta: 2 * added };
      return {
        ...{ flow_id: String(place + 1), revision, start: since + startMs, since: from, last_seen, received: last_seen },
        ...{ src_type: "user", src_id: `u-${who}`, src_name: who, network, primary, dst_packets_delta: 1, src_packets_delta: 1 },
        ...what,
        ...counters,
        ...state,
      };
    });
  }),
);

/** Batches as agents make them: of several flows, in the order of their revisions. */
const batchesOf = (all: readonly FlowRow[][]) =>
  Array.from({ length: Math.max(...all.map((life) => life.length)) }, (_, n) => all.flatMap((life) => life.slice(n, n + 1)));

function ended(flow_id: string, more: FlowRow = {}): FlowRow {
  const times = { start: since, since, last_seen: since + 1000, end: since + 1000, received: since + 2000 };
  return {
    flow_id,
    revision: 1,
    state: "closed",
    ...times,
    src_bytes_delta: 60,
    dst_bytes_delta: 40,
    src_type: "user",
    src_name: "alice",
    ...more,
  };
}

/** Conditions, by the dimension that they need. */
const TERMS = [
  { needs: "network", text: "network = lab" },
  { needs: "src_name", text: "src.name in (alice, bob)" },
  { needs: "dst_name", text: "dst.name ~ gate" },
  { needs: "protocol", text: "proto != tcp" },
  { needs: "dst_port", text: "dst.port = 443" },
  { needs: "domain", text: "domain ~ example" },
  { needs: "dst_type", text: "dst.type = node" },
  { needs: "verdict", text: "verdict = answered" },
] as const satisfies readonly { needs: ColumnName; text: string }[];

async function send(rows: readonly FlowRow[]): Promise<void> {
  await untilDone(() => test.store.submit({ rows: batchOf(rows), deliveries: [], deadLetters: [] }));
}

/** Flows are elected or named anew: new editions of all that is stored of them. */
async function rewrite(where: string, replaced: string): Promise<void> {
  for (const table of ["flows", "flows_open", "flow_deltas"]) {
    await untilDone(() =>
      test.store.clickhouse.command(
        `INSERT INTO ${table} SELECT * EXCEPT (stored) REPLACE (${replaced}, version + 1 AS version), now64(3) FROM ${table} FINAL WHERE ${where}`,
      ),
    );
  }
}

/** As if it had been written then. */
async function anHourAgo(table: string, column: string): Promise<void> {
  const earlier = `SELECT * REPLACE (${column} - INTERVAL 1 HOUR AS ${column}) FROM ${table} FINAL`;
  for (const statement of [
    `CREATE TABLE earlier ENGINE = Memory AS ${earlier}`,
    `TRUNCATE TABLE ${table}`,
    `INSERT INTO ${table} SELECT * FROM earlier`,
    "DROP TABLE earlier",
  ])
    await test.store.clickhouse.command(statement);
}

async function expectRight(one = rollups): Promise<void> {
  const through = (rollup: string) => one.throughMs(rollup);
  const [held, expected] = [
    await heldRollups(test.store.clickhouse, through),
    await expectedRollups(test.store.clickhouse, through),
  ];
  for (const rollup of IN_ORDER)
    expect([nameOf(rollup), held[nameOf(rollup)]]).toEqual([nameOf(rollup), expected[nameOf(rollup)]]);
  expect(Object.keys(expected.rollup_minutes ?? {}).length).toBeGreaterThan(0);
  expect(Object.keys(expected.rollup_value_days ?? {}).length).toBeGreaterThan(0);
}

async function expectSums(sums: { readonly bytes: string; readonly connections: string }): Promise<void> {
  for (const table of ["rollup_minutes", "rollup_hours", "rollup_pair_days", "rollup_sources", "rollup_visit_days"]) {
    const sql = `SELECT sum(src_bytes) AS bytes, sum(connections) AS connections FROM ${table} FINAL`;
    expect([table, ...(await test.store.clickhouse.rows(sql))]).toEqual([table, sums]);
  }
}

describe("rollups", () => {
  it("hold what the rows say, whatever came how often and when, whoever was elected, whoever crashed", async () => {
    const scenario = flows.chain((all) => {
      const batches = batchesOf(all);
      const repeated = [...batches, ...batches, ...batches];
      return fc.record({
        batches: fc.shuffledSubarray(repeated, { minLength: batches.length, maxLength: repeated.length }),
        late: fc.constant(batches),
        events: fc.shuffledSubarray(["pass", "pass", "kill", "elect", "name", "settle"], { minLength: 6, maxLength: 6 }),
      });
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ batches, late, events }) => {
        // Rollups begin at the first day of which deltas are there: else what comes later of the first day might rightly not be in them.
        await send([ended("100")]);
        // Most of what comes later comes into hours that are computed.
        for (const [n, batch] of [...batches, ...late].entries()) {
          await send(batch);
          const event = events[n];
          const one = `flow_id = ${1 + (n % 3)}`;
          if (event === "kill") await test.kill();
          if (event === "pass" || event === "kill") await rollups.pass(never, { all: true }).catch(() => undefined);
          if (event === "elect") await rewrite(one, "NOT primary AS primary");
          if (event === "name") await rewrite(one, `'renamed-${n}' AS src_name`);
          if (event === "settle") await untilDone(() => test.store.settle());
        }
        await untilDone(() => computeAll());
        await expectRight();
      }),
      // What is stored stays: a smaller example would not begin with nothing.
      { numRuns: 1, endOnFailure: true },
    );
  });

  it("tell the same totals as the rows, whatever is asked of them in whole buckets", async () => {
    for (const batch of fc
      .sample(flows, 2)
      .flatMap((all, n) => all.map((life) => life.map((row) => ({ ...row, flow_id: `${n}${row.flow_id}` })))))
      await send(batch);
    await computeAll();
    const question = fc.constantFrom(...ROLLUPS).chain((rollup) => {
      const terms = TERMS.filter(({ needs }) => rollup.dimensions.includes(needs)).map(({ text }) => text);
      const term = fc.constantFrom("", ...terms);
      const buckets = fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);
      return fc.record({
        rollup: fc.constant(rollup),
        terms: fc.tuple(term, term),
        joint: fc.constantFrom(" and ", " or not "),
        buckets,
      });
    });
    await fc.assert(
      fc.asyncProperty(question, async ({ rollup, terms, joint, buckets }) => {
        const where = filterSql(parseFilter(terms.filter((text) => text !== "").join(joint)));
        const firstMs = Math.floor(since / DAY) * DAY;
        const [fromMs, toMs] = buckets.map((n) => Math.min(firstMs + n * Math.max(HOUR, rollup.stepMs), firstMs + 30 * HOUR));
        const bindings = { ...where.bindings, from: (fromMs ?? 0) / 1000, to: (toMs ?? 0) / 1000 };
        const ask = (columns: string, table: string, time: string) =>
          test.store.clickhouse.rows<Record<string, string>>(
            `SELECT ${columns} FROM ${table} FINAL WHERE ${time} >= toDateTime({from:Float64}) AND ${time} < toDateTime({to:Float64}) AND (${where.text})`,
            bindings,
            { settings: table === rollup.table.name ? ROLLUP_QUESTION : {} },
          );
        const [[told], [moved], begun] = await Promise.all([
          ask("sum(src_bytes) AS bytes, sum(connections) AS connections, sum(reports) AS reports", rollup.table.name, "bucket"),
          ask("sumIf(src_bytes_delta, primary) AS bytes", "flow_deltas", "last_seen"),
          Promise.all(
            ["flows", "flows_open"].map((table) => ask("countIf(primary) AS connections, count() AS reports", table, "start")),
          ),
        ]);
        const sum = (name: string) => String(begun.flat().reduce((total, row) => total + Number(row[name]), 0));
        expect(told).toEqual({ bytes: moved?.bytes, connections: sum("connections"), reports: sum("reports") });
      }),
      { numRuns: 30 },
    );
  });

  it("go on where a server died in the middle of history", async () => {
    const later = since + HOUR;
    await send([ended("1"), ended("2", { start: later, since: later, last_seen: later + 1000, end: later + 1000 })]);
    for (const table of ["flows", "flows_open", "flow_deltas"]) await anHourAgo(table, "stored");
    const dying = new AbortController();
    const began = rollups.pass(dying.signal, { all: true });
    await expect.poll(() => rollups.stats.computed, { timeout: 20_000, interval: 5 }).toBeGreaterThan(5);
    dying.abort();
    await expect(began).rejects.toThrow();
    const before = rollups.stats.computed;
    const next = server({ marginMs: 0 });
    await computeAll(next);
    await expectRight(next);
    const after = server({ marginMs: 0 });
    await computeAll(after);
    expect(after.throughMs("rollup_minutes")).toBeGreaterThanOrEqual(next.throughMs("rollup_minutes"));
    expect(after.stats.computed).toBe(0);
    const whole = server({ marginMs: 0 });
    for (const { name } of ROLLUP_TABLES) await test.store.clickhouse.command(`TRUNCATE TABLE ${name}`);
    await computeAll(whole);
    expect(before + next.stats.computed).toBeLessThanOrEqual(whole.stats.computed + 1);
  });

  it("keep groups that are gone as zeros", async () => {
    await send([ended("1", { src_name: "alice" })]);
    await computeAll();
    await rewrite("flow_id = 1", "'bob' AS src_name");
    await computeAll();
    const rows = await test.store.clickhouse.rows(
      "SELECT src_name, sum(src_bytes) AS bytes, sum(connections) AS connections FROM rollup_source_days FINAL GROUP BY src_name ORDER BY src_name",
    );
    expect(rows).toEqual([
      { src_name: "alice", bytes: "0", connections: "0" },
      { src_name: "bob", bytes: "60", connections: "1" },
    ]);
    await expectRight();
  });

  it("outlive the rows that they were computed from", async () => {
    const old = Math.floor(Date.now() / DAY) * DAY - 10 * DAY + 5 * HOUR;
    const older = old - 30 * DAY;
    const at = (startMs: number) => ({ start: startMs, since: startMs, last_seen: startMs + 1000, end: startMs + 1000 });
    await test.store.retention.settings.set({ flows_days: 30, deltas_days: 7 }, "test", Date.now());
    await test.store.insert(batchOf([ended("1", at(old)), ended("2", at(older)), ended("3")]));
    await computeAll();
    await test.store.upkeep();
    expect(await test.store.clickhouse.rows("SELECT flow_id FROM flows ORDER BY flow_id")).toEqual([
      { flow_id: "1" },
      { flow_id: "3" },
    ]);
    expect(await test.store.clickhouse.rows("SELECT flow_id FROM flow_deltas")).toEqual([{ flow_id: "3" }]);
    // Rows for days of which there is not everything any more.
    await test.store.insert(batchOf([ended("4", at(old)), ended("5", at(older))]));
    await rewrite("flow_id = 1", "'bob' AS src_name");
    await computeAll();
    await expectSums({ bytes: "240", connections: "4" });
    // Again the same, by a server that knows nothing: it is not added twice.
    await test.store.insert(batchOf([ended("4", at(old))]));
    await computeAll(server());
    await expectSums({ bytes: "240", connections: "4" });
    // What came late is deleted as well, and more comes.
    await test.store.upkeep(Date.now() + 2 * MINUTE);
    expect(await test.store.clickhouse.rows("SELECT flow_id FROM flow_deltas")).toEqual([{ flow_id: "3" }]);
    await test.store.insert(batchOf([ended("6", at(old)), ended("7", at(old + DAY))]));
    await computeAll();
    await expectSums({ bytes: "360", connections: "6" });
    // So long afterwards that it is written where what came first is.
    await test.store.upkeep(Date.now() + 59 * MINUTE);
    await test.store.insert(batchOf([ended("8", at(old))]));
    await computeAll();
    await expectSums({ bytes: "420", connections: "7" });
  });

  it("take in at once what came late for many hours, and nothing else", async () => {
    const noon = Math.floor(since / DAY) * DAY + 12 * HOUR;
    const at = (ms: number) => ({ start: ms, since: ms, last_seen: ms, end: ms });
    await send([ended("1", at(noon - 5 * HOUR)), ended("2", at(noon - 5 * DAY)), ended("3", at(noon))]);
    await computeAll();
    const before = rollups.stats.computed;
    const hours = [1, 2, 3, 4].map((n) => noon - n * HOUR);
    await send(hours.flatMap((ms, hour) => [0, 1, 2].map((n) => ended(`${hour + 1}${n}`, at(ms + n)))));
    const oldest = Math.min(...hours);
    rollups.note(oldest);
    // Until they are taken in, rows are asked.
    expect(rollups.throughMs("rollup_minutes")).toBeLessThanOrEqual(oldest);
    await computeAll();
    expect(rollups.throughMs("rollup_minutes")).toBeGreaterThan(since);
    // Together: each rollup of minutes and hours, then each of days. What is older is not computed again.
    expect(rollups.stats.computed - before).toBeLessThanOrEqual(IN_ORDER.length);
    await expectRight();
  });

  it("are computed by days where these are over", async () => {
    const noon = Math.floor(Date.now() / DAY) * DAY - 2 * DAY + 12 * HOUR;
    const times = Array.from({ length: 12 }, (_, n) => noon + n * HOUR);
    await send(times.map((ms, n) => ended(`${n + 1}`, { start: ms, since: ms, last_seen: ms, end: ms })));
    await computeAll();
    expect(rollups.stats.computed).toBeLessThanOrEqual(IN_ORDER.length);
    await expectRight();
  });

  it("need not be computed again where open flows began that go on", async () => {
    const begun = Array.from({ length: 3 }, (_, n) => since - n * HOUR);
    const open = (revision: number, more: FlowRow = {}) =>
      begun.map((start, n): FlowRow => {
        const last_seen = revision === 0 ? start : Date.now();
        const times = { start, since: last_seen, last_seen, received: last_seen };
        return {
          flow_id: String(n + 1),
          revision,
          ...times,
          src_bytes: revision + 1,
          src_bytes_delta: 1,
          src_name: "alice",
          ...more,
        };
      });
    await send(open(0));
    const one = server();
    await computeAll(one);
    // What was stored a moment before it was computed is looked at once more.
    await computeAll(one);
    const throughMs = one.throughMs("rollup_hours");
    for (const revision of [1, 2]) {
      const { computed } = one.stats;
      await send(open(revision));
      await one.pass(never);
      // Nothing but the newest minutes.
      expect(one.stats.computed - computed).toBeLessThan(10);
      expect(one.stats.pending).toBe(0);
      expect(one.throughMs("rollup_hours")).toBeGreaterThanOrEqual(throughMs);
    }
    // What rollups know of the flows is noticed.
    await send(open(3, { src_name: "bob" }));
    await computeAll(one);
    await expectRight(one);
  });

  it("are computed by one of several servers; another takes over when it is silent", async () => {
    await send([ended("1")]);
    const [first, second] = [server({ shared: true }), server({ shared: true })];
    await first.pass(never);
    while (await first.pass(never));
    await second.pass(never);
    expect(second.stats.computed).toBe(0);
    expect(second.throughMs("rollup_minutes")).toBe(first.throughMs("rollup_minutes"));
    // The first one was heard of last an hour ago.
    await anHourAgo("rollup_progress", "written");
    await send([ended("2", { src_bytes: 1000, src_bytes_delta: 1000 })]);
    while (await second.pass(never));
    await expectRight(second);
    expect(second.stats.computed).toBeGreaterThan(0);
  });

  it("leave to another server what it took over while they were computed", async () => {
    await send([ended("1")]);
    const one = server({ shared: true });
    const began = one.pass(never);
    await expect.poll(() => one.stats.computed, { timeout: 20_000, interval: 5 }).toBeGreaterThan(2);
    const { clickhouse } = test.store;
    const taken = { extents: new Map(), checkedMs: 1, neverMs: 0, server: "another" };
    await writeProgress(clickhouse, (table) => table, taken, []);
    await began;
    expect(await readProgress(clickhouse, (table) => table)).toMatchObject({ server: "another", checkedMs: 1 });
    const { computed } = one.stats;
    await one.pass(never);
    expect(one.stats.computed).toBe(computed);
  });

  it("begin with the first day of which deltas are there", async () => {
    await send([ended("1")]);
    await test.store.clickhouse.command("TRUNCATE TABLE flow_deltas");
    await computeAll();
    const day = Math.floor(since / DAY) * DAY + DAY;
    expect(IN_ORDER.map((rollup) => rollups.fromMs(nameOf(rollup)))).toEqual(IN_ORDER.map(() => day));
    expect(rollups.stats.computed).toBe(0);
  });

  it("never compute, on a node of a cluster that a store was moved to, what was moved there as it was", async () => {
    const day = Math.floor(since / DAY) * DAY + DAY;
    await beginRollupsAt(test.store.nodes, day);
    const at = (ms: number) => ({ start: ms, since: ms, last_seen: ms + 1000, end: ms + 1000 });
    await send([ended("1", at(day - MINUTE)), ended("2", at(day + MINUTE))]);
    await computeAll();
    await computeAll(server());
    await expectSums({ bytes: "60", connections: "1" });
  });
});
