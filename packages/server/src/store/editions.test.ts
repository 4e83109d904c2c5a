import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Editions, type FlowTable, nextEdition, type Page, type PageQuery, type StoredFlow } from "./editions.ts";
import { batchOf, type FlowRow } from "./test-batches.ts";
import { startTestStore, type TestStore } from "./testing.ts";

const noon = Date.UTC(2026, 10, 20, 12);
const signal = AbortSignal.timeout(600_000);

describe("editions of stored rows", () => {
  let test: TestStore;
  let editions: Editions;
  beforeAll(async () => {
    test = await startTestStore();
    editions = new Editions(test.store.clickhouse, test.store.nodes);
  });
  afterAll(() => test.stop());
  beforeEach(async () => {
    for (const table of ["flows", "flows_open", "flow_deltas"]) await test.store.clickhouse.command(`TRUNCATE TABLE ${table}`);
  });

  const rows = <T = Record<string, unknown>>(sql: string) => test.store.clickhouse.rows<T>(sql);
  const row = (id: number, more: FlowRow = {}): FlowRow => ({
    flow_id: String(id),
    start: noon + id * 1000,
    last_seen: noon + id * 1000 + 500,
    role: "responder",
    rank: 3,
    primary: false,
    src_bytes_delta: 60,
    ...more,
  });
  const ended = (id: number, more: FlowRow = {}) =>
    row(id, { state: "closed", revision: 1, end: noon + id * 1000 + 500, ...more });
  const everything = { table: "flows", fromMs: 0, toMs: noon * 2, byStart: false, network: null, onlyContested: false } as const;
  const page = async (change: Partial<PageQuery> = {}): Promise<readonly StoredFlow[]> => {
    return (await editions.page({ ...everything, after: null, limit: 100, ...change }, signal)).flows;
  };
  const ids = (flows: readonly StoredFlow[]) => flows.map(({ flowId }) => Number(flowId));
  const setPrimary = async (table: FlowTable, primary: boolean) =>
    editions.write(
      table,
      (await page({ table })).map((flow) => ({ flow, set: { primary } })),
    );
  const primaries = (table: string) =>
    rows<{ flow_id: string; primary: boolean }>(`SELECT flow_id, primary FROM ${table} FINAL ORDER BY flow_id`);

  it("are read in pages, newest edition only, by the time that flows lived or began in", async () => {
    await test.store.insert(
      batchOf([ended(1), ended(2), ended(3, { role: "initiator" }), ended(4, { network: "other" }), row(5)]),
    );
    await test.store.insert(batchOf([ended(2, { revision: 2, dst_bytes: 99 })]));
    const all = await page();
    expect(ids(all)).toEqual([1, 2, 3, 4]);
    expect(all[1]?.values.dst_bytes).toBe("99");
    const pages: number[][] = [];
    let after: PageQuery["after"] = null;
    do {
      const { flows, next }: Page = await editions.page({ ...everything, after, limit: 3 }, signal);
      pages.push(ids(flows));
      after = next;
    } while (after !== null);
    expect(pages.flat()).toEqual([1, 2, 3, 4]);
    expect(pages.length).toBeGreaterThan(1);
    expect(ids(await page({ network: "other" }))).toEqual([4]);
    expect(ids(await page({ onlyContested: true }))).toEqual([1, 2, 4]);
    expect(ids(await page({ fromMs: noon + 2400, toMs: noon + 3000 }))).toEqual([2, 3]);
    expect(ids(await page({ fromMs: noon + 2400, toMs: noon + 3000, byStart: true }))).toEqual([]);
    expect(ids(await page({ fromMs: noon + 2000, toMs: noon + 3000, byStart: true }))).toEqual([2]);
    expect(ids(await page({ table: "flows_open" }))).toEqual([5]);
    expect(ids(await page({ table: "flows_open", fromMs: noon + 900_000 }))).toEqual([5]);
  });

  it("stay when the old report comes again, and give way to a newer one", async () => {
    const told = [ended(1), row(2)];
    await test.store.insert(batchOf(told));
    for (const table of ["flows", "flows_open"] as const) await setPrimary(table, true);
    await test.store.insert(batchOf(told));
    expect(await primaries("flows")).toEqual([{ flow_id: "1", primary: true }]);
    expect(await primaries("flows_open")).toEqual([{ flow_id: "2", primary: true }]);
    await test.store.insert(batchOf([ended(1, { revision: 2 }), row(2, { revision: 1 })]));
    expect(await primaries("flows")).toEqual([{ flow_id: "1", primary: false }]);
    expect(await primaries("flows_open")).toEqual([{ flow_id: "2", primary: false }]);
  });

  it("of an open row go with it when it ends", async () => {
    await test.store.insert(batchOf([row(1)]));
    await setPrimary("flows_open", true);
    await setPrimary("flows_open", false);
    await test.store.insert(batchOf([ended(1)]));
    expect(await primaries("flows_open")).toEqual([]);
    // An edition that was written a moment too late does not bring it back.
    await setPrimary("flows_open", true);
    expect(await primaries("flows_open")).toEqual([]);
    expect(await primaries("flows")).toEqual([{ flow_id: "1", primary: false }]);
  });

  it("keep every other value as it was", async () => {
    await test.store.insert(
      batchOf([ended(1, { domain: "bücher.example", src_bytes: 2 ** 53 - 1, nat_src_ip: "fd0a::1", verdict: "answered" })]),
    );
    const before = await rows("SELECT * EXCEPT (version, primary, stored) FROM flows FINAL");
    await setPrimary("flows", true);
    await setPrimary("flows", false);
    expect(await rows("SELECT * EXCEPT (version, primary, stored) FROM flows FINAL")).toEqual(before);
    expect(await rows("SELECT toString(version) AS version FROM flows FINAL")).toEqual([{ version: String(256 + 2) }]);
  });

  it("are numbered up to 254 and no further: the last one is written again", async () => {
    expect(nextEdition(512n)).toBe(513n);
    expect(nextEdition(512n + 253n)).toBe(512n + 254n);
    expect(nextEdition(512n + 254n)).toBe(512n + 254n);
    await test.store.insert(batchOf([ended(1)]));
    const [flow] = await page();
    for (const primary of [true, false, true]) {
      await editions.write("flows", [{ flow: { ...(flow as StoredFlow), version: 256n + 254n }, set: { primary } }]);
      expect(await primaries("flows")).toEqual([{ flow_id: "1", primary }]);
    }
  });

  it("take along what the flow's revisions added, however often, and only that", async () => {
    const life = [
      row(1),
      row(1, { revision: 1, last_seen: noon + 2000 }),
      ended(1, { revision: 2, last_seen: noon + 3000, end: noon + 3000 }),
    ];
    const other = ended(1, { reporter_id: "node-2", primary: false });
    await test.store.insert(batchOf([...life, other, ended(2)]));
    const flows = (await page()).filter(({ reporterId, flowId }) => reporterId === "node-1" && flowId === "1");
    const deltas = () =>
      rows<{ flow_id: string; n: string }>(
        "SELECT flow_id, reporter_id, countIf(primary) AS counting, count() AS n, sum(src_bytes_delta) AS bytes FROM flow_deltas FINAL GROUP BY flow_id, reporter_id ORDER BY flow_id, reporter_id",
      );
    const expected = (counting: string) => [
      { flow_id: "1", reporter_id: "node-1", counting, n: "3", bytes: "180" },
      { flow_id: "1", reporter_id: "node-2", counting: "0", n: "1", bytes: "60" },
      { flow_id: "2", reporter_id: "node-1", counting: "0", n: "1", bytes: "60" },
    ];
    const elect = (primary: boolean) =>
      editions.write(
        "flows",
        flows.map((flow, i) => ({ flow: { ...flow, version: flow.version + BigInt(primary ? i : i + 1) }, set: { primary } })),
      );
    await elect(true);
    for (let run = 0; run < 2; run++) await editions.alignDeltas(flows);
    expect(await deltas()).toEqual(expected("3"));
    await test.store.insert(batchOf(life));
    expect(await deltas()).toEqual(expected("3"));
    await elect(false);
    await editions.alignDeltas(flows);
    expect(await deltas()).toEqual(expected("0"));
    await editions.alignDeltas([]);
  });

  it("take along what a flow added over days, reading no more than a day at once", async () => {
    const dayMs = 86_400_000;
    const days = [-3, -1, 0].map((day, revision) => ({
      ...row(1, { revision, start: noon - 3 * dayMs }),
      since: noon + day * dayMs,
      last_seen: noon + day * dayMs,
    }));
    await test.store.insert(batchOf([...days, ended(2)]));
    const { clickhouse } = test.store;
    const read: number[] = [];
    const node = {
      database: clickhouse.database,
      rows: clickhouse.rows.bind(clickhouse),
      insert: clickhouse.insert.bind(clickhouse),
      command: (...[sql, bindings, options]: Parameters<typeof clickhouse.command>) => {
        read.push(Number(bindings?.hi) - Number(bindings?.lo));
        return clickhouse.command(sql, bindings, options);
      },
    };
    for (const table of ["flows", "flows_open"] as const) await setPrimary(table, true);
    const watched = new Editions(clickhouse, { all: [node], local: (table) => table });
    await watched.alignDeltas([...(await page({ table: "flows_open" })), ...(await page())]);
    expect(await primaries("flow_deltas")).toEqual(["1", "1", "1", "2"].map((flow_id) => ({ flow_id, primary: true })));
    expect(Math.max(...read)).toBeLessThan(dayMs);
  });

  it("take along names, verdict and all else that charts group by", async () => {
    const later = { domain: "a.example", verdict: "answered", src_name: "ana", dst_port: null, dst_ip: "fd0a::7" };
    const told = [row(1, { domain: "", src_name: null }), row(1, { revision: 1, verdict: "refused", last_seen: noon + 1800 })];
    await test.store.insert(batchOf([...told, ended(1, { revision: 2, ...later }), row(2), ended(3)]));
    const others = () => rows("SELECT * EXCEPT (stored) FROM flow_deltas FINAL WHERE flow_id != 1 ORDER BY flow_id");
    const before = await others();
    await editions.alignDeltas(await page());
    await test.store.insert(batchOf(told));
    const dimensions =
      "SELECT domain, toString(verdict) AS verdict, src_name, dst_port, toString(dst_ip) AS dst_ip, sum(src_bytes_delta) AS bytes, count() AS n FROM flow_deltas FINAL WHERE flow_id = 1 GROUP BY ALL";
    expect(await rows(dimensions)).toEqual([{ ...later, bytes: "180", n: "3" }]);
    expect(await others()).toEqual(before);
  });

  it("replace what an older program stored of a flow's additions", async () => {
    await test.store.insert(batchOf([ended(1)]));
    // As version was made before: without room for editions.
    await test.store.clickhouse.command("TRUNCATE TABLE flow_deltas");
    await test.store.clickhouse.command(
      `INSERT INTO flow_deltas (last_seen, flow_id, reporter_id, revision, start, src_bytes_delta, primary, version)
       SELECT last_seen, flow_id, reporter_id, revision, start, 60, false, 60 FROM flows`,
    );
    await setPrimary("flows", true);
    await editions.alignDeltas(await page());
    await test.store.insert(batchOf([ended(1)]));
    expect(await rows("SELECT primary, src_bytes_delta FROM flow_deltas FINAL")).toEqual([
      { primary: true, src_bytes_delta: "60" },
    ]);
  });

  it("are told what a reporter said of the same ports", async () => {
    await test.store.insert(
      batchOf([
        ended(1, { src_port: 1000 }),
        ended(2, { src_port: 2000, nat_src_port: 1000, nat_src_ip: "10.0.0.1" }),
        ended(3, { src_port: 3000 }),
        ended(4, { src_port: null, dst_port: null, icmp_id: 1000, protocol: 1 }),
        row(5, { src_port: 1000 }),
        ended(6, { src_port: 1000, reporter_id: "node-2" }),
        ended(7, { src_port: 1000, src_ip: "10.0.0.9" }),
        ended(8, { src_port: 1000, reporter_id: "node-3" }),
      ]),
    );
    const addresses = [String((await rows("SELECT src_ip FROM flows WHERE src_port = 3000"))[0]?.src_ip), "10.0.0.1"];
    const asked = { reporterIds: ["node-1", "node-3"], addresses, ports: [1000], fromMs: noon, toMs: noon + 60_000 };
    const found = await editions.reportsOf(asked, signal);
    expect(found.map(({ start }) => (Date.parse(String(start)) - noon) / 1000).sort()).toEqual([1, 2, 4, 5, 8]);
    expect(await editions.reportsOf({ ...asked, fromMs: noon + 30_000 }, signal)).toEqual([]);
  });
});
