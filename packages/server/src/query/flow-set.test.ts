import { allFilters, FILTER_FIELDS, type Field, filterTest, printFilter } from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as samples from "../../../model/src/filter/testing.ts";
import { FLOW_COLUMNS } from "../store/schema/flow-tables.ts";
import { batchOf } from "../store/test-batches.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { FlowCounts } from "./count.ts";
import { FlowFacets, hasFacet, withoutOwn } from "./facets.ts";
import { countedFlows } from "./flow-set-sample.ts";
import { type FlowSet, flowSetSql, SET_SETTINGS } from "./flow-set-sql.ts";
import { Inquiry } from "./inquiry.ts";
import type { Narrowed } from "./narrowed.ts";
import { FlowSeen } from "./seen.ts";
import { type AnyFlows, anyRange, heard, storeAnyFlows } from "./testing.ts";
import { askedByAll, parseForAll } from "./testing-narrowed.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const HOUR_MS = 3_600_000;

let test: TestStore;
let stored: AnyFlows;
beforeAll(async () => {
  test = await startTestStore();
  stored = await storeAnyFlows(test.store, { samples, flows: 400, nowMs, seed: 12 });
});
afterAll(() => test.stop());

const FACETS = FILTER_FIELDS.filter(hasFacet);
const inquiry = () => new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(60_000) });
const range = anyRange(nowMs);
const filter: fc.Arbitrary<Narrowed> = fc.oneof(
  samples.filterArbitrary.map(askedByAll),
  fc.constantFrom(
    ...["", "primary=true", "state=open", "state=lost", "network!=debian primary=true", "src.domain!=null"].map(parseForAll),
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
    const { count, exact, note } = await few.count(twoDays, parseForAll(""), asked);
    expect({ exact, note }).toEqual({
      exact: false,
      note: expect.stringMatching(/^estimated from 32 stretches of time that hold \d+ % of the range$/),
    });
    expect(asked.meta.partial).toBe(true);
    const expected = stored.among(twoDays, parseForAll("")).length;
    expect(count).toBeGreaterThan(expected / 3);
    expect(count).toBeLessThan(expected * 3);
  });
});

describe("what is open", () => {
  it("is counted as it is where only a part of the ended flows is looked at", async () => {
    const set = { range: twoDays, filter: parseForAll("state=open"), began: [twoDays], openBegan: [twoDays] };
    const question = (part: FlowSet, weight: number) => {
      const { text, bindings } = flowSetSql(
        { ...part, filter: parseForAll("") },
        heard,
        (state, name) => `${state} AS state, '${name}' AS part`,
      );
      const sql = `SELECT toString(countIf(part = 'open' AND state = 'open')) AS n, ${weight} AS weight FROM (${text})`;
      return { table: "flows", sql, bindings, options: { settings: SET_SETTINGS } };
    };
    const { rows, sample } = await countedFlows<{ n: string; weight: number }>(set, question, 200, inquiry());
    expect(sample).not.toBeNull();
    expect(rows[0]?.weight).toBeGreaterThan(1);
    const expected = stored.among(twoDays, set.filter).length;
    expect(expected).toBeGreaterThan(5);
    expect(rows[0]?.n).toBe(String(expected));
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

describe("facets", () => {
  it("count the flows of the list that have a value, once each, whatever the filter says of this field", async () => {
    const facets = new FlowFacets(uncomputed);
    const always = parseForAll("network!=debian");
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
    const question = { range: twoDays, asked: parseForAll(""), always: parseForAll(""), fields, limit: 3 };
    const { values, more } = await new FlowFacets(uncomputed).facets(question, inquiry());
    expect([...more].sort()).toEqual(["ip", "src.ip"]);
    expect(values.get("src.ip")).toHaveLength(3);
    expect(values.get("direction")).toHaveLength(2);
  });

  it("are estimates that say so where there is too much to count", async () => {
    const fields = FACETS.filter(({ name }) => name === "direction");
    const question = { range: twoDays, asked: parseForAll(""), always: parseForAll(""), fields, limit: 10 };
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
    expect(printFilter(withoutOwn(parseForAll(asked), field))).toBe(remains);
  });
});

/** The last test: its flows are in every range. */
describe("a flow that ends right now", () => {
  it("is counted once while it is among the ended, too, and its tombstone is not there yet", async () => {
    const start = nowMs - 100 * HOUR_MS;
    const row = { reporter_id: "node-1", network: "ending", start, last_seen: start + 1000, state: "open" };
    await test.store.insert(batchOf(["7001", "7002"].map((flow_id) => ({ ...row, flow_id, revision: 1 }))));
    const columns = FLOW_COLUMNS.map(({ name }) => name);
    const told = columns.map((name) => ({ state: "'closed'", revision: "toUInt32(2)" })[name as string] ?? name);
    await test.store.clickhouse.command(
      `INSERT INTO flows (${columns.join(", ")}) SELECT ${told.join(", ")} FROM flows_open FINAL WHERE flow_id = 7001`,
    );
    const passes = parseForAll("network=ending");
    const within = { fromMs: start - HOUR_MS, toMs: start + HOUR_MS };
    expect((await new FlowCounts(uncomputed).count(within, passes, inquiry())).count).toBe(2);
    const fields = FACETS.filter(({ name }) => name === "state");
    const question = { range: within, asked: passes, always: parseForAll(""), fields, limit: 10 };
    const { values } = await new FlowFacets(uncomputed).facets(question, inquiry());
    expect(values.get("state")).toEqual([
      { value: "closed", count: 1 },
      { value: "open", count: 1 },
    ]);
  });
});
