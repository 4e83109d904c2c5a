import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { memoryLogger, startTestEngine, type TestEngine } from "../testing.ts";
import { FLOW_DELTAS, FLOWS, FLOWS_LONG } from "./flow-tables.ts";
import { migrate, SCHEMA_VERSION, TABLES } from "./migrate.ts";

describe("the schema", () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await startTestEngine();
  });
  afterEach(() => test.stop());

  const run = async () => {
    const logger = memoryLogger();
    await migrate(test.clickhouse, { logger });
    return logger.lines;
  };
  const columns = (table: string) =>
    test.clickhouse.rows<{ name: string; type: string }>(
      "SELECT name, type FROM system.columns WHERE database = 'flowtrail' AND table = {table:String} ORDER BY position",
      { table },
    );

  it("is made by several servers at once, and again, without harm", async () => {
    await Promise.all(Array.from({ length: 5 }, run));
    expect(await run()).toEqual([]);
    for (const table of TABLES) {
      expect(await columns(table.name)).toEqual(table.columns.map(({ name, type }) => ({ name, type })));
    }
    expect(await test.clickhouse.rows("SELECT version FROM schema_versions FINAL")).toEqual([{ version: SCHEMA_VERSION }]);
  });

  it("gets columns that an older program did not know, words of an enum, codecs and indexes", async () => {
    await run();
    await test.clickhouse.command("DROP VIEW flows_long_view");
    for (const table of ["flows", "flows_long"]) await test.clickhouse.command(`ALTER TABLE ${table} DROP COLUMN app`);
    await test.clickhouse.command("CREATE MATERIALIZED VIEW flows_long_view TO flows_long AS SELECT * FROM flows WHERE rank = 1");
    await test.clickhouse.command("ALTER TABLE flows MODIFY COLUMN verdict Nullable(Enum8('answered' = 0, 'refused' = 1))");
    await test.clickhouse.command("ALTER TABLE flows MODIFY COLUMN uid Nullable(UInt32) CODEC(NONE)");
    await test.clickhouse.command("ALTER TABLE flows DROP INDEX ix_src_ip");
    await test.clickhouse.command("ALTER TABLE flow_deltas DROP INDEX ix_stored");
    await test.clickhouse.command("ALTER TABLE flow_deltas ADD INDEX ix_stored stored TYPE minmax GRANULARITY 9");
    expect((await Promise.all([run(), run()]))[0]?.length).toBeGreaterThan(0);
    expect(await run()).toEqual([]);
    for (const { name, columns: wanted } of [FLOWS, FLOWS_LONG]) {
      expect(await columns(name)).toEqual(wanted.map((column) => ({ name: column.name, type: column.type })));
    }
    // The view copies the new column, too.
    const long = { flow_id: 1, start: "2026-11-20 10:00:00", last_seen: "2026-11-20 12:00:00", app: "h2", verdict: "denied" };
    await test.clickhouse.insert("flows", Object.keys(long), "JSONEachRow", JSON.stringify(long));
    expect(await test.clickhouse.rows("SELECT app, verdict FROM flows_long")).toEqual([{ app: "h2", verdict: "denied" }]);
  });

  it("lets no rows vanish by themselves whose retention is a setting", async () => {
    await run();
    await test.clickhouse.command("ALTER TABLE agent_batches MODIFY TTL toDateTime(received) + INTERVAL 30 DAY DELETE");
    expect((await Promise.all([run(), run()])).flat().join()).toContain("agent_batches");
    expect(await run()).toEqual([]);
    await test.clickhouse.insert("agent_batches", ["received"], "JSONEachRow", '{"received":"2020-01-01 00:00:00"}');
    expect(await test.clickhouse.rows("SELECT count() AS n FROM agent_batches")).toEqual([{ n: "1" }]);
  });

  it("has the numbers of a rollup's texts in rows that are older than these, at once and then written", async () => {
    await run();
    const { clickhouse } = test;
    await clickhouse.command("ALTER TABLE rollup_pairs DROP COLUMN src_key, DROP COLUMN dst_key");
    const row = {
      bucket: "2026-11-20 10:00:00",
      src_type: "user",
      src_id: null,
      src_name: "ana",
      dst_type: "node",
      dst_id: "id-1",
    };
    await clickhouse.insert("rollup_pairs", Object.keys(row), "JSONEachRow", JSON.stringify(row));
    expect((await Promise.all([run(), run()])).flat().join()).toContain("rollup_pairs");
    await clickhouse.insert("rollup_pairs", Object.keys(row), "JSONEachRow", JSON.stringify(row));
    const keys = "SELECT uniqExact(src_key, dst_key) AS n, countIf(src_key = dst_key OR src_key = 0) AS other FROM rollup_pairs";
    expect(await clickhouse.rows(keys)).toEqual([{ n: "1", other: "0" }]);
    expect(await run()).toEqual([]);
    const unwritten =
      "SELECT count() AS n FROM system.mutations WHERE database = currentDatabase() AND table = 'rollup_pairs' AND NOT is_done";
    await vi.waitFor(async () => expect(await clickhouse.rows(unwritten)).toEqual([{ n: "0" }]), {
      timeout: 30_000,
      interval: 200,
    });
    expect(await clickhouse.rows(keys)).toEqual([{ n: "1", other: "0" }]);
  });

  it("knows of rows that are older than a column what they were told when it came", async () => {
    await run();
    await test.clickhouse.command("DROP VIEW flows_long_view");
    await test.clickhouse.command("ALTER TABLE flows DROP INDEX ix_stored");
    await test.clickhouse.command("ALTER TABLE flows DROP COLUMN stored");
    const row = { flow_id: 1, start: "2026-11-20 10:00:00", received: "2026-11-20 10:00:05" };
    await test.clickhouse.insert("flows", Object.keys(row), "JSONEachRow", JSON.stringify(row));
    // A program that died after its first step.
    await test.clickhouse.command("ALTER TABLE flows ADD COLUMN stored DateTime64(3, 'UTC') DEFAULT received");
    await Promise.all([run(), run()]);
    const newer = { ...row, flow_id: 2 };
    await test.clickhouse.insert("flows", Object.keys(newer), "JSONEachRow", JSON.stringify(newer));
    expect(
      await test.clickhouse.rows(
        "SELECT flow_id, stored = received AS older, stored > now() - 60 AS newer FROM flows ORDER BY flow_id",
      ),
    ).toEqual([
      { flow_id: "1", older: 1, newer: 0 },
      { flow_id: "2", older: 0, newer: 1 },
    ]);
    expect(await run()).toEqual([]);
  });

  it("gets values that are made otherwise than before", async () => {
    await run();
    const { columns: deltas } = FLOW_DELTAS;
    const [version] = deltas.filter(({ name }) => name === "version");
    const made = () =>
      test.clickhouse.rows<{ version: string }>("SELECT toString(version) AS version FROM flow_deltas ORDER BY flow_id");
    const insert = (id: number) =>
      test.clickhouse.insert(
        "flow_deltas",
        ["flow_id", "src_bytes_delta"],
        "JSONEachRow",
        `{"flow_id":${id},"src_bytes_delta":7}`,
      );
    await test.clickhouse.command(
      "ALTER TABLE flow_deltas MODIFY COLUMN version UInt64 DEFAULT src_bytes_delta + dst_bytes_delta",
    );
    await insert(1);
    expect(await run()).toHaveLength(1);
    expect(await run()).toEqual([]);
    await insert(2);
    expect(version?.default).toContain("256");
    expect(await made()).toEqual([{ version: "7" }, { version: String(7 * 256) }]);
  });

  it("is left alone when it is newer, or not ours", async () => {
    await run();
    await test.clickhouse.command("ALTER TABLE flows MODIFY COLUMN rank String");
    await expect(run()).rejects.toMatchObject({
      data: { code: "SCHEMA_MISMATCH", table: "flows", column: "rank", found: "String" },
    });
    await test.clickhouse.command("INSERT INTO schema_versions (version) VALUES (99)");
    await expect(run()).rejects.toMatchObject({ data: { code: "SCHEMA_NEWER", found: 99 } });
  });
});
