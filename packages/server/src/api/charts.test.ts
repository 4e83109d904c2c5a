import { gzipSync } from "node:zlib";
import { ARROW_CONTENT_TYPE, encodeBatch, FlowBatch, SENDER_COLUMNS } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ErrorBody, startTestServer, type TestServer } from "../testing.ts";
import { flowJson } from "../testing-rows.ts";
import { histogramSchema, pairsSchema, planSchema, timelineSchema, topSchema } from "./chart-schemas.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A day ago, at a full hour. */
const T0 = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 24 * HOUR_MS;
const iso = (ms: number) => new Date(ms).toISOString();

let test: TestServer;
const tokens = new Map<string, string>();
beforeAll(async () => {
  test = await startTestServer();
  for (const node of ["debian", "inetgw"]) tokens.set(node, await test.agentToken(node));
});
afterAll(() => test.stop());

async function deliver(node: string, ...rows: Record<string, unknown>[]): Promise<void> {
  const { body } = await test.deliver(tokens.get(node) ?? null, rows);
  expect(body).toMatchObject({ accepted: rows.length, rejected: [] });
}

/** An agent tells what it covered, and its own addresses. */
async function declare(
  node: string,
  sequence: number,
  [covered_from, covered_to]: [number, number],
  addresses = {},
): Promise<void> {
  const metadata = { agent_version: "1", covered_from, covered_to, addresses, drops: {}, gauges: {} };
  const body = gzipSync(encodeBatch(new FlowBatch(), { columns: SENDER_COLUMNS, metadata }));
  const batch = `${node}-${sequence}`;
  const headers = { "content-type": ARROW_CONTENT_TYPE, "content-encoding": "gzip", "flowtrail-batch": batch };
  const { status } = await test.ask("POST", "/ingest/v1/flows", { token: tokens.get(node) ?? null, body, headers });
  expect(status).toBe(200);
}

/** An answer that is as its schema says. */
async function ask<T>(schema: z.ZodType<T>, path: string): Promise<T> {
  const { status, body } = await test.ask("GET", path);
  expect({ status, body }).toMatchObject({ status: 200 });
  const parsed = z.safeParse(schema, body);
  expect(parsed.error && z.prettifyError(parsed.error)).toBeUndefined();
  return body as T;
}
const window = (fromMs: number, toMs: number) => `from=${iso(fromMs)}&to=${iso(toMs)}`;
const histogram = (query: string) => ask(histogramSchema, `/api/flows/histogram?${query}`);
const top = (query: string) => ask(topSchema, `/api/flows/top?${query}`);
const pairs = (query: string) => ask(pairsSchema, `/api/flows/pairs?${query}`);

let nextId = 1;
const flow = (network: string, atMs: number, change: Record<string, unknown> = {}) =>
  flowJson({ network, flow_id: String(nextId++), ...change }, atMs);
const TCP = { protocol: 6 };
const UDP = { protocol: 17, end_reason: "timeout" };

describe("a histogram", () => {
  it("tells each step of the largest groups, and what the others have together", async () => {
    await deliver(
      "debian",
      flow("hist", T0 + 5 * MINUTE_MS, { ...TCP, src_bytes: 1000, dst_bytes: 24 }),
      flow("hist", T0 + 5 * MINUTE_MS, { ...TCP, src_bytes: 1, dst_bytes: null }),
      flow("hist", T0 + 7 * MINUTE_MS, { ...UDP, src_bytes: 300, dst_bytes: 0 }),
      flow("hist", T0 + 9 * MINUTE_MS, { protocol: 132, src_bytes: 7, dst_bytes: 0 }),
      flow("hist", T0 + 9 * MINUTE_MS, { protocol: 200, src_port: null, dst_port: null, src_bytes: 5, dst_bytes: 0 }),
      flow("hist", T0 - MINUTE_MS, { ...TCP, src_bytes: 50, dst_bytes: 0 }),
    );
    const query = `network=hist&${window(T0 + MINUTE_MS, T0 + 11 * MINUTE_MS)}&buckets=6`;
    const answer = await histogram(`${query}&group=proto&limit=2`);
    expect(answer).toMatchObject({
      step_ms: 2 * MINUTE_MS,
      from: iso(T0),
      groups: ["tcp", "udp", "Other"],
      other: true,
      series: [
        [0, 0, 1025, 0, 0, 0],
        [0, 0, 0, 300, 0, 0],
        [0, 0, 0, 0, 12, 0],
      ],
      estimated: false,
      meta: { partial: false },
    });
    expect(answer).not.toHaveProperty("previous");
    expect(await histogram(query)).toMatchObject({ groups: ["Total"], series: [[0, 0, 1025, 300, 12, 0]], other: false });
    expect(await histogram(`${query}&metric=connections&group=protocol`)).toMatchObject({
      groups: ["tcp", "udp", "sctp", "protocol 200"],
      other: false,
    });
    const rate = await histogram(`${query}&metric=rate`);
    expect(rate.series[0]?.[2]).toBeCloseTo(1025 / 120, 3);
  });

  it("tells the time before, group by group and step by step", async () => {
    const change = { src_bytes: 10, dst_bytes: 0 };
    await deliver(
      "debian",
      flow("before", T0 + MINUTE_MS, { ...TCP, ...change }),
      flow("before", T0 - 9 * MINUTE_MS, { ...TCP, src_bytes: 4, dst_bytes: 0 }),
      flow("before", T0 - 8 * MINUTE_MS, { ...UDP, src_bytes: 100, dst_bytes: 0 }),
    );
    const answer = await histogram(
      `network=before&${window(T0, T0 + 10 * MINUTE_MS)}&buckets=10&group=protocol&limit=1&previous=true`,
    );
    expect(answer.groups).toEqual(["tcp"]);
    expect(answer.previous).toEqual({ from: iso(T0 - 10 * MINUTE_MS), series: [[0, 4, 0, 0, 0, 0, 0, 0, 0, 0]] });
    const ranked = await top(`network=before&${window(T0, T0 + 10 * MINUTE_MS)}&by=protocol&previous=true`);
    expect(ranked).toMatchObject({ rows: [{ by: ["tcp"], value: 10, previous: 4 }], other: { value: 0, previous: 100 } });
    expect(ranked.previous_total).toBe(104);
  });

  it("spreads a flow over its life", async () => {
    const life = { start: iso(T0), last_seen: iso(T0 + 10 * HOUR_MS), end: iso(T0 + 10 * HOUR_MS) };
    await deliver(
      "debian",
      flow("long", T0, { ...life, src_bytes: 3_600_000, dst_bytes: null, src_packets: 10, dst_packets: 0 }),
    );
    const answer = await histogram(`network=long&${window(T0, T0 + 12 * HOUR_MS)}&buckets=12`);
    expect(answer.step_ms).toBe(HOUR_MS);
    const [series = []] = answer.series;
    expect(series.map(Number).reduce((sum, value) => sum + value)).toBe(3_600_000);
    for (const value of series.slice(0, 10)) expect(Math.abs(Number(value) - 360_000)).toBeLessThan(2);
    // No delta knows the state: the flow itself is asked.
    const byState = await histogram(`network=long&${window(T0 + HOUR_MS, T0 + 3 * HOUR_MS)}&buckets=2&group=state`);
    expect(byState).toMatchObject({ estimated: true, groups: ["closed"], meta: { table: "flows" } });
    for (const value of byState.series[0] ?? []) expect(Math.abs(Number(value) - 360_000)).toBeLessThan(2);
  });

  it("is the same however many report", async () => {
    const end = { network: "twice", src_ip: "100.64.0.1", dst_ip: "100.64.0.2", src_bytes: 600, dst_bytes: 400 };
    await declare("debian", 1, [T0, Date.now()], { twice: ["100.64.0.1"] });
    await declare("inetgw", 1, [T0, Date.now()], { twice: ["100.64.0.2"] });
    const query = `network=twice&${window(T0, T0 + HOUR_MS)}&buckets=1`;
    await deliver("debian", flow("twice", T0 + MINUTE_MS, { ...end, reporter: "debian" }));
    expect((await histogram(query)).series).toEqual([[1000]]);
    await deliver(
      "inetgw",
      flow("twice", T0 + MINUTE_MS, { ...end, reporter: "inetgw", role: "responder", direction: "ingress" }),
    );
    expect((await histogram(query)).series).toEqual([[1000]]);
    expect((await histogram(`${query}&metric=connections`)).series).toEqual([[1]]);
    expect((await histogram(`${query}&metric=reports`)).series).toEqual([[2]]);
  });

  it("shows when a reporter was silent", async () => {
    tokens.set("shy", await test.agentToken("shy"));
    const nowMs = Date.now();
    await declare("shy", 1, [nowMs - 20 * MINUTE_MS, nowMs - 15 * MINUTE_MS]);
    await declare("shy", 2, [nowMs - 10 * MINUTE_MS, nowMs]);
    const { gaps } = await histogram(`${window(nowMs - 12 * MINUTE_MS, nowMs)}&network=silent`);
    expect(gaps).toContainEqual({
      reporter: "shy",
      reporter_id: "shy",
      from: iso(nowMs - 12 * MINUTE_MS),
      to: iso(nowMs - 10 * MINUTE_MS),
    });
    expect((await histogram(`${window(nowMs - 12 * MINUTE_MS, nowMs)}&reporter=inetgw`)).gaps).toEqual([]);
  });
});

describe("the top", () => {
  it("and the others add up to the total", async () => {
    const names = ["a.example", "b.example", "c.example", null];
    const rows = names.flatMap((domain, i) =>
      [1, 2].map((n) => flow("top", T0 + n * MINUTE_MS, { domain, src_bytes: 1000 * (4 - i), dst_bytes: n, dst_port: 443 + n })),
    );
    await deliver("debian", ...rows);
    const query = `network=top&${window(T0, T0 + 10 * MINUTE_MS)}`;
    const answer = await top(`${query}&by=domain&limit=2`);
    expect(answer.rows.map(({ by, value }) => [by, value])).toEqual([
      [["a.example"], 8003],
      [["b.example"], 6003],
    ]);
    expect(answer).toMatchObject({ total: 20_012, other: { value: 6006, groups: 2 } });
    expect(answer.rows[0]?.share).toBeCloseTo(8003 / 20_012, 5);
    expect(answer.rows[0]?.avg).toBeCloseTo(8003 / 600, 3);
    expect(answer.rows[0]?.max).toBeCloseTo((4002 * 1000) / answer.step_ms, 3);
    expect(answer.rows[0]?.last).toBe(0);
    expect((await top(`${query}&by=domain&by=dst.port&limit=100&metric=connections`)).rows).toHaveLength(8);
    const all = await top(`${query}&by=domain,dst.port,proto,src.ip&limit=1`);
    expect(all.rows).toMatchObject([{ by: ["a.example", "445", "tcp", "100.102.137.9"], value: 4002 }]);
    expect(all.other.groups).toBe(7);
    const rest = await top(`${query}&by=domain&q=domain=null`);
    expect(rest.rows).toMatchObject([{ by: [null], value: 2003 }]);
    const rate = await top(`${query}&by=domain&metric=rate&limit=1`);
    expect(rate.rows[0]?.value).toBe(rate.rows[0]?.avg);
    expect(rate.total).toBeCloseTo(20_012 / 600, 3);
  });

  it("are ranked by what is asked for, among all groups; their steps add up to the total's", async () => {
    const at = (src_name: string, minute: number, src_bytes: number) =>
      flow("ranks", T0 + minute * MINUTE_MS, { domain: src_name, src_bytes, dst_bytes: 0 });
    const steady = Array.from({ length: 10 }, (_, minute) => at("steady", minute, 100));
    await deliver("debian", ...steady, at("peak", 3, 600), at("latest", 9, 300), at("small", 1, 1));
    const query = `network=ranks&${window(T0, T0 + 10 * MINUTE_MS)}&by=domain&buckets=10&limit=1`;
    const first = async (rank: string) => (await top(`${query}&rank=${rank}`)).rows[0]?.by[0];
    expect(await Promise.all(["total", "max", "p95", "last"].map(first))).toEqual(["steady", "peak", "peak", "latest"]);
    // Of 40 steps two may be larger.
    expect((await top(`${query.replace("buckets=10", "buckets=40")}&rank=p95`)).rows[0]?.by[0]).toBe("steady");
    const { rows, other, step_ms, from } = await top(`${query}&previous=true`);
    expect({ step_ms, from }).toEqual({ step_ms: MINUTE_MS, from: iso(T0) });
    expect(rows).toMatchObject([{ series: Array(10).fill(100), previous_series: Array(10).fill(0), min: 1.667 }]);
    expect(other).toMatchObject({ series: [0, 1, 0, 600, 0, 0, 0, 0, 0, 300], min: 0 });
    expect((await top(query.replace("&buckets=10", ""))).rows[0]).not.toHaveProperty("series");
  });

  it("tell before they are made where they would come from", async () => {
    const plan = (query: string) => ask(planSchema, `/api/flows/plan?${window(T0, T0 + 10 * HOUR_MS)}&${query}`);
    const sum = ({ sources }: { sources: { ms: number }[] }) => sources.reduce((all, { ms }) => all + ms, 0);
    const known = await plan("by=src.name&buckets=60");
    expect({ ...known, sum: sum(known) }).toMatchObject({
      known: true,
      forced_by: [],
      step_ms: 600_000,
      sum: 10 * HOUR_MS,
      partial: false,
    });
    const forced = await plan("by=src.name,src.ip");
    expect(forced).toMatchObject({ known: false, forced_by: ["src.ip"], rows_ms: 10 * HOUR_MS });
    expect(forced.sources.map(({ table }) => table)).not.toContain("rollup_hours");
    // No single one of them is to blame.
    expect(await plan("by=src.ip,dst.ip")).toMatchObject({ forced_by: [], rows_ms: 10 * HOUR_MS });
    expect(await plan("metric=connections")).toMatchObject({ forced_by: [] });
  });

  it("of nothing is nothing", async () => {
    const answer = await top(`network=nobody&${window(T0, T0 + 1)}&by=src.name`);
    expect(answer).toMatchObject({ rows: [], total: 0, other: { value: 0, share: 0, groups: 0 } });
  });
});

describe("pairs", () => {
  it("are who talks to whom: owners by name, others by domain, as many as there is room for", async () => {
    const outside = (domain: string | null, bytes: number) =>
      flow("map", T0, { domain, dst_ip: "203.0.113.7", src_bytes: bytes, dst_bytes: 0 });
    await deliver("debian", outside("a.example", 500), outside("a.example", 100), outside("b.example", 50), outside(null, 7));
    const query = `network=map&${window(T0, T0 + HOUR_MS)}`;
    const answer = await pairs(`${query}&limit=2`);
    const [source] = answer.edges.map(({ from }) => from);
    expect(answer).toMatchObject({
      edges: [
        { from: source, bytes: 600, connections: 2 },
        { from: source, bytes: 50, connections: 1 },
      ],
      cut: 1,
      other: { bytes: 7, connections: 1 },
      externals: "domain",
    });
    expect(answer.nodes.map(({ name }) => name)).toEqual(expect.arrayContaining(["a.example", "b.example"]));
    expect(answer.nodes.find(({ id }) => id === source)?.bytes).toBe(650);
    const one = await pairs(`${query}&externals=one`);
    expect(one).toMatchObject({ edges: [{ bytes: 657, connections: 4 }], cut: 0, externals: "one" });
  });
});

describe("a flow's timeline", () => {
  const timeline = (id: string, more = "") => ask(timelineSchema, `/api/flows/debian/${id}/timeline?${more}`);

  it("is made of what was added when", async () => {
    const id = "555000";
    const told = (revision: number, agoMs: number, more: Record<string, unknown>) =>
      flow("line", T0, {
        flow_id: id,
        revision,
        state: "open",
        end: null,
        end_reason: null,
        last_seen: iso(T0 + agoMs),
        ...more,
      });
    await deliver(
      "debian",
      told(1, 10_000, { since: iso(T0), src_bytes: 100, dst_bytes: 0, src_bytes_delta: 100, dst_bytes_delta: 0 }),
      told(2, 20_000, { since: iso(T0 + 10_001), src_bytes: 100, dst_bytes: 80, src_bytes_delta: 0, dst_bytes_delta: 80 }),
    );
    const answer = await timeline(id, "buckets=3");
    expect(answer).toMatchObject({ step_ms: 10_000, from: iso(T0), estimated: false });
    const sum = (values: readonly (number | string)[]) => values.map(Number).reduce((a, b) => a + b);
    expect([sum(answer.src_bytes), sum(answer.dst_bytes)]).toEqual([100, 80]);
    expect(answer.src_bytes[0]).toBeGreaterThan(90);
    expect(answer.dst_bytes[0]).toBe(0);
    // More than was measured: spread over all of its life.
    await deliver("debian", told(3, 30_000, { src_bytes: 700, dst_bytes: 80, src_bytes_delta: 0 }));
    const more = await timeline(id, "buckets=4");
    expect(more.estimated).toBe(true);
    expect(sum(more.src_bytes)).toBe(700);
    expect(Math.min(...more.src_bytes.slice(0, 3).map(Number))).toBeGreaterThan(150);
  });

  it("is not there for a flow that nobody reported", async () => {
    expect(await test.ask<ErrorBody>("GET", "/api/flows/debian/42/timeline")).toMatchObject({ status: 404 });
    const bad = await test.ask<ErrorBody>("GET", "/api/flows/debian/x/timeline");
    expect(bad).toMatchObject({ status: 400, body: { error: { details: { problems: [{ parameter: "flow_id" }] } } } });
  });
});

describe("a question that can't be understood is refused with what was meant", () => {
  it.each([
    ["histogram?group=protocl", "group", "did you mean protocol?"],
    ["histogram?group=name", "group", "say src.name or dst.name"],
    ["histogram?group=bytes", "group", "nothing can be grouped by bytes"],
    ["histogram?metric=byte", "metric", "bytes"],
    ["histogram?buckets=0", "buckets", ">=1"],
    ["histogram?buckets=1001", "buckets", "<=1000"],
    ["histogram?from=yesterday", "from", "is not a time"],
    ["histogram?grup=proto", "grup", "did you mean group?"],
    ["histogram?reports=all", "reports", "unknown"],
    ["top?", "by", ""],
    ["top?by=", "by", "expected the name of a field"],
    ["top?by=proto,protocol", "by", "each field once"],
    ["top?by=proto,src.ip,dst.ip,domain,reporter", "by", "at most 4"],
    ["top?by=src.name&by=dst.nam", "by", "did you mean dst.name?"],
    ["pairs?limit=501", "limit", "<=500"],
    ["pairs?metric=packets", "metric", "connections"],
  ])("%s", async (path, parameter, message) => {
    const { status, body } = await test.ask<ErrorBody>("GET", `/api/flows/${path}`);
    expect({ status, body }).toMatchObject({ status: 400, body: { error: { details: { problems: [{ parameter }] } } } });
    expect(body.error.message).toContain(message);
  });
});
