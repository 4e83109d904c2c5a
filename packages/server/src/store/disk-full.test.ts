import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import { isTransient } from "./errors.ts";
import { startTestEngine, type TestEngine, temporaryDirectory } from "./testing.ts";

describe.skipIf(!needs("a full disk of the store", "root"))("on a full disk", () => {
  let dataDir: string;
  let test: TestEngine;

  beforeAll(async () => {
    dataDir = await temporaryDirectory();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=100m", "flowtrail-test", dataDir]);
    test = await startTestEngine({ dataDir, engine: { minFreeDiskBytes: 40_000_000 } });
    await test.clickhouse.command(
      "CREATE TABLE t (day UInt8, a String CODEC(NONE)) ENGINE = MergeTree PARTITION BY day ORDER BY tuple()",
    );
  });
  afterAll(async () => {
    await test.stop({ keep: true });
    execFileSync("umount", [dataDir]);
    rmSync(dataDir, { recursive: true });
  });

  it("refuses inserts with STORE_DISK_FULL, still answers, and goes on after old data was dropped", async () => {
    const { clickhouse } = test;
    const megabyte = (day: number) => `${JSON.stringify({ day, a: "x".repeat(1_000_000) })}\n`.repeat(5);
    const stored = async () => (await clickhouse.rows<{ n: string }>("SELECT count() AS n FROM t"))[0]?.n;
    let acknowledged = 0;
    const fill = async () => {
      for (let day = 0; day < 100; day++) {
        await clickhouse.insert("t", ["day", "a"], "JSONEachRow", megabyte(day));
        acknowledged += 5;
      }
    };
    const error = await fill().catch((e: unknown) => e);
    expect(error).toMatchObject({ data: { code: "STORE_DISK_FULL" } });
    expect(isTransient(error)).toBe(true);
    expect(acknowledged).toBeGreaterThan(0);
    expect(await stored()).toBe(String(acknowledged));
    for (const { p } of await clickhouse.rows<{ p: string }>(
      "SELECT DISTINCT partition AS p FROM system.parts WHERE table = 't' AND active",
    )) {
      await clickhouse.command(`ALTER TABLE t DROP PARTITION ${Number(p)}`);
    }
    await clickhouse.insert("t", ["day", "a"], "JSONEachRow", megabyte(1));
    expect(await stored()).toBe("5");
  });
});
