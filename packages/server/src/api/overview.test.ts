import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ErrorBody, startTestServer, type TestServer } from "../testing.ts";
import { flowJson } from "../testing-rows.ts";
import { overviewSchema } from "./overview-schemas.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW = Date.now();
/** The range: the last two hours but one. */
const T0 = Math.floor(NOW / HOUR_MS) * HOUR_MS - 3 * HOUR_MS;
const RANGE = `from=${new Date(T0).toISOString()}&to=${new Date(T0 + 2 * HOUR_MS).toISOString()}`;

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
  const external = { dst_ip: "203.0.113.7", dst_type: "external", dst_name: null };
  const rows = [
    flow(T0 + MINUTE_MS, { ...external, domain: "old.example", src_bytes: 1000, dst_bytes: 24 }),
    flow(T0 + 70 * MINUTE_MS, { ...external, domain: "new.example", src_bytes: 500, dst_bytes: 0 }),
    flow(T0 + 71 * MINUTE_MS, { ...external, domain: null, src_bytes: 7, dst_bytes: 0 }),
    flow(T0 + 5 * MINUTE_MS, { dst_ip: "10.0.0.9", dst_port: 22, src_bytes: 40, dst_bytes: 0, verdict: "denied" }),
    flow(T0 + 6 * MINUTE_MS, { dst_ip: "10.0.0.9", dst_port: 22, src_bytes: 40, dst_bytes: 0, verdict: "unanswered" }),
    // In the time before.
    flow(T0 - HOUR_MS, { ...external, domain: "old.example", src_bytes: 100, dst_bytes: 0 }),
    flow(T0 - HOUR_MS, { dst_ip: "10.0.0.9", dst_port: 22, src_bytes: 40, dst_bytes: 0, verdict: "denied" }),
    flow(T0 - HOUR_MS, { dst_ip: "10.0.0.9", dst_port: 22, src_bytes: 40, dst_bytes: 0, verdict: "denied" }),
    // Longer ago.
    flow(T0 - 8 * HOUR_MS, { dst_ip: "10.0.0.9", dst_port: 22, src_bytes: 40, dst_bytes: 0, verdict: "denied" }),
    // Open now, and not in the range.
    flow(NOW - MINUTE_MS, { state: "open", end: null, end_reason: null }),
    // Of another network.
    flow(T0 + MINUTE_MS, { network: "other", src_bytes: 99_999 }),
  ];
  const { body } = await test.deliver(await test.agentToken("debian"), rows);
  expect(body).toMatchObject({ accepted: rows.length, rejected: [] });
});
afterAll(() => test.stop());

let nextId = 1;
const flow = (atMs: number, change: Record<string, unknown>) =>
  flowJson({ network: "office", flow_id: String(nextId++), ...change }, atMs);

async function overview(query: string): Promise<z.infer<typeof overviewSchema>> {
  const { status, body } = await test.ask("GET", `/api/overview?network=office&${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  const parsed = z.safeParse(overviewSchema, body);
  expect(parsed.error && z.prettifyError(parsed.error)).toBeUndefined();
  return body as z.infer<typeof overviewSchema>;
}
const sum = (values: readonly (number | string)[]) => values.map(Number).reduce((a, b) => a + b, 0);

interface List {
  readonly rows: readonly {
    readonly by: unknown;
    readonly value: unknown;
    readonly share: unknown;
    readonly previous?: unknown;
  }[];
  readonly total: unknown;
  readonly other: { readonly value: unknown; readonly groups: unknown };
}
/** What both tell of a list. Equal ones stand in any order. */
const listOf = ({ rows, total, other: { value, groups } }: List) => ({
  rows: rows.map(({ by, value, share, previous }) => JSON.stringify({ by, value, share, previous })).sort(),
  total,
  other: { value, groups },
});

describe("the overview", () => {
  it("tells the figures of a range, and of the time before", async () => {
    const { tiles } = await overview(RANGE);
    expect(sum(tiles.throughput.series)).toBe(1611);
    expect(tiles.throughput.value).toBeCloseTo(1611 / 7200, 3);
    expect(tiles.throughput.previous).toBeCloseTo(180 / 7200, 3);
    expect(sum(tiles.connections.series)).toBe(5);
    expect(tiles.connections.value).toBeCloseTo(5 / 7200, 3);
    expect(tiles.externals).toMatchObject({ value: 2, previous: 1 });
    expect(Math.max(...tiles.externals.series.map(Number))).toBe(1);
    expect(tiles.denied).toMatchObject({ value: 1, previous: 2 });
    expect(tiles.unanswered).toMatchObject({ value: 1, previous: 0 });
    expect(tiles.open).toBe(1);
    expect(tiles.agents).toEqual({ reporting: 1, known: 1 });
  });

  it("compares a day that is not over with as much of the time before", async () => {
    const toMs = T0 + 24 * HOUR_MS;
    const told = await overview(`from=${new Date(T0).toISOString()}&to=${new Date(toMs).toISOString()}`);
    expect(told).toMatchObject({ from: new Date(T0).toISOString(), to: new Date(toMs).toISOString() });
    // Three or four hours of it are over: what was eight hours before it is not compared.
    expect(told.tiles.denied).toMatchObject({ value: 1, previous: 2 });
    expect(told.top.services.rows.find(({ by }) => by[0] === "22")).toMatchObject({ value: 80, previous: 80 });
    expect(told.tiles.externals.previous).toBe(1);
    // 180 bytes in as many hours, per second and to a thousandth.
    expect(told.tiles.throughput.previous).toBeLessThan(180 / (3 * 3600) + 0.001);
    expect(told.tiles.throughput.previous).toBeGreaterThan(180 / (4.1 * 3600) - 0.001);
  });

  it("names domains that were not there before, and says where nothing is known from before", async () => {
    expect(await overview(RANGE)).toMatchObject({
      new_externals: { rows: [{ domain: "new.example", bytes: 500 }], more: 0, since: expect.stringContaining("T") },
    });
    const all = await overview(`from=${new Date(T0 - 9 * HOUR_MS).toISOString()}`);
    expect(all.new_externals).toEqual({ rows: [], more: 0, since: null, complete: true });
  });

  it.each(["bytes", "connections"])("is what the single questions tell: %s", async (metric) => {
    const asked = `network=office&${RANGE}&metric=${metric}&previous=true`;
    const told = await overview(`${RANGE}&metric=${metric}&group=protocol&limit=3`);
    const get = async (path: string) => {
      const { body } = await test.ask<List & { meta: unknown }>("GET", `/api/flows/${path}`);
      const { meta: _, ...answer } = body;
      return answer;
    };
    expect(told.chart).toEqual(await get(`histogram?${asked}&group=protocol&buckets=60`));
    expect(listOf(told.top.nodes)).toEqual(listOf(await get(`top?${asked}&by=reporter&limit=3`)));
    expect(listOf(told.top.services)).toEqual(listOf(await get(`top?${asked}&by=dst.port,protocol&limit=3`)));
    expect(listOf(told.top.externals)).toEqual(listOf(await get(`top?${asked}&by=dst.domain&limit=3&q=dst.type=external`)));
    expect(new Set(told.top.externals.rows.map(({ by }) => by[0]))).toEqual(new Set(["old.example", "new.example", null]));
  });

  it("asks for what is asked for", async () => {
    const { tiles, top } = await overview(`${RANGE}&q=${encodeURIComponent("port=22")}`);
    expect(sum(tiles.throughput.series)).toBe(80);
    expect(tiles.denied.value).toBe(1);
    expect(top.services.rows.map(({ by }) => by)).toEqual([["22", "tcp"]]);
    expect(top.externals.rows.map(({ by }) => by)).toEqual([[null]]);
  });

  it("tells what it cost, all in all", async () => {
    const { meta } = await overview(RANGE);
    expect(meta).toMatchObject({ partial: false });
    expect(meta.rows_read).toBeGreaterThan(10);
    expect(meta.table).toContain("flows_open");
  });

  it("refuses what can't be understood, and whoever may not ask", async () => {
    const refused = await test.ask<ErrorBody>("GET", "/api/overview?group=protocl");
    expect(refused).toMatchObject({ status: 400, body: { error: { details: { problems: [{ parameter: "group" }] } } } });
    expect(await test.ask("GET", "/api/overview", { token: null })).toMatchObject({ status: 401 });
    expect(await test.ask("GET", "/api/overview", { token: await test.agentToken("inetgw") })).toMatchObject({ status: 403 });
  });
});
