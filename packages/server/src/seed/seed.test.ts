import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SAMPLE_NETWORK } from "../receive/check.ts";
import { DELTA_COLUMNS, DELTA_COUNTERS, FLOW_COLUMNS } from "../store/schema/flow-tables.ts";
import { startTestStore, type TestStore, temporaryDirectory } from "../store/testing.ts";
import { seedOffline } from "./offline.ts";
import { GROUP_REPORTS } from "./plan.ts";
import { type SeedOptions, seedConnections, seedRows } from "./seed.ts";
import { SeedMarks } from "./seed-marks.ts";
import { runSeed } from "./seeding.ts";

const UNTIL_MS = Date.UTC(2026, 10, 19, 14, 30);
/** Not whole groups, and enough for a few flows that are open at the end. */
const OPTIONS: SeedOptions = { rows: 9_017, days: 2, seed: 7, untilMs: UNTIL_MS };
const ALL_FLOWS = "(SELECT * FROM flows FINAL UNION ALL SELECT * EXCEPT is_deleted FROM flows_open FINAL)";

describe("seeded rows", () => {
  let test: TestStore;
  const one = async (sql: string) => (await test.store.clickhouse.rows<Record<string, unknown>>(sql))[0];
  const seed = (change: Partial<SeedOptions> = {}) => seedRows({ ...OPTIONS, ...change }, { clickhouse: test.store.clickhouse });
  /** Of all that was said, but not of when it was stored. */
  const contents = () =>
    Promise.all(
      Object.entries({ flows: FLOW_COLUMNS, flows_open: FLOW_COLUMNS, flow_deltas: DELTA_COLUMNS }).map(([table, columns]) => {
        const values = columns.map(({ name }) => `toString(${name})`).join(", ");
        return one(`SELECT count() AS rows, toString(groupBitXor(cityHash64(tuple(${values})))) AS hash FROM ${table} FINAL`);
      }),
    );
  const empty = async () => {
    for (const table of ["flows", "flows_open", "flow_deltas"]) await test.store.clickhouse.command(`TRUNCATE TABLE ${table}`);
  };

  beforeAll(async () => {
    test = await startTestStore();
    await seed();
  });
  afterAll(() => test.stop());

  it("are as many as were asked for, each with an id of its own; some are open", async () => {
    expect(
      await one(`SELECT toUInt32(count()) AS n, toUInt32(uniqExact(flow_id, reporter_id)) AS ids FROM ${ALL_FLOWS}`),
    ).toEqual({
      n: OPTIONS.rows,
      ids: OPTIONS.rows,
    });
    const open = await one("SELECT toUInt32(count()) AS n, toUInt32(countIf(state = 'open')) AS open FROM flows_open FINAL");
    expect(open?.n).toBeGreaterThan(0);
    expect(open?.open).toBe(open?.n);
  });

  it("have one primary report a connection, the one of the best rank", async () => {
    const connections = `SELECT countIf(primary) AS primaries, argMin(primary, rank) AS best, min(start) AS began FROM ${ALL_FLOWS}
      GROUP BY network, protocol, src_ip, dst_ip, coalesce(src_port, icmp_id), dst_port`;
    expect(
      await one(`SELECT toUInt32(count()) AS n, toUInt32(countIf(primaries != 1 OR NOT best)) AS wrong FROM (${connections})`),
    ).toEqual({ n: seedConnections(OPTIONS.rows), wrong: 0 });
  });

  it("have deltas that add up to their totals and say the same of their flow", async () => {
    const sums = DELTA_COUNTERS.map((name) => `sum(${name}) AS sum_${name}`).join(", ");
    const differ = DELTA_COUNTERS.map((name) => `coalesce(f.${name.replace("_delta", "")}, 0) != d.sum_${name}`).join(" OR ");
    const said = ["network", "reporter", "src_name", "dst_name", "domain", "verdict", "primary", "start"];
    const same = said.map((name) => `any(${name}) AS said_${name}, uniqExact(${name}) AS many_${name}`).join(", ");
    const unlike = said.map((name) => `NOT (f.${name} <=> d.said_${name}) OR d.many_${name} > 1`).join(" OR ");
    const deltas = `SELECT flow_id, reporter_id, ${sums}, ${same} FROM flow_deltas FINAL GROUP BY flow_id, reporter_id`;
    const answer = await one(
      `SELECT toUInt32(countIf(${differ})) AS wrong, toUInt32(countIf(d.flow_id != 0 AND (${unlike}))) AS unlike
       FROM ${ALL_FLOWS} AS f LEFT JOIN (${deltas}) AS d USING (flow_id, reporter_id)`,
    );
    expect(answer).toEqual({ wrong: 0, unlike: 0 });
    const long = await one(
      "SELECT toUInt32(max(n)) AS most FROM (SELECT count() AS n FROM flow_deltas GROUP BY flow_id, reporter_id)",
    );
    expect(long?.most).toBeGreaterThan(10);
  });

  it("lie in their window, and nothing of them in the future", async () => {
    const until = `fromUnixTimestamp64Milli(${UNTIL_MS}, 'UTC')`;
    const flows = `start < ${until} - INTERVAL 2 DAY OR start > ${until} OR last_seen > ${until} OR received > ${until}
      OR last_seen < start OR end < start OR end > last_seen OR (state = 'open' AND end IS NOT NULL)`;
    const deltas = `last_seen > ${until} OR since > last_seen OR since < start OR last_seen - since > 60`;
    expect(await one(`SELECT toUInt32(countIf(${flows})) AS wrong FROM ${ALL_FLOWS}`)).toEqual({ wrong: 0 });
    expect(await one(`SELECT toUInt32(countIf(${deltas})) AS wrong FROM flow_deltas`)).toEqual({ wrong: 0 });
  });

  it("are marked, lie where they are seen, and are of all sorts", async () => {
    const answer = await one(
      `SELECT groupUniqArray(reporter_type) AS types, arraySort(groupUniqArray(network)) AS networks,
         countIf(NOT startsWith(toString(src_ip), '::ffff:')) / count() AS v6, countIf(last_seen - start < 10) / count() AS short,
         length(groupUniqArray(dst_type)) AS ends, length(groupUniqArray(verdict)) AS verdicts FROM flows`,
    );
    expect(answer).toMatchObject({ types: ["sample"], ends: "4", verdicts: "4" });
    expect(answer?.networks).toHaveLength(2);
    expect(answer?.networks).not.toContain(SAMPLE_NETWORK);
    expect(answer?.v6).toBeGreaterThan(0.05);
    expect(answer?.short).toBeGreaterThan(0.7);
    expect(answer?.short).toBeLessThan(0.9);
  });

  it("are the same for the same seed, however often, and others for another", async () => {
    const first = await contents();
    await seed();
    expect(await contents()).toEqual(first);
    await empty();
    await seed();
    expect(await contents()).toEqual(first);
    await empty();
    await seed({ seed: 8 });
    const other = await contents();
    expect(other[0]?.hash).not.toBe(first[0]?.hash);
  });
});

describe("a run", () => {
  const signal = new AbortController().signal;
  const request = { rows: 25 * GROUP_REPORTS, days: 1, seed: 1, untilMs: null };

  it("goes on where one was interrupted; what is there is not made again", async () => {
    const data = await temporaryDirectory();
    const { store, stop } = await startTestStore();
    let settled = 0;
    const settle = async () => void settled++;
    const deps = { clickhouse: store.clickhouse, marks: new SeedMarks(data), now: Date.now, partGroups: 10, settle };
    try {
      const end = new AbortController();
      const interrupted = runSeed(request, deps, { onProgress: () => end.abort(new Error("stopped")), signal: end.signal });
      await expect(interrupted).rejects.toThrow("stopped");
      const told: number[] = [];
      const onProgress = ({ done }: { done: number }) => void told.push(done);
      const summary = await runSeed(request, deps, { onProgress, signal });
      expect(told).toEqual([20 * GROUP_REPORTS, 25 * GROUP_REPORTS]);
      const stored = (name: string) => summary.tables.find(({ table }) => table === name)?.rows ?? 0;
      expect(stored("flows") + stored("flows_open")).toBe(request.rows);
      const again = await runSeed(request, deps, { onProgress, signal });
      expect(again).toMatchObject({ already: true, untilMs: summary.untilMs, rows: request.rows });
      expect(settled).toBe(1);
      // A store that holds none of it is seeded, whatever was noted.
      for (const table of ["flows", "flows_open"]) await store.clickhouse.command(`TRUNCATE TABLE ${table}`);
      expect(await runSeed(request, deps, { onProgress, signal })).toMatchObject({ already: false });
    } finally {
      await stop();
      await rm(data, { recursive: true, force: true });
    }
  });

  it("is refused on a data directory that a server has open", async () => {
    const data = await temporaryDirectory();
    const { stop } = await startTestStore({ dataDir: `${data}/store` });
    try {
      await expect(seedOffline(data, request, { onProgress: () => {}, signal })).rejects.toMatchObject({
        data: { code: "ENGINE_LOCKED", pid: process.pid },
      });
    } finally {
      await stop();
      await rm(data, { recursive: true, force: true });
    }
  });
});
