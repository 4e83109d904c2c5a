import {
  allFilters,
  FILTER_FIELDS,
  type Field,
  type Filter,
  filterTest,
  parseFilter,
  printFilter,
  type TimeRange,
} from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as samples from "../../../model/src/filter/testing.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { FlowCounts } from "./count.ts";
import { FlowFacets, hasFacet, withoutOwn } from "./facets.ts";
import { Inquiry } from "./inquiry.ts";
import { FlowSeen } from "./seen.ts";
import { type AnyFlows, heard, storeAnyFlows } from "./testing.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;

let test: TestStore;
let stored: AnyFlows;
beforeAll(async () => {
  test = await startTestStore();
  stored = await storeAnyFlows(test.store, { samples, flows: 400, nowMs, seed: 12 });
});
afterAll(() => test.stop());

const inquiry = () => new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(60_000) });
const range: fc.Arbitrary<TimeRange> = fc
  .tuple(fc.integer({ min: 0, max: 62 * 60 }), fc.integer({ min: 1, max: 62 * 60 }))
  .map(([agoMinutes, minutes]) => ({
    fromMs: nowMs - (agoMinutes + minutes) * 60_000,
    toMs: nowMs + 60_000 - agoMinutes * 60_000,
  }));
const filter: fc.Arbitrary<Filter> = fc.oneof(
  samples.filterArbitrary,
  fc.constantFrom(
    ...["", "primary=true", "state=open", "state=lost", "network!=debian primary=true", "src.domain!=null"].map(parseFilter),
  ),
);
const twoDays = { fromMs: nowMs - 48 * HOUR_MS, toMs: nowMs - HOUR_MS };
const uncomputed = { heard, sources: { throughMs: () => 0, rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 } };

describe("a count", () => {
  it("is the number of rows of the list", async () => {
    const counts = new FlowCounts(uncomputed);
    let met = 0;
    await fc.assert(
      fc.asyncProperty(range, filter, async (given, passes) => {
        const expected = stored.among(given, passes).length;
        if (expected > 0) met++;
        const asked = inquiry();
        expect(await counts.count(given, passes, asked), printFilter(passes)).toEqual({
          count: expected,
          exact: true,
          note: null,
        });
        expect(asked.meta.partial).toBe(false);
      }),
      { numRuns: 40 },
    );
    expect(met).toBeGreaterThan(10);
  });

  it("is an estimate that says so where there is too much to count", async () => {
    const asked = inquiry();
    const few = new FlowCounts(uncomputed, 200);
    const { count, exact, note } = await few.count(twoDays, parseFilter(""), asked);
    expect({ exact, note }).toEqual({
      exact: false,
      note: expect.stringMatching(/^estimated from 32 stretches of time that hold \d+ % of the range$/),
    });
    expect(asked.meta.partial).toBe(true);
    const expected = stored.among(twoDays, parseFilter("")).length;
    expect(count).toBeGreaterThan(expected / 3);
    expect(count).toBeLessThan(expected * 3);
  });
});

describe("first and last seen", () => {
  it("are the first start and the last activity of all flows that pass", async () => {
    const seen = new FlowSeen({ ...uncomputed, now: () => nowMs });
    let met = 0;
    await fc.assert(
      fc.asyncProperty(filter, async (passes) => {
        const rows = stored.rows.filter(filterTest(passes));
        const starts = rows.map(({ start }) => Date.parse(String(start)));
        const ends = rows.map(({ start, end, last_seen }) =>
          Math.max(Date.parse(String(start)), Date.parse(String(end ?? last_seen))),
        );
        if (rows.length > 0) met++;
        const expected =
          rows.length === 0 ? { firstMs: null, lastMs: null } : { firstMs: Math.min(...starts), lastMs: Math.max(...ends) };
        expect(await seen.seen(passes, inquiry()), printFilter(passes)).toEqual({ ...expected, exact: true, note: null });
      }),
      { numRuns: 40 },
    );
    expect(met).toBeGreaterThan(10);
  });
});

const FACETS = FILTER_FIELDS.filter(hasFacet);

describe("facets", () => {
  it("count the flows of the list that have a value, once each, whatever the filter says of this field", async () => {
    const facets = new FlowFacets(uncomputed);
    const always = parseFilter("network!=debian");
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(range, filter, fc.subarray(FACETS, { minLength: 1, maxLength: 6 }), async (given, asked, fields) => {
        const { values, more, exact, note } = await facets.facets(
          { range: given, asked, always, fields, limit: 5000 },
          inquiry(),
        );
        expect({ more, exact, note }).toEqual({ more: [], exact: true, note: null });
        for (const field of fields) {
          const rows = stored.among(given, allFilters([withoutOwn(asked, field), always]));
          const told = values.get(field.name) ?? [];
          const has = (only: Field, some: readonly unknown[]) =>
            rows.filter(filterTest({ kind: "is", field: only.name, values: some as string[], not: false })).length;
          expect(told, `${field.name} ${printFilter(asked)}`).toEqual(
            told.map(({ value }) => ({ value, count: has(field, [value]) })),
          );
          expect(new Set(told.map(({ value }) => value)).size).toBe(told.length);
          expect(
            has(
              field,
              told.map(({ value }) => value),
            ),
          ).toBe(rows.length);
          const counts = told.map(({ count }) => count);
          expect(counts).toEqual(counts.toSorted((a, b) => b - a));
          counted += told.length;
        }
      }),
      { numRuns: 25 },
    );
    expect(counted).toBeGreaterThan(200);
  });

  it("say which fields have more values", async () => {
    const fields = FACETS.filter(({ name }) => ["direction", "src.ip", "ip"].includes(name));
    const question = { range: twoDays, asked: parseFilter(""), always: parseFilter(""), fields, limit: 3 };
    const { values, more } = await new FlowFacets(uncomputed).facets(question, inquiry());
    expect([...more].sort()).toEqual(["ip", "src.ip"]);
    expect(values.get("src.ip")).toHaveLength(3);
    expect(values.get("direction")).toHaveLength(2);
  });

  it("are estimates that say so where there is too much to count", async () => {
    const fields = FACETS.filter(({ name }) => name === "direction");
    const question = { range: twoDays, asked: parseFilter(""), always: parseFilter(""), fields, limit: 10 };
    const asked = inquiry();
    const { exact, note, values } = await new FlowFacets(uncomputed, 200).facets(question, asked);
    expect({ exact, note }).toEqual({ exact: false, note: expect.stringMatching(/^estimated from/) });
    expect(asked.meta.partial).toBe(true);
    expect(values.get("direction")?.every(({ count }) => Number.isInteger(count) && count > 0)).toBe(true);
  });
});

describe("what remains of a filter for a field's own values", () => {
  it.each([
    ["protocol=tcp port=443", "port", "protocol=tcp"],
    ["port=80 or port=443", "port", ""],
    ["(port=80 or port=443) not port=22 domain~x", "port", "domain~x"],
    ["port=80 or domain~x", "port", "port=80 or domain~x"],
    ["not (port=80 or domain~x)", "port", "not (port=80 or domain~x)"],
    ["dst.port=443 github", "port", "dst.port=443 and github"],
    ["", "port", ""],
  ])("%s without %s: %s", (asked, name, remains) => {
    const field = FILTER_FIELDS.find((one) => one.name === name) as Field;
    expect(printFilter(withoutOwn(parseFilter(asked), field))).toBe(remains);
  });
});
