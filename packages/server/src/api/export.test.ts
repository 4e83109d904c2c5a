import { zstdDecompressSync } from "node:zlib";
import type { FlowJson } from "@flowtrail/model";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { readCursor } from "../query/cursor.ts";
import { CSV } from "../sinks/formats/csv.ts";
import { ClickHouse } from "../store/clickhouse.ts";
import { unavailable } from "../store/errors.ts";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";

let test: TestServer;
let token: string;
beforeAll(async () => {
  test = await startTestServer();
  token = await test.agentToken("debian");
});
afterAll(() => test.stop());
vi.setConfig({ testTimeout: 60_000 });

const deliver = async (...rows: Record<string, unknown>[]) => {
  const { body } = await test.deliver(token, rows);
  expect(body).toMatchObject({ accepted: rows.length, rejected: [] });
};
const open = { state: "open", end: null, end_reason: null, verdict: null };
const BASE_MS = Date.now();
const iso = (agoMs: number) => new Date(BASE_MS - agoMs).toISOString();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function download(query: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${test.url}/api/flows/export?${query}`, { ...init, headers: { authorization: `Bearer ${test.adminToken}` } });
}
async function text(query: string): Promise<string> {
  const response = await download(query);
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${body}`);
  return body;
}
const lines = async (query: string) =>
  (await text(`format=ndjson&${query}`))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as FlowJson & { cursor: string });
/** All pages of a list. */
async function pages(query: string): Promise<FlowJson[]> {
  const rows: FlowJson[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = await test.flows(`limit=1000&${query}${cursor && `&cursor=${cursor}`}`);
    rows.push(...page.flows);
    cursor = page.next;
  }
  return rows;
}
/** RFC 4180, by a reader of its own. */
function parseCsv(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\r\n") rows.push([]);
  }
  return rows.slice(0, -1);
}
async function parquet(query: string): Promise<Record<string, unknown>[]> {
  const file = await (await download(`format=parquet&${query}`)).arrayBuffer();
  return parquetReadObjects({ file, compressors: { ZSTD: (input) => zstdDecompressSync(input) } });
}

/** Everything that a row may hold, and every way in which a flow is in a range. */
const network = "all-kinds";
const range = () => `from=${iso(2 * HOUR_MS)}&to=${iso(-MINUTE_MS)}&network=${network}`;
beforeAll(async () => {
  const row = (flow_id: string, change: Record<string, unknown> = {}, agoMs = 10 * MINUTE_MS) =>
    rowNow({ network, flow_id, start: iso(agoMs), end: iso(agoMs - 10), last_seen: iso(agoMs - 10), ...change });
  await deliver(
    row("1", { domain: 'a"b,c\r\nd.example', domain_source: "sni", rule: "=1+1" }),
    row("2", { domain: "", rule: "-drop", src_bytes: "9223372036854775807", dst_bytes: "9007199254740991", src_packets: null }),
    row("3", {
      src_ip: "fd0a::1",
      dst_ip: "::1.2.3.4",
      nat_src_ip: "2001:db8::1:0:0:1",
      nat_dst_ip: "10.0.0.1",
      nat_dst_port: 1,
    }),
    row("18446744073709551615", { protocol: 1, src_port: null, dst_port: null, icmp_type: 8, icmp_code: 0, verdict: null }),
    row("5", { ...open }),
    row("6", { ...open, revision: 1, src_bytes: 5 }),
    row("7", { revision: 3, verdict: "answered" }),
    row("8", { state: "lost", end: null, end_reason: null, verdict: null }),
    // Began before the range: a short one, a long one, and one that is over.
    row("9", { start: iso(2.5 * HOUR_MS), end: iso(1.9 * HOUR_MS), last_seen: iso(1.9 * HOUR_MS) }),
    row("10", { start: iso(30 * HOUR_MS), end: iso(HOUR_MS), last_seen: iso(HOUR_MS) }),
    row("11", { start: iso(2.5 * HOUR_MS), end: iso(2.2 * HOUR_MS), last_seen: iso(2.2 * HOUR_MS) }),
    row("12", { ...open, start: iso(50 * HOUR_MS) }),
  );
  // Other revisions of the same flows, in parts of their own.
  await deliver(row("6", { ...open, revision: 2, src_bytes: 7 }), row("7", { revision: 2, verdict: "unanswered" }));
  await deliver(row("8", { ...open, revision: 4 }), row("7", { revision: 4, verdict: "refused" }));
});

describe("an export", () => {
  it("as NDJSON has the rows of the list, with the same values", async () => {
    for (const query of ["reports=all", "q=state=lost", "q=verdict!=answered"]) {
      const asked = `${range()}&${query}`;
      const listed = await pages(asked);
      expect(await lines(asked)).toEqual(listed);
      if (query === "reports=all") expect(listed.map(({ flow_id }) => flow_id)).toHaveLength(11);
    }
    const answer = await download("format=ndjson&network=nothing");
    expect(await answer.text()).toBe("");
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    expect(answer.headers.get("content-disposition")).toMatch(
      /^attachment; filename="flowtrail-\d{8}T\d{6}Z-\d{8}T\d{6}Z\.ndjson"$/,
    );
  });

  it("as CSV is RFC 4180 and holds the same values as texts, without formulas", async () => {
    const [header = [], ...rows] = parseCsv(await text(`format=csv&${range()}&reports=all`));
    const listed = await pages(`${range()}&reports=all`);
    const shown = (row: FlowJson) =>
      header.map((name) => {
        const value = row[name as keyof FlowJson] ?? "";
        return name === "rule" ? String(value).replace(/^[=+@-]/, "'$&") : String(value);
      });
    expect(header).toContain("src_name");
    expect(rows).toEqual(listed.map(shown));
    expect(await text("network=nothing&columns=start,src.ip")).toBe("start,src_ip\r\n");
    const answer = await download("network=nothing");
    expect([answer.headers.get("content-type"), (await answer.text()).startsWith("flow_id,")]).toEqual([
      "text/csv; charset=utf-8",
      true,
    ]);
  });

  it("as CSV is what sinks write, line for line", async () => {
    const listed = await pages(`${range()}&reports=all`);
    const about = { id: "", kind: "ended", version: "0", revised: false, storedMs: 0 } as const;
    const lines = [CSV.head, ...listed.map((flow) => CSV.line({ ...about, flow }))].map((line) => `${line}\r\n`);
    expect(await text(`format=csv&${range()}&reports=all`)).toBe(lines.join(""));
  });

  it("as Parquet is one file that other programs read", async () => {
    const listed = await pages(`${range()}&reports=all`);
    const rows = await parquet(`${range()}&reports=all`);
    const plain = (value: unknown) =>
      value instanceof Date
        ? value.toISOString()
        : typeof value === "bigint" && value <= Number.MAX_SAFE_INTEGER
          ? Number(value)
          : value;
    const big = (name: string, value: unknown) => (name === "flow_id" || typeof value === "bigint" ? String(value) : value);
    expect(
      rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, big(name, plain(value))]))),
    ).toEqual(
      listed.map((row) => Object.fromEntries(Object.keys(rows[0] ?? {}).map((name) => [name, row[name as keyof FlowJson]]))),
    );
    expect(await parquet("network=nothing&columns=start,src.ip")).toEqual([]);
    expect(await parquet(`${range()}&q=${encodeURIComponent("state=open and state=closed")}`)).toEqual([]);
  });

  it("has the columns that were chosen, by either of their names", async () => {
    const [row] = await lines(`${range()}&columns=src.ip,dst_port,proto,nat.dst.port`);
    expect(Object.keys(row ?? {})).toEqual(["src_ip", "dst_port", "protocol", "nat_dst_port"]);
    expect((await text(`${range()}&columns=start,cursor,start`)).split("\r\n")[0]).toBe("start,cursor");
    for (const [columns, message] of [
      ["src_nam", /"src_nam" is no column, did you mean src_name\?/],
      ["src.nam", /did you mean src\.name\?/],
      ["start,bytes", /"bytes" is made of several columns: name those, such as src\.bytes and dst\.bytes/],
      ["ip", /such as src\.ip/],
      [
        "dst.domain,duration",
        /"dst\.domain" is a field of filters, but no column; .*"duration" is a field of filters, but no column$/,
      ],
      ["a'b,c", /no column.*no column/],
    ] as const) {
      const answer = await test.ask<ErrorBody>("GET", `/api/flows/export?columns=${columns}`);
      expect([answer.status, answer.body.error.message]).toEqual([400, expect.stringMatching(message)]);
    }
  });

  it.each(["format=xml", "cursor=abc", "from=yesterday", "q=a=", "nonsense=1"])("refuses %s", async (query) => {
    expect((await test.ask("GET", `/api/flows/export?${query}`)).status).toBe(400);
  });
});

describe("many rows", () => {
  const many = "many";
  const COUNT = 11_000;
  beforeAll(async () => {
    for (let at = 0; at < COUNT; at += 5500) {
      // Several a millisecond, and more than a part holds; every tenth is open.
      const row = (i: number) => ({ network: many, flow_id: String(i + 1), src_port: i % 60_000, ...(i % 10 === 0 ? open : {}) });
      await deliver(...Array.from({ length: 5500 }, (_, i) => rowNow(row(at + i), 20 * MINUTE_MS + Math.floor((at + i) / 7))));
    }
  }, 60_000);
  const asked = (columns = "") => `network=${many}&from=${iso(HOUR_MS)}&to=${iso(0)}&${columns && `columns=${columns}`}`;

  it("come each once and in order, in every format", async () => {
    const query = asked("start,flow_id");
    const rows = await lines(query);
    expect(rows).toHaveLength(COUNT);
    const key = ({ start, flow_id }: { start: unknown; flow_id: unknown }) => `${start} ${String(flow_id).padStart(20, "0")}`;
    expect(rows.map(key)).toEqual(rows.map(key).sort().reverse());
    expect(new Set(rows.map(({ flow_id }) => flow_id)).size).toBe(COUNT);
    const [, ...csv] = parseCsv(await text(query));
    expect(csv).toEqual(rows.map(({ start, flow_id }) => [start, flow_id]));
    const columns = await parquet(query);
    expect(columns.map(({ start, flow_id }) => [(start as Date).toISOString(), String(flow_id)])).toEqual(csv);
  });

  it("go on behind any row of a broken download", async () => {
    const all = await lines(asked("flow_id,start,reporter_id,cursor"));
    for (const at of [10_003, COUNT - 1]) {
      const { cursor, start, flow_id, reporter_id } = all[at] as (typeof all)[number];
      expect(readCursor(cursor)).toMatchObject({
        sort: "time",
        place: { key: { startMs: Date.parse(start), flowId: flow_id, reporterId: reporter_id } },
      });
      const rest = await lines(`network=${many}&columns=flow_id,start,reporter_id,cursor&cursor=${cursor}`);
      expect(rest).toEqual(all.slice(at + 1));
    }
    const { cursor } = all.at(-3) as (typeof all)[number];
    expect(await text(`network=${many}&columns=flow_id&cursor=${cursor}`)).toBe(
      all
        .slice(-2)
        .map(({ flow_id }) => `"${flow_id}"\r\n`)
        .join("")
        .replaceAll('"', ""),
    );
    // A place in a list, too.
    const { next } = await test.flows(`${asked()}&limit=100`);
    expect((await lines(`network=${many}&columns=flow_id&cursor=${next}`)).length).toBe(COUNT - 100);
  });

  it("end when the client leaves: nothing runs on, and the turn is given back", async () => {
    // One after the other; more of them than there are turns.
    for (let i = 0; i < 3; i++) {
      const leaving = new AbortController();
      const response = await download(`format=ndjson&${asked()}`, { signal: leaving.signal });
      await response.body?.getReader().read();
      leaving.abort();
    }
    const underWay = async () =>
      /flowtrail_questions_under_way\{kind="exports"\} (\d+)/.exec(String((await test.ask("GET", "/metrics")).body))?.[1];
    while ((await underWay()) !== "0") await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await text(asked("flow_id"))).length).toBeGreaterThan(COUNT);
    const log = test.log
      .filter((line) => line.includes("export of flows"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(log.filter(({ complete }) => complete === false).length).toBeGreaterThanOrEqual(1);
    expect(log.at(-1)).toMatchObject({
      complete: true,
      rows: COUNT,
      format: "csv",
      filter: expect.stringContaining(many),
      who: expect.any(String),
    });
  });

  it("break off where the store fails in the middle: what came does not look like all of it", async () => {
    const bytes = ClickHouse.prototype.bytes;
    let parts = 0;
    const failing = vi.spyOn(ClickHouse.prototype, "bytes").mockImplementation(function (this: ClickHouse, ...question) {
      parts++;
      return parts === 2 ? Promise.reject(unavailable("gone")) : bytes.apply(this, question);
    });
    try {
      await expect(text(`format=ndjson&${asked()}`)).rejects.toThrow("terminated");
      // At its beginning it can still be told.
      parts = 1;
      const { status, body } = await test.ask<ErrorBody>("GET", `/api/flows/export?format=ndjson&${asked()}`);
      expect([status, body.error.code]).toEqual([503, "STORE_UNAVAILABLE"]);
      parts = 1;
      const csv = await test.ask<ErrorBody>("GET", `/api/flows/export?format=csv&${asked()}`);
      expect([csv.status, csv.body.error.code]).toEqual([503, "STORE_UNAVAILABLE"]);
    } finally {
      failing.mockRestore();
    }
    const log = test.log
      .filter((line) => line.includes("export of flows"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(log.slice(-3).map(({ complete, rows }) => [complete, Number(rows) > 0])).toEqual([
      [false, true],
      [false, false],
      [false, false],
    ]);
  });
});
