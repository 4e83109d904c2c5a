import { parseFilter } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchOf } from "../store/test-batches.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { filterSql } from "./filter-sql.ts";

/** An index whose expression is not written exactly as the filter's is silently not used. */
describe("a filter for what few rows have", () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await startTestStore();
    const ended = { state: "closed", src_name: "ana", dst_name: "bob", domain: "www.example.org" };
    await test.store.insert(batchOf(Array.from({ length: 20 }, (_, n) => ({ ...ended, flow_id: String(n) }))));
    // Indexes are made by merges.
    for (const table of ["flows", "flow_deltas"]) await test.store.clickhouse.command(`OPTIMIZE TABLE ${table} FINAL`);
  });
  afterAll(() => test.stop());

  const explained = async (table: string, text: string) => {
    const { text: condition, bindings } = filterSql(parseFilter(text));
    const rows = await test.store.clickhouse.rows<{ explain: string }>(
      `SELECT explain FROM (EXPLAIN indexes = 1 SELECT count() FROM ${table} WHERE ${condition})`,
      bindings,
    );
    return rows.map(({ explain }) => explain.trim());
  };

  it.each([
    ["domain ~ granite", ["ix_domain_part"]],
    ["domain = granite.example", ["ix_domain"]],
    ["src.name = nobody", ["ix_src_name"]],
    ["name = nobody", ["ix_src_name", "ix_dst_name"]],
    ["src.ip = 192.0.2.77", ["ix_src_ip"]],
    ["ip = 192.0.2.77", ["ix_src_ip", "ix_dst_ip"]],
  ])("%s: looks into %j", async (text, indexes) => {
    const plan = await explained("flows", text);
    for (const name of indexes) expect(plan).toContain(`Name: ${name}`);
    expect(plan.join(" ")).toMatch(/Granules: 0\/1/);
  });

  it.each([
    ["ip = 192.0.2.77", ["ix_src_ip", "ix_dst_ip"]],
    // As a timeline asks for it.
    ["flow_id = 4000000000", ["ix_flow_id"]],
  ])("%s: looks into %j of what flows added", async (text, indexes) => {
    const plan = await explained("flow_deltas", text);
    for (const name of indexes) expect(plan).toContain(`Name: ${name}`);
    expect(plan.join(" ")).toMatch(/Granules: 0\/1/);
  });
});
