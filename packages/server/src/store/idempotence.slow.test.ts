import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { batchOf, type FlowRow } from "./test-batches.ts";
import { lives } from "./test-lives.ts";
import { startTestStore, type TestStore, untilDone } from "./testing.ts";

// The engine is killed and comes back, several times, on a machine that has other things to do.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const TABLES = ["flows", "flows_long", "flows_open", "flow_deltas"] as const;
const since = Date.now() - 20 * 3_600_000;

describe("what is stored", () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await startTestStore();
  });
  afterAll(() => test.stop());

  const rows = (sql: string) => test.store.clickhouse.rows(sql);
  const clear = async () => {
    for (const table of TABLES) await test.store.clickhouse.command(`TRUNCATE TABLE ${table}`);
  };
  const send = (batch: readonly FlowRow[]) =>
    untilDone(() => test.store.submit({ rows: batchOf(batch), deliveries: [], deadLetters: [] }));
  const stored = async (except: string) =>
    Promise.all(TABLES.map((table) => rows(`SELECT * EXCEPT (${except}) FROM ${table} FINAL ORDER BY ALL`)));
  /** Batches as agents make them: of several flows, in the order of their revisions. */
  const batchesOf = (all: readonly FlowRow[][]) =>
    Array.from({ length: Math.max(...all.map((life) => life.length)) }, (_, n) => all.flatMap((life) => life.slice(n, n + 1)));

  const sequence = <T>(batches: readonly T[]) =>
    fc.shuffledSubarray([...batches, ...batches, ...batches], { minLength: batches.length, maxLength: batches.length * 3 });
  const kills = fc.array(fc.nat(15), { minLength: 1, maxLength: 2 });

  it("is the same whether a batch comes once or thrice, in whatever order, and whoever crashes", async () => {
    const given = lives(since).chain((all) => {
      const batches = batchesOf(all);
      return fc.record({ batches: fc.constant(batches), extra: sequence(batches), kills });
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ batches, extra, kills: at }) => {
        await clear();
        for (const batch of batches) await send(batch);
        const once = await stored("stored");
        await clear();
        // Each at least once: those that the shuffle left out come last.
        const all = [...extra, ...batches.filter((batch) => !extra.includes(batch))];
        for (const [n, batch] of all.entries()) {
          const sent = send(batch);
          if (at.includes(n)) await test.kill();
          await sent;
        }
        expect(await stored("stored")).toEqual(once);
      }),
      { numRuns: 2, endOnFailure: true },
    );
  });

  it("adds up after settling, whatever was lost, came twice or late, and whoever crashes", async () => {
    const given = lives(since).chain((all) => {
      const batches = batchesOf(all);
      const ends = all.flatMap((life) => life.slice(-1));
      return fc.record({
        batches: fc.constant([...batches, ends]),
        some: sequence(batches),
        ends: fc.constant(ends),
        kills,
        settles: fc.nat(12),
      });
    });
    const sums = `SELECT f.flow_id AS flow_id, isNotNull(any(f.src_bytes)) AS known,
        [sum(d.src_bytes_delta), sum(d.dst_bytes_delta), sum(d.src_packets_delta), sum(d.dst_packets_delta)] AS told,
        [any(f.src_bytes), any(f.dst_bytes), any(f.src_packets), any(f.dst_packets)] AS totals,
        countIf(d.flow_id != 0 AND NOT (ifNull(d.domain = f.domain, d.domain IS NULL AND f.domain IS NULL) AND ifNull(d.verdict = f.verdict, d.verdict IS NULL AND f.verdict IS NULL))) AS other
      FROM (SELECT * FROM flows FINAL) AS f LEFT JOIN (SELECT * FROM flow_deltas FINAL) AS d ON f.flow_id = d.flow_id GROUP BY f.flow_id ORDER BY flow_id`;
    const settled = async () => {
      await untilDone(() => test.store.settle());
      const found = await test.store.clickhouse.rows<{ told: string[]; totals: string[]; other: string }>(sums);
      for (const { told, totals, other } of found) expect({ told, other }).toEqual({ told: totals, other: "0" });
    };
    const sumsOf = () =>
      rows("SELECT flow_id, domain, verdict, sum(src_bytes_delta) AS bytes FROM flow_deltas FINAL GROUP BY ALL ORDER BY ALL");
    await fc.assert(
      fc.asyncProperty(given, async ({ batches, some, ends, kills: at, settles }) => {
        await clear();
        await send(ends); // all else is lost, for now
        await settled();
        for (const [n, batch] of some.entries()) {
          const sent = send(batch);
          if (at.includes(n)) await test.kill();
          await sent;
          if (n === settles) await settled();
        }
        await settled();
        for (const batch of batches) await send(batch);
        await settled();
        const after = await sumsOf();
        await clear();
        for (const batch of batches) await send(batch);
        await settled();
        expect(await sumsOf()).toEqual(after);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });
});
