import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DeadLetter, Delivery, Submission } from "../receive/ports.ts";
import { MAX_DAYS } from "./flow-split.ts";
import { batchOf, type FlowRow } from "./test-batches.ts";
import { startTestStore, type TestStore } from "./testing.ts";

const noon = Date.UTC(2026, 10, 20, 12);
const iso = (ms: number) => new Date(ms).toISOString();

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());
beforeEach(async () => {
  const tables = ["flows", "flows_open", "flow_deltas", "flows_rejected", "agent_batches"];
  for (const table of tables) await test.store.clickhouse.command(`TRUNCATE TABLE ${table}`);
});

const rows = <T = Record<string, unknown>>(sql: string) => test.store.clickhouse.rows<T>(sql);
const submission = (given: readonly FlowRow[]): Submission => ({ rows: batchOf(given), deliveries: [], deadLetters: [] });

/** One flow's life as its agent tells it: opened, two updates, the end, and the final counters. */
function life(flowId: string, startMs = noon): FlowRow[] {
  const revision = (number: number, more: FlowRow): FlowRow => ({
    flow_id: flowId,
    revision: number,
    start: startMs,
    last_seen: startMs + number * 10_000,
    received: startMs + number * 10_000 + 500,
    since: startMs + Math.max(0, number - 1) * 10_000,
    src_bytes: 100 * (number + 1),
    dst_bytes: 10 * (number + 1),
    src_packets: number + 1,
    dst_packets: number + 1,
    src_bytes_delta: 100,
    dst_bytes_delta: 10,
    src_packets_delta: 1,
    dst_packets_delta: 1,
    ...more,
  });
  const end = { state: "closed", end: startMs + 30_000, end_reason: "finished" };
  return [
    revision(0, {}),
    revision(1, {}),
    revision(2, {}),
    revision(3, end),
    revision(4, { ...end, counters_final: true, last_seen: startMs + 45_000 }),
  ];
}

describe("flows", () => {
  it("come back with every value, null and extreme", async () => {
    const full: FlowRow = {
      flow_id: "18446744073709551615",
      revision: 4294967295,
      src_ip: "fd0a::1",
      dst_ip: "203.0.113.7",
      nat_src_ip: "198.51.100.1",
      nat_src_port: 65535,
      src_bytes: 9_007_199_254_740_991,
      src_packets: null,
      icmp_type: 0,
      start: noon + 1,
      last_seen: noon + 2,
      end: noon + 3,
      received: noon + 4,
      state: "closed",
      end_reason: "finished",
      verdict: "answered",
      direction: "ingress",
      role: "forwarder",
      domain: "bücher.example",
      rule: "",
      src_type: "unknown",
      dst_type: "external",
      src_name: 'it\'s "quoted"\n',
      src_by: "reporter",
      counters_final: true,
      uid: 0,
      primary: false,
      rank: 5,
    };
    await test.store.insert(batchOf([full, { flow_id: "2", state: "lost" }]));
    const [row, other] = await rows("SELECT * FROM flows ORDER BY start DESC");
    const { nat_dst_ip, nat_dst_port, ...same } = row ?? {};
    expect(nat_dst_ip).toBeNull();
    expect(nat_dst_port).toBeNull();
    expect(same).toMatchObject({
      ...full,
      src_bytes: "9007199254740991",
      dst_ip: "::ffff:203.0.113.7",
      nat_src_ip: "::ffff:198.51.100.1",
      start: iso(noon + 1),
      last_seen: iso(noon + 2),
      end: iso(noon + 3),
      received: iso(noon + 4),
      dst_bytes: "40",
      src_packets: null,
      app: null,
      estimated: false,
    });
    expect(other).toMatchObject({ flow_id: "2", state: "lost", end: null, domain: null, rule: null, uid: null, primary: true });
  });

  it("are not disturbed by what a reused batch holds under a null", async () => {
    const batch = batchOf([
      { flow_id: "1", domain: "a.example", src_port: 1, end_reason: "reset", end: noon + 9, state: "closed" },
      { flow_id: "2", domain: "b.example", src_port: 2, end_reason: "reset", end: noon + 9, state: "closed" },
      { flow_id: "3", domain: "c.example", src_port: 3, state: "open" },
    ]);
    for (const name of ["domain", "src_port", "end_reason", "end", "src_name"] as const) {
      const column = batch.column(name);
      column.setNull(1);
      if (name === "domain") (column as { strings?: string[] }).strings?.splice(1);
    }
    await test.store.insert(batch);
    expect(await rows("SELECT flow_id, domain, src_port, end_reason, end FROM flows ORDER BY flow_id")).toEqual([
      { flow_id: "1", domain: "a.example", src_port: 1, end_reason: "reset", end: iso(noon + 9) },
      { flow_id: "2", domain: null, src_port: null, end_reason: null, end: null },
    ]);
  });

  it("are one row each, whatever comes how often and in which order", async () => {
    const lives = ["7", "8", "9"].map((id) => life(id, noon + Number(id)));
    // The last one is still open.
    const told = [lives[0], lives[1], lives[2]?.slice(0, 3)].flatMap((flow) => flow ?? []);
    const expected = [
      { flow_id: "7", state: "closed", src_bytes: "500", revision: 4 },
      { flow_id: "8", state: "closed", src_bytes: "500", revision: 4 },
      { flow_id: "9", state: "open", src_bytes: "300", revision: 2 },
    ];
    const order = fc.shuffledSubarray([...told, ...told, ...told], { minLength: told.length * 3, maxLength: told.length * 3 });
    const cuts = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 45, maxLength: 45 });
    await fc.assert(
      fc.asyncProperty(order, cuts, async (sequence, sizes) => {
        for (const table of ["flows", "flows_open", "flow_deltas"])
          await test.store.clickhouse.command(`TRUNCATE TABLE ${table}`);
        for (let at = 0, cut = 0; at < sequence.length; cut++) {
          const size = sizes[cut] ?? 1;
          await test.store.insert(batchOf(sequence.slice(at, at + size)));
          at += size;
        }
        const columns = "flow_id, state, src_bytes, revision";
        expect(
          await rows(
            `SELECT ${columns} FROM (SELECT ${columns} FROM flows FINAL UNION ALL SELECT ${columns} FROM flows_open FINAL) ORDER BY flow_id`,
          ),
        ).toEqual(expected);
        expect(
          await rows(
            "SELECT flow_id, sum(src_bytes_delta) AS bytes, count() AS n FROM flow_deltas FINAL GROUP BY flow_id ORDER BY flow_id",
          ),
        ).toEqual([
          { flow_id: "7", bytes: "500", n: "5" },
          { flow_id: "8", bytes: "500", n: "5" },
          { flow_id: "9", bytes: "300", n: "3" },
        ]);
      }),
      { numRuns: 4 },
    );
  });

  it("keep the same flow of two reporters apart, and the same id at another start", async () => {
    const [first] = life("7");
    await test.store.insert(batchOf([first ?? {}, { ...first, reporter_id: "node-2", reporter: "inetgw" }]));
    expect(await rows("SELECT reporter FROM flows_open FINAL ORDER BY reporter")).toEqual([
      { reporter: "debian" },
      { reporter: "inetgw" },
    ]);
  });

  it("leave no tombstone where there was nothing to bury", async () => {
    await test.store.insert(batchOf([{ flow_id: "1", revision: 0, state: "closed" }, ...life("2")]));
    expect(await rows("SELECT DISTINCT flow_id FROM flows_open")).toEqual([{ flow_id: "2" }]);
    expect(await rows("SELECT count() AS n FROM flows_open FINAL")).toEqual([{ n: "0" }]);
  });

  it("of a sender without updates are spread over their life", async () => {
    const ended = {
      flow_id: "5",
      revision: 1,
      state: "closed",
      end: noon + 60_000,
      last_seen: noon + 59_000,
      src_bytes: 600,
      dst_bytes: null,
    };
    await test.store.insert(batchOf([ended]));
    await test.store.insert(
      batchOf([
        { ...ended, revision: 2, src_bytes: 700 },
        { flow_id: "6", state: "open" },
      ]),
    );
    await test.store.insert(batchOf([ended]));
    expect(
      await rows(
        "SELECT flow_id, revision, since, last_seen, src_bytes_delta, dst_bytes_delta, estimated FROM flow_deltas FINAL",
      ),
    ).toEqual([
      {
        flow_id: "5",
        revision: 4_294_967_294,
        since: iso(noon),
        last_seen: iso(noon + 60_000),
        src_bytes_delta: "700",
        dst_bytes_delta: "0",
        estimated: true,
      },
    ]);
  });

  it("of a revision that moved nothing make no delta", async () => {
    const idle = { src_bytes_delta: 0, dst_bytes_delta: 0, src_packets_delta: 0, dst_packets_delta: 0 };
    await test.store.insert(
      batchOf([
        { flow_id: "1", revision: 3, ...idle },
        { flow_id: "2", revision: 3, state: "closed", ...idle },
      ]),
    );
    expect(await rows("SELECT * FROM flow_deltas")).toEqual([]);
  });

  it("of many days go in with one insert, of too many are refused for good", async () => {
    const day = (n: number) => ({
      flow_id: String(n),
      state: "closed",
      start: noon - n * 86_400_000,
      end: noon,
      last_seen: noon,
    });
    await test.store.insert(batchOf(Array.from({ length: 60 }, (_, n) => day(n))));
    expect(await rows("SELECT count() AS n FROM flows")).toEqual([{ n: "60" }]);
    const tooMany = test.store.insert(batchOf(Array.from({ length: 600 }, (_, n) => day(n))));
    await expect(tooMany).rejects.toMatchObject({ data: { code: "BATCH_TOO_MANY_DAYS", days: 600 } });
  });

  it("with holes are refused before they reach the store", async () => {
    const batch = batchOf([{}, {}]);
    batch.column("reporter_id").setNull(1);
    await expect(test.store.submit({ rows: batch, deliveries: [], deadLetters: [] })).rejects.toMatchObject({
      data: { code: "BATCH_INCOMPLETE", row: 1, column: "reporter_id" },
    });
  });
});

describe("submissions", () => {
  const delivery: Delivery = {
    reporterId: "node-1",
    reporter: "debian",
    epoch: "e1",
    sequence: 41,
    part: "",
    receivedMs: Date.now(),
    rows: 1,
    rejected: 1,
    coveredFromMs: noon,
    coveredToMs: null,
    spoolBatches: 2,
    spoolBytes: 1000,
    drops: { self: 3 },
    gauges: { open_flows: 1.5 },
    clockSkewMs: -12.4,
    agentVersion: "0.1.0",
    addresses: { netmaker: ["100.102.137.9"] },
  };
  const letter: DeadLetter = {
    receivedMs: Date.now(),
    reporterId: "node-1",
    batch: "e1-41",
    row: 7,
    code: "BAD_TIME",
    message: "end is before start",
    json: '{"flow_id":"1"}',
  };

  it("store rows, delivery and dead letters, and all of them once when they come twice", async () => {
    for (let i = 0; i < 2; i++) await test.store.submit({ ...submission([{}]), deliveries: [delivery], deadLetters: [letter] });
    expect(await rows("SELECT count() AS n FROM flows_open FINAL")).toEqual([{ n: "1" }]);
    expect(await rows("SELECT * FROM agent_batches FINAL")).toEqual([
      {
        received: iso(delivery.receivedMs),
        reporter_id: "node-1",
        reporter: "debian",
        epoch: "e1",
        sequence: "41",
        part: "",
        rows: 1,
        rejected: 1,
        covered_from: iso(noon),
        covered_to: null,
        spool_batches: "2",
        spool_bytes: "1000",
        drops: { self: "3" },
        gauges: { open_flows: 1.5 },
        clock_skew_ms: "-12",
        agent_version: "0.1.0",
        addresses: { netmaker: ["100.102.137.9"] },
      },
    ]);
    expect(await rows("SELECT reporter_id, batch, row_number, code, message, json FROM flows_rejected FINAL")).toEqual([
      {
        reporter_id: "node-1",
        batch: "e1-41",
        row_number: 7,
        code: "BAD_TIME",
        message: "end is before start",
        json: '{"flow_id":"1"}',
      },
    ]);
  });

  it("of many agents at once are all stored, in few inserts", async () => {
    const before = (await test.store.health()).commit;
    const agents = Array.from({ length: 200 }, (_, agent) =>
      test.store.submit(
        submission(
          Array.from({ length: 50 }, (_, i) => ({
            flow_id: String(agent * 1000 + i),
            reporter_id: `node-${agent}`,
            state: "closed",
          })),
        ),
      ),
    );
    await Promise.all(agents);
    expect(await rows("SELECT count() AS n, uniqExact(reporter_id) AS agents FROM flows FINAL")).toEqual([
      { n: "10000", agents: "200" },
    ]);
    const { commit } = await test.store.health();
    expect(commit.rows - before.rows).toBe(200 * 50);
    expect(commit.writes - before.writes).toBeLessThan(20);
    expect(commit.waitingRows).toBe(0);
  });

  it("that were acknowledged survive kill -9 of the engine, again and again, each row once", async () => {
    const acknowledged = new Set<number>();
    let next = 1;
    let running = true;
    const sender = async () => {
      while (running) {
        const id = next++;
        const flow = life(String(id), noon + id);
        for (const revision of [flow[0], flow[4]]) {
          let stored = false;
          // As an agent does: the same batch again until it is acknowledged.
          while (!stored) {
            stored = await test.store.submit(submission([revision ?? {}])).then(
              () => true,
              () => false,
            );
          }
        }
        acknowledged.add(id);
      }
    };
    const senders = Promise.all([sender(), sender(), sender()]);
    for (let kill = 0; kill < 3; kill++) {
      const enough = acknowledged.size + 5;
      while (acknowledged.size < enough) await new Promise((resolve) => setTimeout(resolve, 10));
      await test.kill();
    }
    running = false;
    await senders;
    expect((await test.store.health()).engine?.restarts).toBeGreaterThanOrEqual(3);
    const stored = await rows<{ id: string; n: string }>("SELECT flow_id AS id, count() AS n FROM flows FINAL GROUP BY flow_id");
    expect(new Set(stored.map(({ id }) => Number(id)))).toEqual(acknowledged);
    expect(stored.filter(({ n }) => n !== "1")).toEqual([]);
    expect(await rows("SELECT flow_id FROM flows_open FINAL")).toEqual([]);
  });
});

it("tells how much there is", async () => {
  for (const revision of life("1")) await test.store.insert(batchOf([revision]));
  await test.store.insert(batchOf([{ flow_id: "2" }]));
  await test.store.clickhouse.command("OPTIMIZE TABLE flows FINAL");
  const { rows: count, bytes } = await test.store.stats();
  expect(count).toBe(2);
  expect(bytes).toBeGreaterThan(1000);
  expect(await test.store.health()).toMatchObject({ ping: { ok: true }, engine: { state: "up" } });
});

// The last one: each day is a part of its own, which whatever comes after it would have to remove, or load.
it("stores submissions that can't be stored together one by one", async () => {
  const idle = { src_bytes_delta: 0, dst_bytes_delta: 0, src_packets_delta: 0, dst_packets_delta: 0, revision: 3 };
  const spread = (reporter: string, firstDay: number, days: number) =>
    submission(
      Array.from({ length: days }, (_, n) => {
        const start = noon - (firstDay + n) * 86_400_000;
        return { ...idle, flow_id: String(n), reporter_id: reporter, state: "closed", start, last_seen: start + 100 };
      }),
    );
  const half = MAX_DAYS / 2;
  await Promise.all([spread("new", 0, half), spread("old", half, half + 1), submission([{}])].map((s) => test.store.submit(s)));
  expect(await rows("SELECT reporter_id, count() AS n FROM flows GROUP BY reporter_id ORDER BY reporter_id")).toEqual([
    { reporter_id: "new", n: String(half) },
    { reporter_id: "old", n: String(half + 1) },
  ]);
  expect(test.logger.lines.join()).toContain("trying each part alone");
});
