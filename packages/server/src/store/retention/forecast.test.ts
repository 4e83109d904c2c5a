import type { RetentionPolicy } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { forecastOf, growthOf } from "./forecast.ts";
import { KEPT_TABLES } from "./kept-tables.ts";
import { limitOf } from "./limit.ts";
import { parseSizeLimit } from "./policy.ts";
import type { NodeSpace, Partition, Survey } from "./survey.ts";
import { dayMs, defaults, now, today } from "./testing.ts";

const MB = 1_000_000;

/** Days of a table, oldest first: how much each has, the last one being today's. */
function days(name: string, bytes: readonly number[]): Partition[] {
  const table = KEPT_TABLES.find((kept) => kept.name === name);
  if (table === undefined) throw new TypeError(name);
  return bytes.map((size, i) => {
    const fromMs = today - (bytes.length - 1 - i) * dayMs;
    const id = new Date(fromMs).toISOString().slice(0, 10).replaceAll("-", "");
    return { table, id, fromMs, toMs: fromMs + dayMs, rows: size, bytes: size, parts: [{ node: 0, rows: size, bytes: size }] };
  });
}

function survey(...partitions: Partition[]): Survey {
  const bytes = partitions.reduce((sum, partition) => sum + partition.bytes, 0);
  const tables = new Map<string, { rows: number; bytes: number }>();
  for (const { table, rows, bytes } of partitions) {
    const sum = tables.get(table.name) ?? { rows: 0, bytes: 0 };
    tables.set(table.name, { rows: sum.rows + rows, bytes: sum.bytes + bytes });
  }
  const ordered = partitions.sort((a, b) => a.fromMs - b.fromMs);
  return {
    partitions: ordered,
    nodes: [{ bytes, leavingBytes: 0, freeBytes: 1000 * MB, diskBytes: 2000 * MB }],
    tables,
    failures: [],
  };
}

const ask = (
  of: Survey,
  limitBytes: number | null,
  policy: Partial<RetentionPolicy> = {},
  lastSizeDropMs: number | null = null,
) => forecastOf({ survey: of, policy: { ...defaults, ...policy }, holds: [], limitBytes, lastSizeDropMs, nowMs: now });
const even = (count: number, bytes: number) => Array<number>(count).fill(bytes);

describe("growth", () => {
  it("is the mean of the last full days: neither today's nor what is longer ago", () => {
    const { bytesPerDay, days: basis } = growthOf(survey(...days("flows", [900, 10, 10, 10, 10, 10, 10, 80, 5])), now);
    expect([basis, bytesPerDay.get("flows")]).toEqual([7, 20]);
  });

  it("of a table that is younger than the store counts the days without it, too", () => {
    const of = survey(...days("flows", even(8, 10)), ...days("flow_deltas", [70, 0]));
    expect(growthOf(of, now).bytesPerDay.get("flow_deltas")).toBe(10);
  });

  it("can't be told before there is a full day", () => {
    expect(ask(survey(...days("flows", [5])), 100)).toMatchObject({ growth: { days: 0 }, fullInDays: null, keptDays: null });
    expect(ask(survey(), 100).next).toBeNull();
  });
});

describe("the forecast", () => {
  it("says when the limit is reached, and how many days are kept then", () => {
    // Ten days of 10 MB; 30 days would be 300.
    const of = survey(...days("flows", [...even(10, 10 * MB), 0]));
    expect(ask(of, 155 * MB)).toMatchObject({ fullInDays: 6, keptDays: 15 });
    expect(ask(of, 400 * MB)).toMatchObject({ fullInDays: null, keptDays: 30, steadyBytes: 300 * MB });
    expect(ask(of, null)).toMatchObject({ fullInDays: null, keptDays: 30 });
    expect(ask(of, 155 * MB, { flows_days: 12 })).toMatchObject({ fullInDays: null, keptDays: 12 });
  });

  it("knows that tables are kept for different times", () => {
    // 10 MB of flows for 30 days, 20 MB of deltas for 7: 440 MB.
    const of = survey(...days("flows", [...even(7, 10 * MB), 0]), ...days("flow_deltas", [...even(7, 20 * MB), 0]));
    expect(ask(of, 500 * MB)).toMatchObject({ fullInDays: null, steadyBytes: 440 * MB });
    expect(ask(of, 345 * MB)).toMatchObject({ keptDays: 20, fullInDays: 14 });
  });

  it("says that the limit is reached when days are dropped for it", () => {
    const of = survey(...days("flows", [...even(14, 10 * MB), 5 * MB]));
    expect(ask(of, 150 * MB, {}, now - dayMs)).toMatchObject({ fullInDays: 0, keptDays: 15 });
    expect(ask(of, 150 * MB, {}, now - 30 * dayMs)).toMatchObject({ fullInDays: 1 });
  });

  it("says what goes next, by age or by size, and never what is held", () => {
    const of = survey(...days("flows", [...even(10, 10 * MB), 0]));
    const oldest = today - 10 * dayMs;
    expect(ask(of, 400 * MB).next).toMatchObject({ table: "flows", fromMs: oldest, why: "age", atMs: oldest + 31 * dayMs });
    expect(ask(of, 155 * MB).next).toMatchObject({ fromMs: oldest, why: "size", atMs: now + 6 * dayMs });
    const hold = {
      id: "1",
      fromMs: oldest,
      toMs: oldest + 2 * dayMs,
      network: null,
      reason: "",
      who: "",
      createdMs: 0,
      releasedMs: null,
      releasedBy: null,
    };
    const held = { survey: of, policy: defaults, holds: [hold], limitBytes: 155 * MB, lastSizeDropMs: null, nowMs: now };
    expect(forecastOf(held).next).toMatchObject({ fromMs: oldest + 2 * dayMs });
    expect(forecastOf({ ...held, holds: [{ ...hold, releasedMs: 1 }] }).next).toMatchObject({ fromMs: oldest });
  });
});

describe("the limit", () => {
  const node = { bytes: 60 * MB, leavingBytes: 20 * MB, freeBytes: 120 * MB, diskBytes: 1000 * MB };
  const limit = (max_size: string, nodes: readonly NodeSpace[] = [node], minFreeDiskBytes = 10 * MB) =>
    limitOf({ max_size }, nodes, { minFreeDiskBytes });

  it("is a share of what the store could have, what was dropped a moment ago with it", () => {
    expect(limit("50%")).toEqual({ bytes: 100 * MB, byNode: [100 * MB] });
    expect(limit("50%", [node, node]).bytes).toBe(200 * MB);
  });

  it("leaves room for inserts to go on, whatever is set", () => {
    expect(limit("95%").bytes).toBe(180 * MB);
    expect(limit("1TB").bytes).toBe(180 * MB);
    expect(limit("90MB").bytes).toBe(90 * MB);
    expect(limit("none").bytes).toBeNull();
  });

  it("deletes nothing for room that others have taken: all of it would not be enough", () => {
    const small = { ...node, bytes: 5 * MB, leavingBytes: 0, freeBytes: 10 * MB };
    expect(limit("1TB", [small]).bytes).toBe(15 * MB);
    expect(limit("80%", [small]).bytes).toBe(12 * MB);
  });

  it("can't be a share of a disk that tells nothing", () => {
    const silent = { ...node, freeBytes: null, diskBytes: null };
    expect(limit("50%", [silent]).bytes).toBeNull();
    expect(limit("90MB", [silent]).bytes).toBe(90 * MB);
  });

  it("is read as people write it", () => {
    expect(["none", "80%", "200GiB", "1.5 GB", "0%", "96%", "10", "much", ""].map((text) => parseSizeLimit(text))).toEqual([
      { kind: "none" },
      { kind: "share", share: 0.8 },
      { kind: "bytes", bytes: 200 * 1024 ** 3 },
      { kind: "bytes", bytes: 1_500_000_000 },
      ...even(5, 0).map(() => null),
    ]);
  });
});
