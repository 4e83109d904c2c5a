import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../../../../test/needs.ts";
import { temporaryDirectory } from "../testing.ts";
import { dayMs, now, startTestRetention, type TestRetention, today } from "./testing.ts";

const RESERVE_BYTES = 30_000_000;

describe.skipIf(!needs("retention on a full disk", "root"))("on a full disk", () => {
  let dataDir: string;
  let made: TestRetention;
  beforeAll(async () => {
    dataDir = await temporaryDirectory();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=110m", "flowtrail-test", dataDir]);
    made = await startTestRetention({ dataDir, engine: { minFreeDiskBytes: RESERVE_BYTES } });
  });
  afterAll(async () => {
    await made?.stop({ keep: true });
    execFileSync("umount", [dataDir]);
    rmSync(dataDir, { recursive: true });
  });

  it("makes room although nothing can be inserted, and inserts go on", async () => {
    const retention = made.another({ minFreeDiskBytes: RESERVE_BYTES });
    await retention.start();
    await retention.settings.set({ deltas_days: 30 }, "test", now);
    const dayAt = (i: number) => today - (28 - i) * dayMs;
    let filled = 0;
    const fill = async () => {
      for (; filled < 28; filled++) await made.fill(dayAt(filled), 100_000);
    };
    await expect(fill()).rejects.toMatchObject({ code: "STORE_DISK_FULL" });
    expect(filled).toBeGreaterThan(1);
    expect(await retention.run(now)).toEqual([]);
    // More than the disk has: the reserve limits it.
    await retention.settings.set({ max_size: "1GB" }, "test", now);
    const done = await retention.run(now);
    expect(new Set(done.map(({ why }) => why))).toEqual(new Set(["size"]));
    await made.fill(today, 1000);
    const days = (await made.days()).map((day) => day.split(" ")[0]);
    const name = (ms: number) => new Date(ms).toISOString().slice(0, 10).replaceAll("-", "");
    expect(days).not.toContain(name(dayAt(0)));
    expect(days).toEqual(expect.arrayContaining([name(dayAt(filled - 1)), name(today)]));
    expect(retention.problem).toBeNull();
  });
});
