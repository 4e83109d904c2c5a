import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";
import { healthSchema } from "./schemas.ts";
import { settingsHistorySchema } from "./settings-history-schemas.ts";
import { holdSchema, holdsSchema, storeReportSchema } from "./settings-schemas.ts";

const DAY_MS = 86_400_000;
const URL = "/api/settings/retention";
const WHO = "api command line of the server's machine";
let test: TestServer;
let agent: string;

beforeAll(async () => {
  test = await startTestServer({ flags: { "retention.days": "20", "retention.max_size": "50%" } });
  agent = await test.agentToken("debian");
});
afterAll(() => test?.stop());

/** The answer, after a look whether it is of the form that the OpenAPI document promises. */
async function ask<T extends z.ZodType>(schema: T, method: string, path: string, body?: object, status = 200) {
  const answer = await test.ask(method, path, body === undefined ? {} : { body });
  expect([path, answer.status, answer.body]).toEqual([path, status, expect.anything()]);
  return schema.parse(answer.body) as z.infer<T>;
}
const deliver = (id: number, agoDays: number) =>
  test.deliver(agent, [rowNow({ flow_id: String(id), state: "closed", revision: 1 }, agoDays * DAY_MS)]);
const codes = async (delivery: ReturnType<typeof deliver>) => (await delivery).body.rejected.map(({ code }) => code);

describe("retention", () => {
  it("is as configured, and is told with sizes", async () => {
    await deliver(1, 1);
    const report = await ask(storeReportSchema, "GET", URL);
    expect(report).toMatchObject({ settings: { flows_days: 20, deltas_days: 7, max_size: "50%" }, set: {}, changed: null });
    expect(report.settings).toEqual(report.defaults);
    expect(report.tables.find(({ table }) => table === "flows")).toMatchObject({ rows: 1, kept_days: 20 });
    expect(report.size.limit_bytes).toBeGreaterThan(0);
    expect(report.size.disk_bytes).toBeGreaterThan(report.size.free_bytes ?? 0);
  });

  it("refuses what makes no sense", async () => {
    const problem = async (body: object) => {
      const answer = await test.ask<ErrorBody>("PUT", URL, { body });
      return [answer.status, answer.body.error.message];
    };
    expect(await problem({ flows_days: 0 })).toEqual([400, expect.stringContaining("flows_days")]);
    expect(await problem({ flows_days: "30" })).toEqual([400, expect.stringContaining("flows_days")]);
    expect(await problem({ hours_days: 1.5 })).toEqual([400, expect.stringContaining("hours_days")]);
    expect(await problem({ max_size: "much" })).toEqual([400, expect.stringContaining("max_size: expected a size")]);
    expect(await problem({ max_size: "99%" })).toEqual([400, expect.stringContaining("1% to 95%")]);
    expect(await problem({ flow_days: 3 })).toEqual([400, expect.stringContaining("did you mean flows_days?")]);
    expect((await test.ask("PUT", URL, { body: {}, token: agent })).status).toBe(403);
    expect((await test.ask("PUT", URL, { body: {}, token: null })).status).toBe(401);
    expect((await ask(storeReportSchema, "GET", URL)).set).toEqual({});
  });

  it("is in force at once when it is set: what is older is refused, counted and told", async () => {
    expect(await codes(deliver(2, 10))).toEqual([]);
    const dry = await ask(storeReportSchema, "PUT", `${URL}?dry_run=true`, { flows_days: 5 });
    expect(dry.due.steps).toMatchObject([
      { table: "flow_deltas", why: "age", rows: 1 }, // so old that it goes as it is configured
      { table: "flows", why: "age", how: "whole", rows: 1 },
    ]);
    expect((await ask(storeReportSchema, "GET", URL)).settings.flows_days).toBe(20);
    expect(await codes(deliver(3, 10))).toEqual([]);

    const set = await ask(storeReportSchema, "PUT", URL, { flows_days: 5 });
    expect(set).toMatchObject({ set: { flows_days: 5 }, changed: { who: WHO }, defaults: { flows_days: 20 } });
    expect(await codes(deliver(4, 10))).toEqual(["TOO_OLD"]);
    const { ingest, store } = await ask(healthSchema, "GET", "/api/health");
    expect(ingest?.rejected.TOO_OLD).toBe(1);
    // Both of ten days ago: deltas are kept for seven.
    expect(store?.rollups.late_deltas).toBe(2);
    expect(store?.retention?.settings.flows_days).toBe(5);
    const { body: metrics } = await test.ask<string>("GET", "/metrics");
    expect(metrics).toContain('flowtrail_ingest_rejected_rows_total{code="TOO_OLD"} 1');
    expect(metrics).toMatch(/flowtrail_store_table_rows\{table="flows"\} [123]\n/);
    expect(metrics).toMatch(/flowtrail_store_limit_bytes \d+/);

    expect((await ask(storeReportSchema, "PUT", URL, { flows_days: null })).set).toEqual({});
    expect(await codes(deliver(5, 10))).toEqual([]);
    const { changes } = await ask(settingsHistorySchema, "GET", "/api/settings/history");
    expect(changes.map(({ what, who }) => `${who}: ${what}`)).toEqual([`${WHO}: flows_days 5 → 20`, `${WHO}: flows_days 20 → 5`]);
    expect(changes[0]).toMatchObject({ name: "retention", before: { flows_days: 5 }, after: {} });
  });

  it("spares what is held, until it is released", async () => {
    const bad = await test.ask<ErrorBody>("POST", `${URL}/holds`, { body: { from: "-1d", to: "-2d", reason: "r" } });
    expect([bad.status, bad.body.error.message]).toEqual([400, expect.stringContaining("to: is not after from")]);
    expect((await test.ask("POST", `${URL}/holds`, { body: { from: "-1d" } })).status).toBe(400);
    const asked = { from: "-11d", to: "-9d", reason: "case 17" };
    const preview = await ask(holdSchema, "POST", `${URL}/holds?dry_run=true`, asked);
    expect(preview.rows).toBeGreaterThan(0);
    expect((await ask(holdsSchema, "GET", `${URL}/holds`)).holds).toEqual([]);
    const hold = await ask(holdSchema, "POST", `${URL}/holds`, { from: "-11d", to: "-9d", reason: "case 17" }, 201);
    expect(hold).toMatchObject({ reason: "case 17", who: WHO, released: null, network: null });
    expect(hold.rows).toBeGreaterThan(0);
    expect(hold.bytes).toBeGreaterThan(0);
    const dry = () => ask(storeReportSchema, "PUT", `${URL}?dry_run=true`, { flows_days: 5 });
    expect(await dry()).toMatchObject({ due: { rows: 0 }, size: { held_bytes: hold.bytes }, holds: [{ id: hold.id }] });
    const without = await ask(storeReportSchema, "POST", `${URL}/holds/${hold.id}/release?dry_run=true`, {});
    expect(without.size.held_bytes).toBe(0);
    expect((await ask(holdsSchema, "GET", `${URL}/holds`)).holds).toMatchObject([{ released: null }]);
    await ask(holdSchema, "POST", `${URL}/holds/${hold.id}/release`, {});
    expect((await dry()).due.rows).toBeGreaterThan(0);
    const { holds } = await ask(holdsSchema, "GET", `${URL}/holds`);
    expect(holds).toMatchObject([{ id: hold.id, released_by: WHO, bytes: 0 }]);
    expect((await test.ask("POST", `${URL}/holds/none/release`, { body: {} })).status).toBe(404);
  });

  it("is as it was set after a restart", async () => {
    await ask(storeReportSchema, "PUT", URL, { deltas_days: 3, max_size: "none" });
    const { data } = test;
    await test.stop({ keep: true });
    test = await startTestServer({ data, flags: { "retention.days": "20" } });
    const { settings, holds, size } = await ask(storeReportSchema, "GET", URL);
    expect(settings).toMatchObject({ flows_days: 20, deltas_days: 3, max_size: "none" });
    expect(holds).toHaveLength(1);
    expect(size.limit_bytes).toBeNull();
  });
});
