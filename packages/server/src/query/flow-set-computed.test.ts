import { FILTER_FIELDS, filterTest, printFilter, type TimeRange, type Value } from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as samples from "../../../model/src/filter/testing.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { FlowCounts } from "./count.ts";
import { FlowFacets, hasFacet, withoutOwn } from "./facets.ts";
import { FlowList } from "./flow-list.ts";
import type { CountedSources } from "./flow-list-known.ts";
import { histogram } from "./histogram.ts";
import { Inquiry } from "./inquiry.ts";
import { FlowSeen } from "./seen.ts";
import { type AnyFlows, heard, storeAnyFlows } from "./testing.ts";
import { parseForAll } from "./testing-narrowed.ts";
import { Traffic } from "./traffic/traffic.ts";

const HOUR_MS = 3_600_000;
// Rollups are computed hour by hour until now.
const nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS;
const FACETS = FILTER_FIELDS.filter(hasFacet);
const FEW = FACETS.filter(({ name }) => name === "protocol" || name === "src.name");

let test: TestStore;
let stored: AnyFlows;
beforeAll(async () => {
  test = await startTestStore();
  stored = await storeAnyFlows(test.store, { samples, flows: 400, nowMs, seed: 13, hours: 6 });
});
afterAll(() => test.stop());

/** As the server knows it when rollups are computed. */
async function computedSources(): Promise<CountedSources> {
  const { rollups } = test.store;
  await rollups.pass(AbortSignal.timeout(60_000), { all: true });
  const counted = () => rollups.counted();
  return {
    counted,
    throughMs: (name) => rollups.throughMs(name),
    rollupFromMs: () => 0,
    deltasFromMs: () => 0,
    flowsFromMs: () => 0,
  };
}

const inquiry = () => new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(60_000) });
const range: fc.Arbitrary<TimeRange> = fc
  .tuple(fc.integer({ min: 0, max: 8 * 60 }), fc.integer({ min: 1, max: 8 * 60 }))
  .map(([agoMinutes, minutes]) => ({
    fromMs: nowMs - (agoMinutes + minutes) * 60_000,
    toMs: nowMs + 60_000 - agoMinutes * 60_000,
  }));
const uncomputed = { heard, sources: { throughMs: () => 0, rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 } };

const add = (sum: bigint, value: string | number | null) => sum + BigInt(value ?? 0);

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
      fc.asyncProperty(range, fc.constantFrom(...known.map(parseForAll)), async (given, passes) => {
        const rows = stored.among(given, passes);
        const asked = inquiry();
        expect(await counts.count(given, passes, asked), printFilter(passes)).toEqual({
          count: rows.length,
          exact: true,
          note: null,
        });
        const { values } = await facets.facets(
          { range: given, asked: passes, always: parseForAll(""), fields, limit: 5000 },
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
      const passes = parseForAll(text);
      const asked = inquiry();
      expect(await seen.seen(passes, asked), text).toEqual(
        await new FlowSeen({ ...uncomputed, now: () => nowMs }).seen(passes, inquiry()),
      );
      expect(asked.meta.table).toMatch(/rollup/);
    }
  });

  it("tells which values have a text, so that a list goes to their rows: it is the same list", async () => {
    const sources = await computedSources();
    // The rows were stored a moment ago: all of them might be news.
    const counted = () => ({ ...sources.counted(), storedBeforeMs: Date.now() });
    const list = (knows: boolean) =>
      new FlowList({ heard, now: () => nowMs, ...(knows ? { known: { sources: { ...sources, counted }, leastMs: 1 } } : {}) });
    const texts = [
      "domain~kel",
      "kelvin",
      "name~deb protocol=6",
      "src.domain~e or ana",
      "domain~e name~e",
      "domain~nobody",
      "nobody",
      "a*n",
    ];
    let narrowed = 0;
    const asked = fc.record({
      range,
      text: fc.constantFrom(...texts),
      limit: fc.constantFrom(3, 40),
      order: fc.constantFrom("asc", "desc"),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ text, ...asks }) => {
        const query = { ...asks, filter: parseForAll(text), sort: "time", place: null } as const;
        const asking = inquiry();
        const page = await list(true).page(query, asking);
        expect(page, text).toEqual(await list(false).page(query, inquiry()));
        narrowed += Number(asking.meta.table.includes("rollup_value"));
      }),
      { numRuns: 15 },
    );
    expect(narrowed).toBeGreaterThan(1);
    // The same look-up for what is counted: what nobody has is known by one statement, whatever is asked.
    const known = { sources: { ...sources, counted: () => ({ storedBeforeMs: Date.now(), fromMs: 0 }) }, leastMs: 1 };
    const deps = { heard, sources, known };
    const everything = { fromMs: nowMs - 8 * HOUR_MS, toMs: nowMs + HOUR_MS };
    for (const text of ["kelvin", "name~DEB protocol=6", "src.domain~e", "domain~nobody", "nobody", "laptop primary=true"]) {
      const filter = parseForAll(text);
      const asked = new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(60_000), explain: true });
      const rows = stored.among(everything, filter);
      expect(await new FlowCounts(deps).count(everything, filter, asked), text).toMatchObject({
        count: rows.length,
        exact: true,
      });
      const question = { range: everything, asked: filter, always: parseForAll(""), fields: FEW, limit: 5000 };
      const facets = await new FlowFacets(deps).facets(question, inquiry());
      expect(facets, text).toEqual(await new FlowFacets({ heard, sources }).facets(question, inquiry()));
      const traffic = new Traffic(deps);
      const chart = { filter, group: null, metric: "reports", buckets: 10, limit: 5, previous: true, range: everything } as const;
      const plain = await histogram(new Traffic({ heard, sources }), chart, inquiry());
      expect((await histogram(traffic, chart, inquiry())).series.flat().reduce(add, 0n), text).toBe(
        plain.series.flat().reduce(add, 0n),
      );
      if (rows.length === 0) expect(asked.meta.sql, text).toHaveLength(1);
    }
    expect(stored.among(everything, parseForAll("nobody"))).toEqual([]);
    // What came since is not counted.
    await test.store.clickhouse.command(
      `INSERT INTO flows (start, flow_id, reporter_id, reporter, network, state, last_seen, end, primary, protocol, domain, version)
       SELECT fromUnixTimestamp64Milli(toInt64(${nowMs - 4 * HOUR_MS})) AS start, 77, 'node-1', 'node-1', 'n', 'closed', start, start, true, 6, 'new.example', 0`,
    );
    const query = {
      range: { fromMs: nowMs - 8 * HOUR_MS, toMs: nowMs },
      filter: parseForAll("domain~new.ex"),
      limit: 9,
      sort: "time",
      order: "desc",
      place: null,
    } as const;
    const knows = { sources: { ...sources, counted: () => ({ storedBeforeMs: Date.now() - 60_000, fromMs: 0 }) }, leastMs: 1 };
    expect((await new FlowList({ heard, now: () => nowMs, known: knows }).page(query, inquiry())).flows).toHaveLength(1);
    const question = { ...query, asked: query.filter, always: parseForAll(""), fields: FEW };
    const told = await new FlowFacets({ heard, sources, known: knows }).facets(question, inquiry());
    expect(told.values.get("protocol")).toEqual([{ value: 6, count: 1 }]);
  });
});
