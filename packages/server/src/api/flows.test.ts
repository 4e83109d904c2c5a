import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";
import { detailSchema, listSchema } from "./schemas.ts";

let test: TestServer;
/** The server's clock runs with ours, but for tests that move it. */
let aheadMs = 0;
const tokens = new Map<string, string>();
beforeAll(async () => {
  test = await startTestServer({ now: () => Date.now() + aheadMs });
  for (const node of ["debian", "inetgw"]) tokens.set(node, await test.agentToken(node));
});
afterAll(() => test.stop());

const deliver = async (node: string, ...rows: Record<string, unknown>[]) => {
  const { body } = await test.deliver(tokens.get(node) ?? null, rows);
  expect(body).toMatchObject({ accepted: rows.length, rejected: [] });
};
const ids = ({ flows }: { flows: FlowJson[] }) => flows.map(({ flow_id }) => flow_id);
const open = { state: "open", end: null, end_reason: null, verdict: null };
const iso = (agoMs: number) => new Date(Date.now() - agoMs).toISOString();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe("a list", () => {
  it("has the names and the values of the column table", async () => {
    const first = rowNow({ network: "shape" });
    // Of the same millisecond, so that their ids order them.
    const second = { ...first, flow_id: "9", ...open, protocol: 1, src_port: null, dst_port: null, icmp_type: 8 };
    await deliver("debian", first, { ...second, src_ip: "fd0a::9", dst_ip: "fd0a::4" });
    const answer = await test.ask<z.infer<typeof listSchema>>("GET", "/api/flows?network=shape&reports=all");
    expect(answer.status).toBe(200);
    expect(z.prettifyError(listSchema.safeParse(answer.body).error ?? new z.ZodError([]))).toBe("");
    expect(answer.body.flows).toMatchObject([
      {
        flow_id: "1000",
        src_ip: "100.102.137.9",
        src_port: 44006,
        protocol: 6,
        src_bytes: 60,
        dst_bytes: 40,
        state: "closed",
        primary: true,
      },
      { flow_id: "9", src_ip: "fd0a::9", src_port: null, icmp_type: 8, state: "open", end: null, verdict: null, domain: null },
    ]);
    expect(answer.body.flows[0]?.start).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it("holds what was active in the range, newest start first", async () => {
    const row = (flow_id: string, startAgoMs: number, endAgoMs: number | null) =>
      rowNow({
        network: "range",
        flow_id,
        start: iso(startAgoMs),
        last_seen: iso(endAgoMs ?? 0),
        ...(endAgoMs === null ? open : { end: iso(endAgoMs) }),
      });
    await deliver(
      "debian",
      row("1", 50 * HOUR_MS, 49 * HOUR_MS),
      row("2", 48 * HOUR_MS, 20 * MINUTE_MS),
      row("3", 47 * HOUR_MS, null),
      row("4", 40 * MINUTE_MS, 35 * MINUTE_MS),
      row("5", 25 * MINUTE_MS, 5 * MINUTE_MS),
      row("6", 4 * MINUTE_MS, 3 * MINUTE_MS),
    );
    const list = async (range: string) => ids(await test.flows(`network=range&${range}`));
    expect(await list("from=-3d")).toEqual(["6", "5", "4", "3", "2", "1"]);
    expect(await list("from=-15m")).toEqual(["6", "5", "3"]);
    expect(await list("from=-30m&to=-10m")).toEqual(["5", "3", "2"]);
    expect(await list(`from=${iso(37 * MINUTE_MS)}&to=${iso(30 * MINUTE_MS)}`)).toEqual(["4", "3", "2"]);
    expect(await list("from=-60h&to=-49h30m")).toEqual(["1"]);
    // A + as people write it: unescaped, it arrives as a space.
    expect(await list(`from=${iso(37 * MINUTE_MS).replace("Z", "+00:00")}&to=+1h`)).toEqual(["6", "5", "4", "3", "2"]);
  });

  it("comes in pages that neither repeat nor leave out, also while rows come in", async () => {
    const rows = Array.from({ length: 57 }, (_, i) =>
      rowNow({ network: "pages", flow_id: String(i), ...(i % 3 === 0 ? open : {}) }, 10 * MINUTE_MS + Math.floor(i / 4) * 1000),
    );
    await deliver("debian", ...rows);
    // Older revisions of the same flows, in parts of their own: neighbours that must be dropped.
    await deliver("debian", ...rows.filter((_, i) => i % 3 !== 0).map((row) => ({ ...row, revision: 1, src_bytes: 61 })));
    const seen: FlowJson[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page = await test.flows(`network=pages&limit=10&from=-1h${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.flows);
      cursor = page.next;
      await deliver("debian", rowNow({ network: "pages", flow_id: String(1000 + seen.length) }));
    }
    expect(seen).toHaveLength(57);
    expect(new Set(seen.map(({ flow_id }) => flow_id)).size).toBe(57);
    expect(seen.filter(({ state }) => state === "closed").every(({ revision }) => revision === 1)).toBe(true);
    const order = seen.map(({ start, flow_id }) => `${start} ${String(flow_id).padStart(9, "0")}`);
    expect(order).toEqual([...order].sort().reverse());
  });

  it("filters by every column that can be filtered, any of several values, and by absence", async () => {
    const base = { network: "filter" };
    await deliver(
      "debian",
      rowNow({ ...base, flow_id: "1", domain: "a.example.com", domain_source: "sni", counters_final: true }),
      rowNow({ ...base, flow_id: "2", protocol: 17, dst_port: 53, src_ip: "fd0a::1", dst_ip: "fd0a::2", verdict: "answered" }),
      rowNow({
        ...base,
        flow_id: "3",
        protocol: 1,
        src_port: null,
        dst_port: null,
        icmp_type: 8,
        icmp_code: 0,
        uid: 4_000_000_000,
        ...open,
      }),
    );
    const list = async (filters: string) => ids(await test.flows(`network=filter&${filters}`)).sort();
    expect(await list("protocol=6&protocol=17")).toEqual(["1", "2"]);
    expect(await list("dst_port=53")).toEqual(["2"]);
    expect(await list("dst_port=")).toEqual(["3"]);
    expect(await list("dst_port=&dst_port=53")).toEqual(["2", "3"]);
    expect(await list("src_ip=fd0a::1&src_ip=100.102.137.9")).toEqual(["1", "2", "3"]);
    expect(await list("src_ip=100.102.137.9")).toEqual(["1", "3"]);
    expect(await list("domain=a.example.com&domain_source=sni")).toEqual(["1"]);
    expect(await list("domain=A' OR 1=1 --")).toEqual([]);
    expect(await list("state=open")).toEqual(["3"]);
    expect(await list("verdict=refused&verdict=answered&verdict=")).toEqual(["1", "2", "3"]);
    expect(await list("counters_final=false")).toEqual(["3"]);
    expect(await list("flow_id=2&reporter=debian&reporter_id=debian")).toEqual(["2"]);
    expect(await list("uid=4000000000")).toEqual(["3"]);
    expect(await list("src_type=external&dst_type=external&primary=true&direction=egress&role=initiator")).toEqual([
      "1",
      "2",
      "3",
    ]);
    expect(await list("src_type=node")).toEqual([]);
  });

  it("asks the newest revision only, also of what has ended", async () => {
    const row = rowNow({ network: "outdated" });
    await deliver("debian", { ...row, revision: 1, verdict: "unanswered", counters_final: false });
    await deliver("debian", { ...row, revision: 2, verdict: "answered", counters_final: true });
    const list = async (filters: string) => ids(await test.flows(`network=outdated&${filters}`));
    expect(await list("verdict=unanswered")).toEqual([]);
    expect(await list("counters_final=false")).toEqual([]);
    expect(await list("verdict=answered&counters_final=true")).toEqual(["1000"]);
  });

  it.each([
    ["portt=1", "portt", /unknown/],
    ["dstport=443", "dstport", /did you mean dst_port\?/],
    ["limit=0", "limit", /./],
    ["limit=1001", "limit", /./],
    ["reports=some", "reports", /merged/],
    ["from=yesterday", "from", /RFC 3339/],
    ["from=-1m&to=-5m", "from, to", /beginning/],
    ["protocol=tcp", "protocol", /whole number from 0 to 255/],
    ["src_ip=10.0.0.0/8", "src_ip", /address/],
    ["state=closing", "state", /open, closed, lost/],
    ["primary=1", "primary", /true or false/],
    ["cursor=abc", "cursor", /begin again/],
    ["src_bytes=1", "src_bytes", /unknown/],
  ])("refuses %s and says why", async (query, parameter, message) => {
    const answer = await test.ask<ErrorBody>("GET", `/api/flows?${query}`);
    expect(answer.status).toBe(400);
    const problems = answer.body.error.details?.problems as { parameter: string; message: string }[];
    expect(problems).toEqual([{ parameter, message: expect.stringMatching(message) }]);
  });

  it("tells every mistake at once", async () => {
    const answer = await test.ask<ErrorBody>("GET", "/api/flows?protocol=x&state=y");
    expect(answer.body.error.details?.problems).toHaveLength(2);
  });

  it("freezes relative times in its cursor", async () => {
    await deliver("debian", ...["1", "2", "3"].map((flow_id) => rowNow({ network: "frozen", flow_id }, 90_000)));
    const first = await test.flows("network=frozen&from=-2m&limit=2");
    aheadMs = 10 * MINUTE_MS;
    try {
      const second = await test.flows(`network=frozen&from=-2m&limit=2&cursor=${first.next}`);
      expect([ids(first), ids(second)]).toEqual([["3", "2"], ["1"]]);
    } finally {
      aheadMs = 0;
    }
  });
});

describe("an open flow", () => {
  it("reads as lost while its reporter is silent, and as open when it is heard of again", async () => {
    await deliver("debian", rowNow({ network: "silence", ...open }));
    const states = async (query = "") => (await test.flows(`network=silence&from=-1h${query}`)).flows.map(({ state }) => state);
    expect(await states()).toEqual(["open"]);
    aheadMs = 35_000;
    try {
      expect(await states()).toEqual(["lost"]);
      expect(await states("&state=open")).toEqual([]);
      expect(await states("&state=lost")).toEqual(["lost"]);
      await deliver("debian", rowNow({ network: "elsewhere" }));
      expect(await states("&state=open")).toEqual(["open"]);
    } finally {
      aheadMs = 0;
    }
  });

  it("moves from one table to the other without being seen twice or not at all", async () => {
    const row = rowNow({ network: "moves" });
    await deliver("debian", { ...row, ...open, revision: 0, src_bytes: 10 });
    await deliver("debian", { ...row, ...open, revision: 1, src_bytes: 20 });
    expect((await test.flows("network=moves")).flows).toMatchObject([{ revision: 1, src_bytes: 20, state: "open" }]);
    await deliver("debian", { ...row, revision: 2, src_bytes: 30 });
    expect((await test.flows("network=moves")).flows).toMatchObject([{ revision: 2, src_bytes: 30, state: "closed" }]);
    // A late update of before its end.
    await deliver("debian", { ...row, ...open, revision: 1, src_bytes: 20 });
    expect((await test.flows("network=moves")).flows).toMatchObject([{ revision: 2, state: "closed" }]);
  });
});

describe("one connection", () => {
  it("is one row when merged, and its reports are found from each of them", async () => {
    const network = "connection";
    const responder = { network, reporter: "inetgw", direction: "ingress", role: "responder", flow_id: "2001", rank: 3 };
    await deliver("debian", rowNow({ network, flow_id: "2000" }));
    await deliver("inetgw", rowNow(responder));
    // The same ports a minute later, and another port: other connections.
    await deliver("inetgw", rowNow({ ...responder, flow_id: "2002" }, 1000));
    await deliver("inetgw", rowNow({ ...responder, flow_id: "2003", src_port: 44007 }));
    const detail = async (path: string) => {
      const { status, body } = await test.ask<z.infer<typeof detailSchema>>("GET", `/api/flows/${path}`);
      expect(status).toBe(200);
      expect(detailSchema.safeParse(body).success).toBe(true);
      return [body.flow.flow_id, body.reports.map(({ flow_id }) => flow_id)];
    };
    expect(await detail("debian/2000")).toEqual(["2000", ["2001"]]);
    expect(await detail("inetgw/2001")).toEqual(["2001", ["2000"]]);
    expect(await detail("inetgw/2002")).toEqual(["2002", []]);
  });

  it("is followed through translated addresses, over several gateways", async () => {
    const network = "nat";
    const original = { network, src_ip: "100.102.137.21", src_port: 50_000, dst_ip: "203.0.113.7", dst_port: 443 };
    const first = { ...original, nat_src_ip: "100.102.137.4", nat_src_port: 61_000 };
    const second = { ...original, src_ip: "100.102.137.4", src_port: 61_000, nat_dst_ip: "203.0.113.99", nat_dst_port: 8443 };
    const third = { ...second, dst_ip: "203.0.113.99", dst_port: 8443, nat_dst_ip: null, nat_dst_port: null };
    await deliver("inetgw", rowNow({ ...first, flow_id: "1", reporter: "inetgw", direction: "ingress", role: "forwarder" }));
    await deliver(
      "debian",
      rowNow({ ...second, flow_id: "2", role: "forwarder" }),
      rowNow({ ...third, flow_id: "3", role: "responder" }),
    );
    await deliver("debian", rowNow({ ...third, flow_id: "4", dst_port: 8444 }));
    const reports = async (path: string) => {
      const { body } = await test.ask<{ reports: FlowJson[] }>("GET", `/api/flows/${path}`);
      return body.reports.map(({ flow_id }) => flow_id).sort();
    };
    expect(await reports("inetgw/1")).toEqual(["2", "3"]);
    expect(await reports("debian/3")).toEqual(["1", "2"]);
    expect(await reports("debian/4")).toEqual([]);
  });

  it("that nobody reported is not found", async () => {
    expect((await test.ask("GET", "/api/flows/debian/77777")).status).toBe(404);
    expect((await test.ask("GET", "/api/flows/nobody/1000")).status).toBe(404);
    expect((await test.ask("GET", "/api/flows/debian/x")).status).toBe(400);
    expect((await test.ask("GET", "/api/flows/%zz/1")).status).toBe(400);
  });
});

describe("sample traffic", () => {
  it("is made, stays apart from real rows, and is gone when it is switched off", async () => {
    await deliver("debian", rowNow({ network: "real" }));
    expect((await test.ask("POST", "/api/sample", { body: { on: true } })).body).toEqual({ on: true });
    const sample = await test.flows("network=sample&limit=1000");
    expect(sample.flows.length).toBeGreaterThan(100);
    expect(sample.flows.every(({ reporter, network }) => reporter.startsWith("sample-") && network === "sample")).toBe(true);
    expect(sample.flows.map(({ src_type }) => src_type)).toContain("user");
    expect(sample.flows.map(({ state }) => state)).toContain("open");
    const real = await test.flows("limit=1000&from=-3d&reports=all");
    expect(real.flows.map(({ network }) => network)).toContain("real");
    expect(real.flows.map(({ network }) => network)).not.toContain("sample");
    expect((await test.flows("network=sample&network=real&limit=1000")).flows.map(({ network }) => network)).toContain("real");
    expect((await test.ask("GET", "/api/sample")).body).toEqual({ on: true });
    expect((await test.ask("POST", "/api/sample", { body: { on: false } })).body).toEqual({ on: false });
    expect((await test.flows("network=sample")).flows).toEqual([]);
    expect((await test.flows("network=real")).flows).toHaveLength(1);
  });
});
