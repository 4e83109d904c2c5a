import { FILTER_FIELDS, filterTest, parseFilter, printFilter, type TimeRange, type Value } from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as samples from "../../../model/src/filter/testing.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { FlowCounts } from "./count.ts";
import { FlowFacets, hasFacet, withoutOwn } from "./facets.ts";
import { Inquiry } from "./inquiry.ts";
import { FlowSeen } from "./seen.ts";
import { type AnyFlows, heard, storeAnyFlows } from "./testing.ts";
import type { TrafficSources } from "./traffic/plan.ts";

const HOUR_MS = 3_600_000;
// Rollups are computed hour by hour until now.
const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const FACETS = FILTER_FIELDS.filter(hasFacet);

let test: TestStore;
let stored: AnyFlows;
beforeAll(async () => {
  test = await startTestStore();
  stored = await storeAnyFlows(test.store, { samples, flows: 400, nowMs, seed: 13, hours: 6 });
});
afterAll(() => test.stop());

/** As the server knows it when rollups are computed. */
async function computedSources(): Promise<TrafficSources> {
  const { rollups } = test.store;
  await rollups.pass(AbortSignal.timeout(60_000), { all: true });
  return { throughMs: (name) => rollups.throughMs(name), rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 };
}

const inquiry = () => new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(60_000) });
const range: fc.Arbitrary<TimeRange> = fc
  .tuple(fc.integer({ min: 0, max: 8 * 60 }), fc.integer({ min: 1, max: 8 * 60 }))
  .map(([agoMinutes, minutes]) => ({
    fromMs: nowMs - (agoMinutes + minutes) * 60_000,
    toMs: nowMs + 60_000 - agoMinutes * 60_000,
  }));
const uncomputed = { heard, sources: { throughMs: () => 0, rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 } };

describe("what rollups know", () => {
  it("is the same: counts, facets, first and last seen", async () => {
    const deps = { heard, sources: await computedSources() };
    expect(deps.sources.throughMs("rollup_values")).toBeGreaterThan(nowMs);
    const [counts, facets, seen] = [new FlowCounts(deps), new FlowFacets(deps), new FlowSeen({ ...deps, now: () => nowMs })];
    const known = [
      "",
      "primary=true",
      "network!=debian",
      "protocol=6 primary=true",
      "src.type=external or verdict=null",
      "domain~e",
    ];
    const fields = FACETS.filter((field) =>
      ["network", "reporter", "state", "domain", "protocol", "end_reason", "src.name"].includes(field.name),
    );
    await fc.assert(
      fc.asyncProperty(range, fc.constantFrom(...known.map(parseFilter)), async (given, passes) => {
        const rows = stored.among(given, passes);
        const asked = inquiry();
        expect(await counts.count(given, passes, asked), printFilter(passes)).toEqual({
          count: rows.length,
          exact: true,
          note: null,
        });
        const { values } = await facets.facets(
          { range: given, asked: passes, always: parseFilter(""), fields, limit: 5000 },
          asked,
        );
        for (const field of fields) {
          const among = stored.among(given, withoutOwn(passes, field));
          const has = (value: Value) =>
            among.filter(filterTest({ kind: "is", field: field.name, values: [value], not: false })).length;
          const told = values.get(field.name) ?? [];
          expect(told, `${field.name} ${printFilter(passes)}`).toEqual(told.map(({ value }) => ({ value, count: has(value) })));
          expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(among.length);
        }
        if (given.toMs - given.fromMs > 4 * HOUR_MS) expect(asked.meta.table).toMatch(/rollup/);
      }),
      { numRuns: 15 },
    );
    for (const text of ["domain=kelvin", "src.name=debian", "src.type=user protocol=6", "domain=nobody"]) {
      const passes = parseFilter(text);
      const asked = inquiry();
      expect(await seen.seen(passes, asked), text).toEqual(
        await new FlowSeen({ ...uncomputed, now: () => nowMs }).seen(passes, inquiry()),
      );
      expect(asked.meta.table).toMatch(/rollup/);
    }
  });
});
