import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { batchOf, type FlowRow } from "../test-batches.ts";
import { memoryLogger, startTestEngine, startTestStore, type TestEngine } from "../testing.ts";
import { migrate } from "./migrate.ts";
import { SCHEMA_1 } from "./testing-version-1.ts";

const hour = 3_600_000;
const day = 24 * hour;
const now = Math.floor(Date.now() / day) * day - day;
const iso = (ms: number) => new Date(ms).toISOString();

/** As the older program wrote it: the flow's own columns, and what a delta had then. */
interface OldFlow {
  readonly id: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly open?: boolean;
  readonly more?: FlowRow;
}
const flows: readonly OldFlow[] = [
  {
    id: 1,
    startMs: now,
    endMs: now + 30_000,
    more: { domain: "a.example", verdict: "answered", src_name: "ana", src_port: 44_006, src_device: "laptop" },
  },
  { id: 2, startMs: now - 3 * day, endMs: now, more: { dst_port: null, protocol: 1, dst_name: null } },
  { id: 3, startMs: now + 1000, endMs: now + 61_000, open: true, more: { domain: "b.example" } },
  { id: 4, startMs: now - day, endMs: now - day + 2 * hour, more: { reporter_type: "netmaker" } },
];

describe("a database of schema 1", () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await startTestEngine();
    for (const statement of SCHEMA_1) await test.clickhouse.command(statement);
    await test.clickhouse.command("INSERT INTO schema_versions (version) VALUES (1)");
    const made: Record<string, object[]> = { flows: [], flows_open: [], flow_deltas: [] };
    const put = (table: string, row: object) => made[table]?.push(row);
    for (const { id, startMs, endMs, open = false, more = {} } of flows) {
      const row = {
        ...{
          flow_id: id,
          revision: 5,
          reporter_id: "n1",
          reporter: "debian",
          network: "netmaker",
          direction: "egress",
          role: "initiator",
        },
        ...{
          protocol: 6,
          src_ip: "10.0.0.1",
          dst_ip: "10.0.0.2",
          dst_port: 443,
          src_type: "node",
          dst_type: "external",
          primary: true,
        },
        ...{
          start: iso(startMs),
          last_seen: iso(endMs),
          end: open ? null : iso(endMs),
          received: iso(endMs + 500),
          state: open ? "open" : "closed",
        },
        ...{ src_bytes: 6000, dst_bytes: 60, src_packets: 6, dst_packets: 6 },
        ...more,
      };
      for (const table of open ? ["flows_open"] : ["flows", "flows_open"]) put(table, row);
      const delta = {
        flow_id: id,
        reporter_id: "n1",
        network: "netmaker",
        direction: "egress",
        start: iso(startMs),
        primary: true,
      };
      // One per revision, or its totals over all of its life.
      if (id === 4)
        put("flow_deltas", {
          ...delta,
          revision: 0,
          since: iso(startMs),
          last_seen: iso(endMs),
          estimated: true,
          ...counters(6),
        });
      else
        for (let n = 0; n < 6; n++) {
          const at = startMs + ((endMs - startMs) * n) / 5;
          put("flow_deltas", { ...delta, revision: n, since: iso(at - 10_000), last_seen: iso(at), ...counters(1) });
        }
    }
    for (const [table, told] of Object.entries(made)) {
      const columns = [...new Set(told.flatMap((row) => Object.keys(row)))];
      const lines = told.map((row) => JSON.stringify(row));
      await test.clickhouse.insert(table, columns, "JSONEachRow", lines.join("\n"), { date_time_input_format: "best_effort" });
    }
  });
  afterEach(() => test.stop());

  const counters = (n: number) => ({
    src_bytes_delta: 1000 * n,
    dst_bytes_delta: 10 * n,
    src_packets_delta: n,
    dst_packets_delta: n,
  });
  const rows = <T = Record<string, unknown>>(sql: string) => test.clickhouse.rows<T>(sql);
  const run = () => migrate(test.clickhouse, { logger: memoryLogger() });
  const filled = () =>
    rows(`SELECT flow_id, reporter, domain, verdict, src_name, src_port, src_device, dst_port, protocol, sum(src_bytes_delta) AS bytes, sum(dst_packets_delta) AS packets,
      max(dateDiff('millisecond', since, last_seen)) <= 120000 AS short FROM flow_deltas FINAL GROUP BY ALL ORDER BY flow_id`);
  const expected = [
    {
      flow_id: "1",
      domain: "a.example",
      verdict: "answered",
      src_name: "ana",
      src_port: 44_006,
      src_device: "laptop",
      dst_port: 443,
      protocol: 6,
    },
    { flow_id: "2", domain: null, verdict: null, src_name: null, dst_port: null, protocol: 1 },
    { flow_id: "3", domain: "b.example", verdict: null, src_name: null, dst_port: 443, protocol: 6 },
    { flow_id: "4", domain: null, verdict: null, src_name: null, dst_port: 443, protocol: 6 },
  ].map((row) => ({ src_port: null, src_device: null, ...row, reporter: "debian", bytes: "6000", packets: "6", short: 1 }));
  const long = () => rows("SELECT flow_id FROM flows_long FINAL ORDER BY flow_id");

  it("gets what it lacks, by several servers at once, and once more changes nothing", async () => {
    await Promise.all([run(), run()]);
    expect(await filled()).toEqual(expected);
    expect(await long()).toEqual([{ flow_id: "2" }, { flow_id: "4" }]);
    expect(await rows("SELECT max(version) AS version FROM schema_versions")).toEqual([{ version: 3 }]);
    // What is older than the column was stored when it was received.
    expect(await rows("SELECT countIf(stored = received) AS same, count() AS n FROM flows")).toEqual([{ same: "3", n: "3" }]);
    const before = await rows("SELECT * FROM flow_deltas ORDER BY ALL");
    await test.clickhouse.command("TRUNCATE TABLE schema_versions");
    await test.clickhouse.command("INSERT INTO schema_versions (version) VALUES (1)");
    await run();
    expect(await rows("SELECT * FROM flow_deltas ORDER BY ALL")).toEqual(before);
  });

  it("is finished by the next server when one dies in it", async () => {
    const first = run().catch(() => {});
    // As soon as there is something that was filled in.
    while (
      (await rows("SELECT count() AS n FROM system.tables WHERE database = 'flowtrail' AND name = 'reattributions'"))[0]?.n !==
      "1"
    );
    process.kill(test.engine.status.pid ?? 0, "SIGKILL");
    await first;
    // Until the engine is back.
    while (!(await test.clickhouse.ping()).ok) await new Promise((resolve) => setTimeout(resolve, 50));
    await run();
    expect(await filled()).toEqual(expected);
    expect(await long()).toEqual([{ flow_id: "2" }, { flow_id: "4" }]);
  });

  it("counts nothing twice when reports of before come again", async () => {
    await run();
    await test.stop({ keep: true });
    const { store, stop } = await startTestStore({ dataDir: test.dataDir });
    const totals = { src_bytes: 6000, dst_bytes: 60, src_packets: 6, dst_packets: 6 };
    const [start, end] = [now - day, now - day + 2 * hour];
    await store.insert(
      batchOf([{ flow_id: "4", reporter_id: "n1", state: "closed", revision: 1, start, last_seen: end, end, ...totals }]),
    );
    await store.insert(
      batchOf([
        { flow_id: "1", reporter_id: "n1", revision: 1, start: now, since: now - 4000, last_seen: now + 6000, ...counters(1) },
      ]),
    );
    await store.settle();
    const sums = await store.clickhouse.rows(
      "SELECT flow_id, sum(src_bytes_delta) AS bytes FROM flow_deltas FINAL GROUP BY flow_id ORDER BY flow_id",
    );
    expect(sums).toEqual(["1", "2", "3", "4"].map((flow_id) => ({ flow_id, bytes: "6000" })));
    await stop();
  });
});
