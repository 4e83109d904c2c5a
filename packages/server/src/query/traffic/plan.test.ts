import { parseFilter } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { filterOf } from "../../api/flow-params.ts";
import { EVERYTHING } from "../../auth/identity.ts";
import { columnGroup, type GroupField, groupField } from "./fields.ts";
import { leastStepMs, planTraffic, type TrafficSources } from "./plan.ts";
import type { TrafficMeasure, TrafficQuestion } from "./question.ts";
import { alignDown, stepFor, stepsIn } from "./steps.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const T0 = Date.UTC(2026, 10, 1);
const NOW = T0 + 20 * DAY + 10 * HOUR + 30 * MINUTE + 17_000;
const sources: TrafficSources = {
  throughMs: () => NOW - 2 * MINUTE,
  rollupFromMs: () => 0,
  deltasFromMs: () => T0,
  flowsFromMs: () => 0,
};
const bytes: readonly TrafficMeasure[] = ["bytes"];

function planned(q: string, by: readonly string[], change: Partial<TrafficQuestion> = {}, deps: Partial<TrafficSources> = {}) {
  const groups = by.map((name) => groupField(name) as GroupField);
  const range = { fromMs: NOW - 10 * DAY, toMs: NOW };
  const question = { filter: parseFilter(q), groups, measures: bytes, range, stepMs: DAY, ...change };
  return planTraffic(question, { ...sources, ...deps });
}
const told = (plan: ReturnType<typeof planTraffic>) =>
  plan.segments
    .toSorted((a, b) => a.range.fromMs - b.range.fromMs)
    .map(({ range, ...segment }) => [
      segment.kind === "rollup" ? segment.rollup.table.name : segment.kind,
      (range.toMs - range.fromMs) / 1000,
    ]);

describe("a plan", () => {
  it("takes whole buckets of the preferred rollup, finer ones at the edges, and rows for the rest", () => {
    expect(told(planned("", ["protocol"]))).toEqual([
      // 10:30:17 … 10:31, … 11:00, … days of hours … 10:00, … 10:28
      ["deltas", 43],
      ["rollup_minutes", 29 * 60],
      ["rollup_hours", 9 * 86_400 + 23 * 3600],
      ["rollup_minutes", 28 * 60],
      ["deltas", 137],
    ]);
    const days = told(planned("src.name=ana", ["reporter"])).map(([name]) => name);
    expect(days).toEqual(["deltas", "rollup_sources", "rollup_source_days", "rollup_sources", "deltas"]);
  });

  it.each([
    ["network!=sample", ["protocol"], "rollup_hours"],
    ["", ["src.name"], "rollup_initiator_days"],
    ["", ["reporter"], "rollup_reporter_days"],
    ["src.name=ana", ["reporter"], "rollup_source_days"],
    ["", ["src.name", "dst.name"], "rollup_pair_days"],
    ["proto=tcp dst.port=443", ["src.name"], "rollup_pairs"],
    ["name=ana", [], "rollup_pair_days"],
    ["dst.port!=443", ["dst.name"], "rollup_destination_days"],
    ["domain~example", ["domain"], "rollup_domain_days"],
    ["dst.domain=a.example", ["dst.domain"], "rollup_domain_days"],
    ["primary=true", [], "deltas"],
    ["src.ip in 10.0.0.0/8", ["protocol"], "deltas"],
    ["dst.port=50000", ["dst.port"], "deltas"],
    ["dst.port>443", ["dst.port"], "deltas"],
    ["dst.port>=0", ["dst.port"], "rollup_destination_days"],
    ["dst.port in (443, 0)", ["dst.port"], "deltas"],
    ["ana", ["protocol"], "deltas"],
    ["port=443", [], "deltas"],
    ["port=443 debian", ["src.name"], "deltas"],
    ["", ["src.port"], "deltas"],
    ["bytes>1M", ["protocol"], "spread"],
    ["duration>1h", [], "spread"],
    ["", ["state"], "spread"],
  ])("for %s by %s is mainly made from %s", (q, by, table) => {
    const plan = planned(q, by);
    const [longest] = told(plan).sort(([, a], [, b]) => Number(b) - Number(a));
    expect(longest?.[0]).toBe(table);
    expect(plan.tables[0]).toBe({ deltas: "flow_deltas", spread: "flows" }[table] ?? table);
    expect(plan.estimated).toBe(table === "spread");
  });

  it("is made from rollups by default, although sample traffic is left out", () => {
    expect(planned("", ["protocol"], { filter: filterOf({ identity: { kind: "anybody", ...EVERYTHING } }, {}) }).tables[0]).toBe(
      "rollup_hours",
    );
  });

  it("goes on with an older rollup of the same width where a new one is not computed", () => {
    const middle = alignDown(NOW - 5 * DAY, DAY);
    const isNew = (name: string) => name === "rollup_initiator_days";
    const question = [planned("", ["src.name"], {}, { throughMs: (name) => (isNew(name) ? middle : NOW - 2 * MINUTE) })];
    question.push(planned("", ["src.name"], {}, { rollupFromMs: (name) => (isNew(name) ? middle : 0) }));
    const [behind, young] = question.map((plan) =>
      told(plan)
        .map(([name]) => name)
        .filter((name) => String(name).endsWith("days")),
    );
    expect(behind).toEqual(["rollup_initiator_days", "rollup_source_days"]);
    expect(young).toEqual(["rollup_source_days", "rollup_initiator_days"]);
  });

  it("takes no rollup whose buckets are wider than steps", () => {
    expect(planned("", ["src.name"], { stepMs: 6 * HOUR }).tables[0]).toBe("rollup_initiators");
    expect(planned("", ["src.name"], { stepMs: 15 * MINUTE }).tables[0]).toBe("flow_deltas");
    expect(planned("", ["src.name"], { stepMs: null }).tables[0]).toBe("rollup_initiator_days");
  });

  it("tells high ports as one where a rollup takes part, or where it is to", () => {
    expect(planned("", ["dst.port"]).folded).toBe(true);
    expect(planned("", ["dst.port"], {}, { throughMs: () => 0 }).folded).toBe(false);
    expect(planned("", ["dst.port"], { fold: true }, { throughMs: () => 0 }).folded).toBe(true);
    expect(planned("", ["domain"]).folded).toBe(false);
  });

  it("counts what began from flows, and spreads bytes where deltas are gone", () => {
    const measures = ["bytes", "connections"] as const;
    const none = { throughMs: () => 0, deltasFromMs: () => NOW - 3 * DAY };
    const plan = planned("", [], { measures }, none);
    expect(told(plan).sort()).toEqual([
      ["begun", 10 * 86_400],
      ["deltas", 3 * 86_400],
      ["spread", 7 * 86_400],
    ]);
    expect(plan.tables).toEqual(["flows", "flow_deltas"]);
  });

  it("says when rows are gone that it would need", () => {
    const gone = { flowsFromMs: () => NOW - 5 * DAY, rollupFromMs: () => T0 };
    expect(planned("src.ip=::1", [], {}, gone).partial).toBe(true);
    expect(planned("src.ip=::1", [], { range: { fromMs: NOW - 5 * DAY, toMs: NOW } }, gone).partial).toBe(false);
    // Only the edge of the first bucket is missing: it is not whole.
    expect(planned("", ["src.name"], {}, gone).partial).toBe(true);
    expect(planned("", ["src.name"], { range: { fromMs: T0 + 10 * DAY, toMs: NOW } }, gone).partial).toBe(false);
    const short = { ...gone, rollupFromMs: (name: string) => (name === "rollup_minutes" ? NOW - DAY : T0) };
    expect(told(planned("", ["protocol"], { range: { fromMs: T0 + 10 * DAY, toMs: NOW } }, short))[0]?.[0]).toBe("rollup_hours");
  });
});

describe("steps", () => {
  it("are of a ladder, aligned, and not more than asked for", () => {
    const range = (lengthMs: number) => ({ fromMs: NOW - lengthMs, toMs: NOW });
    expect(stepFor(range(15 * MINUTE), 120)).toBe(10_000);
    expect(stepFor(range(DAY), 120)).toBe(15 * MINUTE);
    expect(stepFor(range(30 * DAY), 120)).toBe(12 * HOUR);
    expect(stepFor({ fromMs: T0, toMs: T0 + 30 * DAY }, 120)).toBe(6 * HOUR);
    expect(stepFor(range(1), 120)).toBe(1000);
    expect(stepFor({ fromMs: 0, toMs: Date.UTC(2299, 0, 1) }, 1000) % DAY).toBe(0);
    for (const buckets of [1, 2, 7, 120, 1000])
      for (const length of [1, 999, 61_001, 47 * MINUTE, 5 * HOUR, 33 * DAY, 9000 * DAY])
        expect(stepsIn(range(length), stepFor(range(length), buckets))).toBeLessThanOrEqual(buckets);
  });

  it("are as wide as a rollup's where that is fine enough", () => {
    const groups = [columnGroup("src_name")];
    const question = { filter: parseFilter(""), groups };
    const of = (lengthMs: number, by = groups) =>
      leastStepMs({ ...question, groups: by }, { fromMs: NOW - lengthMs, toMs: NOW }, 48);
    // Below hours there are only rows.
    expect([of(11 * HOUR), of(12 * HOUR), of(DAY), of(47 * DAY), of(48 * DAY)]).toEqual([0, HOUR, HOUR, HOUR, DAY]);
    const kinds = [columnGroup("protocol")];
    expect([of(DAY, kinds), of(47 * HOUR, kinds), of(48 * HOUR, kinds)]).toEqual([0, 0, HOUR]);
    expect(leastStepMs(question, { fromMs: NOW - 12 * DAY, toMs: NOW }, 12)).toBe(DAY);
    expect(leastStepMs({ filter: parseFilter("src.ip=::1"), groups }, { fromMs: 0, toMs: NOW }, 48)).toBe(0);
  });
});
