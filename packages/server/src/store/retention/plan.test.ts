import { describe, expect, it } from "vitest";
import { KEPT_TABLES } from "./kept-tables.ts";
import { isDiskFull, limitOf } from "./limit.ts";
import { type PlanInputs, planRetention } from "./plan.ts";
import type { Partition } from "./survey.ts";
import { dayMs, defaults, now, today } from "./testing.ts";

const MB = 1_000_000;

function day(name: string, ago: number): Partition {
  const table = KEPT_TABLES.find((kept) => kept.name === name);
  if (table === undefined) throw new TypeError(name);
  const fromMs = today - ago * dayMs;
  const id = new Date(fromMs).toISOString().slice(0, 10).replaceAll("-", "");
  return { table, id, fromMs, toMs: fromMs + dayMs, rows: 10, bytes: MB, parts: [{ node: 0, rows: 10, bytes: MB }] };
}

const partitions = [5, 4, 3, 2].flatMap((ago) => ["flow_deltas", "flows", "rollup_minutes"].map((name) => day(name, ago)));
const ask = async (more: Partial<PlanInputs>) => {
  const plan = await planRetention(
    {
      survey: {
        partitions,
        nodes: [{ bytes: 12 * MB, leavingBytes: 0, freeBytes: 0, diskBytes: 0 }],
        tables: new Map(),
        failures: [],
      },
      policy: defaults,
      holds: [],
      limit: { bytes: null, byNode: [null] },
      nowMs: now,
      rolledUpMs: Number.POSITIVE_INFINITY,
      isDiskFull: false,
      ...more,
    },
    async () => ({ gone: 10, kept: 0 }),
  );
  const named = (list: readonly Partition[]) => list.map(({ table, fromMs }) => `${table.name} ${(today - fromMs) / dayMs}`);
  return { ...plan, gone: named(plan.steps.map(({ partition }) => partition)), waiting: named(plan.waiting) };
};

describe("days that rollups are not made of yet", () => {
  const policy = { ...defaults, deltas_days: 2 };
  const rolledUpMs = today - 4 * dayMs;

  it("stay, however old their deltas are, but not longer than the flows", async () => {
    expect((await ask({ policy })).gone).toEqual(["flow_deltas 5", "flow_deltas 4", "flow_deltas 3"]);
    expect((await ask({ policy, rolledUpMs })).gone).toEqual(["flow_deltas 5"]);
    expect((await ask({ policy: { ...policy, flows_days: 3 }, rolledUpMs: 0 })).gone).toContain("flow_deltas 4");
  });

  it("stay, however large the store is, and no rollup goes instead", async () => {
    const limit = { bytes: MB, byNode: [null] };
    const plan = await ask({ limit, rolledUpMs });
    expect(plan.gone).toEqual(["flow_deltas 5", "flows 5"]);
    expect(plan.waiting).toContain("flow_deltas 4");
    expect(plan.isTooLarge).toBe(true);
    expect((await ask({ limit })).gone).toHaveLength(11);
  });

  it("go when nothing else helps: on a full disk no rollup can be made either", async () => {
    const plan = await ask({ limit: { bytes: 6 * MB, byNode: [null] }, rolledUpMs, isDiskFull: true });
    expect(plan.gone).toEqual(["flow_deltas 5", "flows 5", "flow_deltas 4", "flows 4", "flow_deltas 3", "flows 3"]);
    expect(plan.waiting).toEqual([]);
  });
});

it("a node that is away does not change what the others may hold", () => {
  const here = { bytes: 60 * MB, leavingBytes: 0, freeBytes: 140 * MB, diskBytes: 1000 * MB };
  const away = { bytes: 0, leavingBytes: 0, freeBytes: null, diskBytes: null, isAway: true };
  expect(limitOf({ max_size: "50%" }, [here, away], { minFreeDiskBytes: 0 })).toEqual({
    bytes: 100 * MB,
    byNode: [100 * MB, null],
  });
});

it("a disk is full when no more rows are taken, and nothing is leaving it", () => {
  const full = (freeBytes: number, leavingBytes: number, minFreeDiskBytes: number) =>
    isDiskFull([{ bytes: 0, leavingBytes, freeBytes, diskBytes: 1000 * MB }], { minFreeDiskBytes });
  expect([full(99 * MB, 0, 100 * MB), full(99 * MB, 2 * MB, 100 * MB), full(9 * MB, 0, 0), full(11 * MB, 0, 0)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
