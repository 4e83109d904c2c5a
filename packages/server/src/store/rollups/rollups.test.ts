import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ROLLUP_TABLES } from "../schema/rollup-tables.ts";
import { batchOf, type FlowRow } from "../test-batches.ts";
import { lives } from "../test-lives.ts";
import { startTestStore, type TestStore } from "../testing.ts";
import { IN_ORDER, nameOf } from "./extents.ts";
import { Rollups } from "./rollups.ts";
import { expectedRollups, heldRollups } from "./testing.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Yesterday, so that all of it is over; across midnight. */
const since = Math.floor(Date.now() / DAY) * DAY - DAY - 3 * HOUR;
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

const server = (shared = false) =>
  new Rollups(
    { shared, everyMs: null, marginMs: 90_000 },
    { nodes: test.store.nodes, logger: test.logger, deletedUntilMs: (table) => test.store.retention.deletedUntilMs(table) },
  );

async function computeAll(one = rollups): Promise<void> {
  while (await one.pass(never, { all: true }));
}

const people = ["alice", "bob", "carol"];
/** Dimensions that rollups group by, spread over a few values. */
function dressed(all: readonly FlowRow[][]): FlowRow[][] {
  return all.map((life, place) =>
    life.map((row) => ({
      ...row,
      network: place % 4 === 0 ? "lab" : "office",
      protocol: place % 3 === 0 ? 17 : 6,
      dst_port: [443, 53, 40_000, null][place % 4],
      direction: place % 2 === 0 ? "egress" : "ingress",
      src_type: "user",
      src_id: `u-${people[place % 3]}`,
      src_name: people[place % 3],
      dst_type: row.domain === null ? "node" : "external",
      dst_id: row.domain === null ? "n1" : null,
      dst_name: row.domain === null ? "gateway" : null,
      primary: place % 5 !== 0,
    })),
  );
}

/** Batches as agents make them: of several flows, in the order of their revisions. */
const batchesOf = (all: readonly FlowRow[][]) =>
  Array.from({ length: Math.max(...all.map((life) => life.length)) }, (_, n) => all.flatMap((life) => life.slice(n, n + 1)));

async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const isDone = await work().then(
      () => true,
      () => false,
    );
    if (isDone) return;
  }
}

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

describe("rollups", () => {
  it("hold what the rows say, whatever came how often and when, whoever was elected, whoever crashed", async () => {
    const scenario = lives(since).chain((all) => {
      const batches = batchesOf(dressed(all));
      const repeated = [...batches, ...batches, ...batches];
      return fc.record({
        batches: fc.shuffledSubarray(repeated, { minLength: batches.length, maxLength: repeated.length }),
        late: fc.constant(batches),
        events: fc.array(fc.constantFrom("pass", "pass", "kill", "elect", "name", "settle", "nothing"), {
          minLength: 30,
          maxLength: 30,
        }),
      });
    });
    for (const { batches, late, events } of fc.sample(scenario, 2)) {
      // Most of what comes later comes into hours that are computed.
      for (const [n, batch] of [...batches, ...late].entries()) {
        await send(batch);
        const event = events[n % events.length];
        const flow = `flow_id = ${1 + (n % 7)}`;
        if (event === "kill" && n < 12) await test.kill();
        if (event === "pass" || event === "kill") await rollups.pass(never, { all: true }).catch(() => undefined);
        if (event === "elect") await rewrite(flow, "NOT primary AS primary");
        if (event === "name") await rewrite(flow, `'renamed-${n}' AS src_name`);
        if (event === "settle") await untilDone(() => test.store.settle());
      }
      await untilDone(() => computeAll());
      await expectRight();
    }
  });
});
