import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { memoryLogger, startTestEngine, type TestEngine } from "../testing.ts";
import { FLOW_DELTAS, FLOWS } from "./flow-tables.ts";
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

  it("gets columns that an older program did not know, and words of an enum", async () => {
    await run();
    await test.clickhouse.command("ALTER TABLE flows DROP COLUMN app");
    await test.clickhouse.command("ALTER TABLE flows MODIFY COLUMN verdict Nullable(Enum8('answered' = 0, 'refused' = 1))");
    expect(await run()).toHaveLength(2);
    expect(await columns("flows")).toEqual(FLOWS.columns.map(({ name, type }) => ({ name, type })));
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
