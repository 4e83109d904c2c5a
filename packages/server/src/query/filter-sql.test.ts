import { type ColumnName, type Filter, filterTest, parseFilter, printFilter, rowToJson } from "@flowtrail/model";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as samples from "../../../model/src/filter/testing.ts";
import { batchOf } from "../store/test-batches.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { filterSql } from "./filter-sql.ts";
import { anyFields } from "./testing.ts";

const from = <T>(values: readonly T[]) => fc.constantFrom(...values);
const noon = Date.UTC(2026, 10, 20, 12);

const row = anyFields(samples)
  .chain((fields) => fc.record({ reporter_id: from(samples.TEXTS) }).map((more) => ({ ...fields, ...more })))
  .chain((fields) =>
    fc
      .record({ state: from(["open", "closed", "lost"]), lifeMs: from([0, 1, 60, 300_000, 90_061_001]), ended: fc.boolean() })
      .map(({ state, lifeMs, ended }) => ({
        ...fields,
        state,
        start: noon,
        // Heard of a moment ago: nothing is taken for lost while the test runs.
        received: Date.now(),
        last_seen: noon + lifeMs,
        end: ended && state === "closed" ? noon + Math.floor(lifeMs / 2) : null,
      })),
  );

let test: TestStore;
/** What is stored, as the API would tell it. */
let stored: Record<string, string | number | boolean | null>[];
beforeAll(async () => {
  test = await startTestStore();
  const rows = fc
    .sample(row, { numRuns: 400, seed: 4 })
    .map((fields, i) => ({ ...fields, flow_id: samples.IDS[i] ?? String(1000 + i) }));
  const batch = batchOf(rows);
  stored = Array.from({ length: batch.length }, (_, i) => rowToJson(batch, i));
  await test.store.insert(batch);
});
afterAll(() => test.stop());

async function found(filter: Filter): Promise<string[]> {
  const { text: where, bindings } = filterSql(filter);
  const tables = ["flows", "flows_open FINAL"].map((table) => `SELECT toString(flow_id) AS id FROM ${table} WHERE ${where}`);
  const rows = await test.store.clickhouse.rows<{ id: string }>(tables.join(" UNION ALL "), bindings);
  return rows.map(({ id }) => id).sort();
}
const passed = (filter: Filter) =>
  stored
    .filter(filterTest(filter))
    .map(({ flow_id }) => String(flow_id))
    .sort();

describe("a filter in SQL", () => {
  it("finds the rows that pass in memory, whatever the filter and the rows", async () => {
    let met = 0;
    await fc.assert(
      fc.asyncProperty(samples.filterArbitrary, async (filter) => {
        const ids = await found(filter);
        if (ids.length > 0 && ids.length < stored.length) met++;
        expect(ids, printFilter(filter)).toEqual(passed(filter));
      }),
      { numRuns: 300 },
    );
    // Filters that all rows or none pass would show nothing.
    expect(met).toBeGreaterThan(100);
  });

  it.each([
    "src.ip in 10.0.0.0/8",
    "ip=::/0",
    "ip!=0.0.0.0/0",
    "src.ip~10.0",
    "ip~*.4",
    "bytes>1MiB",
    "bytes=null",
    "packets!=null",
    "not bytes<1k",
    "duration>=5m",
    "duration=0s",
    "port=https",
    "port!=https",
    "dst.port=null",
    "name~анна",
    "name~straße",
    "domain~a%b",
    'domain="a\\\\b"',
    "domain~*",
    "src.domain=null",
    "src.domain~x",
    "!src.domain:x",
    "src.domain~*",
    "dst.domain=null",
    "src.domain=debian dst.domain!=debian",
    "dst.domain in (null, kelvin)",
    "domain=debian src.domain!=debian",
    "debian or 10.0",
    "not (verdict=refused or bytes>60)",
    "verdict not in (null, answered)",
    "flow_id in (9007199254740993, 18446744073709551615)",
    "primary=false state!=open",
  ])("%s", async (text) => {
    const filter = parseFilter(text);
    expect(await found(filter)).toEqual(passed(filter));
  });

  it("asks another expression where a column stands for something else", async () => {
    const column: ColumnName = "state";
    const { text: where } = filterSql(parseFilter("state=open or state=lost"), { [column]: "upper(state)" });
    expect(where).toBe("((upper(state) IN {f0:Array(String)})) OR ((upper(state) IN {f1:Array(String)}))");
  });

  it("lets the indexes on addresses work", async () => {
    const { text: where, bindings } = filterSql(parseFilter("ip=10.99.99.99"));
    const sql = `EXPLAIN indexes = 1 SELECT count() FROM flows WHERE ${where}`;
    const plan = await test.store.clickhouse.rows<{ explain: string }>(sql, bindings);
    expect(plan.map(({ explain }) => explain.trim()).join("\n")).toMatch(/Name: ix_(src|dst)_ip/);
  });
});
