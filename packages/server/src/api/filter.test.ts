import type { FlowJson } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";
import { checkedFilterSchema, completionSchema } from "./filter-schemas.ts";

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
  const token = await test.agentToken("debian");
  const rows = [
    rowNow({ network: "one", flow_id: "1", domain: "api.github.com", src_bytes: 3_000_000, dst_bytes: 1 }),
    rowNow({ network: "one", flow_id: "2", protocol: 17, dst_port: 53, dst_ip: "203.0.113.53", verdict: "answered" }),
    rowNow({ network: "two", flow_id: "3", dst_port: 80, state: "open", end: null, end_reason: null, verdict: null }),
  ];
  expect((await test.deliver(token, rows)).body).toMatchObject({ rejected: [] });
});
afterAll(() => test.stop());

const list = async (q: string, more = "") => {
  const { flows } = await test.flows(`q=${encodeURIComponent(q)}&reports=all${more}`);
  return flows.map(({ flow_id }: FlowJson) => flow_id).sort();
};

describe("GET /api/flows?q=", () => {
  it("finds what the filter says, beside the other parameters", async () => {
    expect(await list("")).toEqual(["1", "2", "3"]);
    expect(await list("port=https")).toEqual(["1"]);
    expect(await list("proto:udp or state=open")).toEqual(["2", "3"]);
    expect(await list("bytes>2MiB")).toEqual(["1"]);
    expect(await list("GitHub")).toEqual(["1"]);
    expect(await list("!github 100.102.137.0/24")).toEqual(["2", "3"]);
    expect(await list("to:203.0.113.0/24")).toEqual(["2"]);
    expect(await list("verdict=null")).toEqual(["3"]);
    expect(await list("port in (https, 53)", "&protocol=17")).toEqual(["2"]);
    expect(await list("port in (https, 53)", "&network=two")).toEqual([]);
  });

  it("answers also the largest filters that there can be", async () => {
    const of = (count: number, text: (i: number) => string, between: string) =>
      Array.from({ length: count }, (_, i) => text(i)).join(between);
    expect(await list(`port in (${of(499, (i) => `${1000 + i}`, ", ")}, 53)`)).toEqual(["2"]);
    expect(await list(`ip in (${of(400, (i) => `10.0.${i % 256}.${i % 250}`, ", ")}, 203.0.113.53)`)).toEqual(["2"]);
    expect(await list(`ip in (${of(99, (i) => `fd0a:${i}::/32`, ", ")}, 203.0.113.0/24)`)).toEqual(["2"]);
    expect(await list(`${of(99, (i) => `domain~v${i}`, " or ")} or domain~hub`)).toEqual(["1"]);
    expect(await list(`${of(13, (i) => `w${i}`, " or ")} or hub`)).toEqual(["1"]);
    expect(await list(of(200, (i) => `port!=${i}`, " "))).toEqual(["1"]);
    expect(await list(`${"!(port=1 or ".repeat(15)}port=53${")".repeat(15)}`)).toEqual(["1", "3"]);
    expect(await list(`domain=${"日".repeat(600)} or domain~${"Ж".repeat(600)} or port=53`)).toEqual(["2"]);
  });

  it("leaves sample traffic out unless it is asked for by name", async () => {
    await test.ask("POST", "/api/sample", { body: { on: true } });
    expect(await list("")).toEqual(["1", "2", "3"]);
    expect(await list("network!=one")).toEqual(["3"]);
    expect((await list("network=sample bytes>0")).length).toBeGreaterThan(10);
    expect((await list("network in (sample, two)")).length).toBeGreaterThan(10);
    expect(await list("bytes>2MiB network!=sample")).toEqual(["1"]);
    await test.ask("POST", "/api/sample", { body: { on: false } });
  });

  it("refuses what is none and points at the character", async () => {
    const answer = await test.ask<ErrorBody>("GET", `/api/flows?q=${encodeURIComponent("port=443 and scr.name=x")}`);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: "BAD_FILTER", details: { offset: 13, length: 8 } });
    expect(answer.body.error.message).toMatch(/unknown field "scr.name" at character 14: expected src.name/);
    expect(answer.body.error.details?.expected).toContain("src.name");
    const live = await test.ask<ErrorBody>("GET", "/api/flows/live?q=port%3D");
    expect([live.status, live.body.error.code]).toEqual([400, "BAD_FILTER"]);
    expect((await test.ask("GET", `/api/flows?q=${"a".repeat(9000)}`)).status).toBe(400);
  });
});

describe("GET /api/filter/check", () => {
  const check = async (q: string) => {
    const { status, body } = await test.ask<z.infer<typeof checkedFilterSchema>>(
      "GET",
      `/api/filter/check?q=${encodeURIComponent(q)}`,
    );
    expect(status).toBe(200);
    return checkedFilterSchema.parse(body);
  };

  it("says how Flowtrail writes it, or what is wrong", async () => {
    expect(await check("proto:TCP  Direction = inbound")).toEqual({ ok: true, canonical: "protocol=tcp and direction=ingress" });
    expect(await check("")).toEqual({ ok: true, canonical: "" });
    expect(await check("direction=sideways")).toEqual({
      ok: false,
      error: {
        code: "BAD_FILTER",
        message: '"sideways" is no value of direction at character 11: expected ingress or egress',
        details: { offset: 10, length: 8, expected: ["ingress", "egress"] },
      },
    });
  });
});

describe("GET /api/filter/complete", () => {
  const complete = async (query: string) => {
    const { status, body } = await test.ask("GET", `/api/filter/complete?${query}`);
    expect(status).toBe(200);
    return completionSchema.parse(body);
  };
  const counts = async (query: string) =>
    (await complete(query)).suggestions.filter(({ count }) => count !== null).map(({ text, count }) => [text, count]);

  it("offers fields, operators and words", async () => {
    const { from, to, suggestions } = await complete("q=port%3D443+src.n");
    expect([from, to]).toEqual([9, 14]);
    expect(suggestions[0]).toEqual({ text: "src.name", kind: "field", detail: expect.stringContaining("owner"), count: null });
    expect((await complete("q=port+")).suggestions.map(({ text }) => text)).toContain("not in");
    expect((await complete("q=port+")).meta).toMatchObject({ rows_read: 0, partial: false });
    // The cursor is where it is said to be.
    expect((await complete("q=port%3D443+src.n&at=3")).suggestions[0]?.text).toBe("port");
  });

  it("offers values that there are, those of most flows first, with counts", async () => {
    expect(await counts("q=network%3D")).toEqual([
      ["one", 2],
      // An open flow.
      ["two", 1],
    ]);
    expect(await counts("q=dst.port%3D")).toEqual([
      ["443", 1],
      ["53", 1],
      ["80", 1],
    ]);
    expect(await counts("q=port%3D44")).toEqual([
      ["44006", 3],
      ["443", 1],
    ]);
    expect((await complete("q=port%3D44&explain=sql")).meta).toMatchObject({
      table: "flows",
      partial: false,
      sql: [{ statement: expect.stringContaining("SELECT value") }],
    });
    expect(await counts("q=domain:HUB")).toEqual([["api.github.com", 1]]);
    expect(await counts("q=dst.ip%3D203.0.")).toEqual([["203.0.113.53", 1]]);
    expect(await counts("q=network%3D&from=-30d&to=-10d")).toEqual([]);
    expect(await counts("q=domain%3Da%25b")).toEqual([]);
    const verdicts = (await complete("q=verdict%3D")).suggestions;
    expect(verdicts.map(({ text }) => text).sort()).toEqual(["answered", "denied", "null", "refused", "unanswered"]);
    expect(verdicts.slice(0, 2).map(({ count }) => count)).toEqual([1, 1]);
  });

  it("offers no values of sample traffic, but its network", async () => {
    await test.ask("POST", "/api/sample", { body: { on: true } });
    expect(await counts("q=reporter%3D")).toEqual([["debian", 3]]);
    expect((await counts("q=network%3D")).map(([network]) => network)).toContain("sample");
    expect((await counts("q=reporter%3D&network=sample")).length).toBeGreaterThan(0);
    expect((await counts("q=reporter%3D&network=sample")).map(([reporter]) => reporter)).not.toContain("debian");
    await test.ask("POST", "/api/sample", { body: { on: false } });
  });

  it("offers values of the network that is looked at", async () => {
    expect(await counts("q=dst.port%3D&network=two")).toEqual([["80", 1]]);
    expect(await counts("q=dst.port%3D&network=two&network=one")).toHaveLength(3);
    expect(await counts("q=dst.port%3D&network=three")).toEqual([]);
    expect(await counts("q=network%3D&network=two")).toHaveLength(2);
  });

  it("refuses a time that is none", async () => {
    expect((await test.ask("GET", "/api/filter/complete?q=&from=yesterday")).status).toBe(400);
  });
});
