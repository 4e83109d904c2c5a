import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { batchOf, type FlowRow } from "./test-batches.ts";
import { startTestStore, type TestStore } from "./testing.ts";

const began = Date.now() - 6 * 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString();

describe("settling", () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await startTestStore();
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    for (const table of ["flows", "flows_open", "flow_deltas"]) await test.store.clickhouse.command(`TRUNCATE TABLE ${table}`);
  });

  const rows = <T = Record<string, unknown>>(sql: string) => test.store.clickhouse.rows<T>(sql);
  const settle = async () => {
    await test.store.settle();
    return (await test.store.health()).settle;
  };
  /** The n-th report of a flow, 10 s after the one before: 100 bytes and a packet more. */
  const report = (n: number, more: FlowRow = {}): FlowRow => ({
    revision: n,
    start: began,
    last_seen: began + n * 10_000,
    since: began + Math.max(0, n - 1) * 10_000,
    src_bytes: (n + 1) * 100,
    dst_bytes: 0,
    src_packets: n + 1,
    dst_packets: 0,
    src_bytes_delta: 100,
    src_packets_delta: 1,
    ...more,
  });
  const end = (n: number, more: FlowRow = {}) =>
    report(n, { state: "closed", end: began + n * 10_000, verdict: "answered", domain: "a.example", ...more });
  const sums = () =>
    rows(
      "SELECT flow_id, sum(src_bytes_delta) AS bytes, sum(src_packets_delta) AS packets FROM flow_deltas FINAL GROUP BY flow_id ORDER BY flow_id",
    );
  const corrections = () =>
    rows(
      "SELECT last_seen, since, src_bytes_delta AS bytes, src_packets_delta AS packets, estimated FROM flow_deltas FINAL WHERE revision = 4294967295 ORDER BY last_seen",
    );

  it("gives all of a flow's deltas what its row says, and leaves open flows alone", async () => {
    await test.store.insert(batchOf([report(0), report(1), end(2), report(0, { flow_id: "2" })]));
    for (let run = 0; run < 2; run++) {
      await settle();
      expect(
        await rows("SELECT flow_id, domain, verdict, count() AS n FROM flow_deltas FINAL GROUP BY ALL ORDER BY flow_id"),
      ).toEqual([
        { flow_id: "1", domain: "a.example", verdict: "answered", n: "3" },
        { flow_id: "2", domain: null, verdict: null, n: "1" },
      ]);
      expect(await corrections()).toEqual([]);
    }
    await test.store.insert(batchOf([report(0)])); // an old report that comes again undoes nothing
    expect(await rows("SELECT DISTINCT domain FROM flow_deltas FINAL WHERE flow_id = 1")).toEqual([{ domain: "a.example" }]);
  });

  it("adds what is missing as one delta at the end, and takes it back as it comes", async () => {
    const before = await settle();
    await test.store.insert(batchOf([end(3, { last_seen: began + 30_000 })]));
    for (let run = 0; run < 2; run++) {
      await settle();
      const at = iso(began + 30_000);
      expect(await corrections()).toEqual([{ last_seen: at, since: at, bytes: "300", packets: "3", estimated: true }]);
    }
    await test.store.insert(batchOf([report(1)]));
    await settle();
    expect(await corrections()).toMatchObject([{ bytes: "200", packets: "2" }]);
    await test.store.insert(batchOf([report(0), report(2), report(1)]));
    const { corrected, overfull } = await settle();
    expect(await corrections()).toMatchObject([{ bytes: "0", packets: "0" }]);
    expect(await sums()).toEqual([{ flow_id: "1", bytes: "400", packets: "4" }]);
    expect([corrected - before.corrected, overfull - before.overfull]).toEqual([3, 0]);
  });

  it("takes it back, too, when the flow was stored long ago, and its delta says by then what its row says", async () => {
    await test.store.insert(batchOf([end(3)]));
    await settle();
    await test.store.clickhouse.command(
      "ALTER TABLE flows UPDATE stored = stored - 7200 WHERE 1",
      {},
      {
        settings: { mutations_sync: "1" },
      },
    );
    await test.store.insert(batchOf([report(1)]));
    // As an election writes it.
    await test.store.clickhouse.command(
      "INSERT INTO flow_deltas SELECT * EXCEPT stored REPLACE (version + 1 AS version, 'a.example' AS domain), now64(3) FROM flow_deltas WHERE revision = 1",
    );
    await settle();
    expect(await corrections()).toMatchObject([{ bytes: "200", packets: "2" }]);
    expect(await sums()).toEqual([{ flow_id: "1", bytes: "400", packets: "4" }]);
  });

  it("follows the end of a flow that was thought lost", async () => {
    await test.store.insert(batchOf([report(3, { state: "lost" })]));
    await settle();
    await test.store.insert(batchOf([end(5)]));
    await settle();
    expect(await corrections()).toMatchObject([{ last_seen: iso(began + 30_000), bytes: "400" }]);
    expect(await sums()).toEqual([{ flow_id: "1", bytes: "600", packets: "6" }]);
  });

  it("counts flows of which more was told than their totals, and takes nothing away", async () => {
    const before = await settle();
    await test.store.insert(batchOf([report(0, { src_bytes_delta: 700 }), end(2)]));
    const { overfull } = await settle();
    expect(overfull - before.overfull).toBe(1);
    expect(await sums()).toEqual([{ flow_id: "1", bytes: "800", packets: "3" }]);
  });

  it("spreads totals anew when their flow ended later than was told at first", async () => {
    const totals = (minutes: number, src_bytes: number): FlowRow => ({
      start: began,
      last_seen: began + minutes * 60_000,
      end: began + minutes * 60_000,
      state: "closed",
      src_bytes,
      dst_bytes: null,
      src_packets: 3,
      dst_packets: 0,
    });
    await test.store.insert(batchOf([{ ...totals(10, 1000), revision: 1 }]));
    await test.store.insert(batchOf([{ ...totals(20, 1100), revision: 2 }]));
    for (let run = 0; run < 2; run++) {
      await settle();
      expect(await sums()).toEqual([{ flow_id: "1", bytes: "1100", packets: "3" }]);
      await test.store.insert(batchOf([{ ...totals(10, 1000), revision: 1 }]));
    }
    expect(await corrections()).toEqual([]);
  });

  it("adds nothing where totals are not known, or deltas are no longer kept", async () => {
    const unknown = { src_bytes: null, dst_bytes: null, src_packets: null, dst_packets: null };
    const old = { flow_id: "2", start: began - 300 * 86_400_000 };
    await test.store.retention.settings.set({ deltas_days: 7 }, "test", Date.now());
    await test.store.insert(batchOf([end(3, unknown), end(3, old)]));
    await settle();
    expect(await corrections()).toEqual([]);
  });

  it("settles many flows in slices, of short and of long lives", async () => {
    const lives = [0, 5, 300, 3000].flatMap((seconds, i) =>
      // One insert; of the first class more than is settled at once.
      Array.from({ length: i === 0 ? 2500 : 800 }, (_, n) =>
        end(1, {
          flow_id: String(i * 10_000 + n),
          end: began + seconds * 1000,
          last_seen: began + seconds * 1000,
          since: began + seconds * 1000,
        }),
      ),
    );
    const before = await settle();
    await test.store.insert(batchOf(lives));
    const { corrected, failed } = await settle();
    expect([corrected - before.corrected, failed]).toEqual([4900, 0]);
    expect(await rows("SELECT sum(src_bytes_delta) AS bytes, uniqExact(flow_id) AS flows FROM flow_deltas FINAL")).toEqual([
      { bytes: String(4900 * 200), flows: "4900" },
    ]);
  });
});
