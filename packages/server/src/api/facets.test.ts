import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";
import { countSchema, facetsSchema, seenSchema } from "./flow-schemas.ts";

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
  const token = await test.agentToken("debian");
  const network = "facets";
  const open = { state: "open", end: null, end_reason: null, verdict: null };
  await test.deliver(token, [
    rowNow({ network, flow_id: "1", dst_port: 443, domain: "a.example" }),
    rowNow({ network, flow_id: "2", dst_port: 443, domain: "b.example", ...open }),
    rowNow({ network, flow_id: "3", dst_port: 53, protocol: 17 }),
    rowNow({ network, flow_id: "4", dst_port: null, src_port: null, protocol: 1, icmp_type: 8 }),
    // Nobody's primary report.
    rowNow({ network: "other", flow_id: "5", dst_port: 22 }, 7_200_000),
  ]);
});
afterAll(() => test.stop());

async function ask<T extends z.ZodType>(schema: T, path: string): Promise<z.infer<T>> {
  const { status, body } = await test.ask("GET", path);
  expect([status, z.prettifyError(schema.safeParse(body).error ?? new z.ZodError([]))], JSON.stringify(body)).toEqual([200, ""]);
  return body as z.infer<T>;
}
const problems = async (path: string) => {
  const { status, body } = await test.ask<ErrorBody>("GET", path);
  expect(status).toBe(400);
  const { problems: told } = body.error.details as { problems: { parameter: string; message: string }[] };
  return told[0];
};

describe("GET /api/flows/count", () => {
  it("tells how many rows the list has, and whether it is sure", async () => {
    const count = async (query: string) => {
      const { meta, ...told } = await ask(countSchema, `/api/flows/count?network=facets&${query}`);
      expect(meta).toMatchObject({ partial: false, table: expect.stringContaining("flows") });
      return told;
    };
    expect(await count("")).toEqual({ count: 4, exact: true, note: null });
    expect((await count("dst_port=443")).count).toBe(2);
    expect((await count("q=state=open")).count).toBe(1);
    expect((await count("to=-10m")).count).toBe(0);
    expect((await ask(countSchema, "/api/flows/count?from=-3h&to=-1h")).count).toBe(1);
  });

  it("refuses what it does not know", async () => {
    expect(await problems("/api/flows/count?from=x")).toMatchObject({ parameter: "from" });
    expect(await problems("/api/flows/count?limit=5")).toMatchObject({ parameter: "limit" });
  });
});

describe("GET /api/flows/facets", () => {
  it("counts the values of each field by the name that it was asked for", async () => {
    const { facets, more, exact } = await ask(
      facetsSchema,
      "/api/flows/facets?network=facets&fields=proto,dst.port,port,state,dst_ip&limit=2",
    );
    expect(facets).toEqual({
      proto: [
        { value: 6, count: 2 },
        { value: 1, count: 1 },
      ],
      "dst.port": [
        { value: 443, count: 2 },
        { value: 53, count: 1 },
      ],
      port: [
        { value: 44006, count: 3 },
        { value: 443, count: 2 },
      ],
      state: [
        { value: "closed", count: 3 },
        { value: "open", count: 1 },
      ],
      dst_ip: [{ value: "100.102.137.4", count: 4 }],
    });
    expect([more, exact]).toEqual([["proto", "dst.port", "port"], true]);
  });

  it("leaves out what the filter says of the field itself", async () => {
    const { facets } = await ask(facetsSchema, "/api/flows/facets?fields=network,protocol,domain&network=facets&q=protocol=udp");
    expect(facets.network).toEqual([{ value: "facets", count: 1 }]);
    expect(facets.protocol?.map(({ value }) => value)).toEqual([6, 1, 17]);
    expect(facets.domain).toEqual([{ value: null, count: 1 }]);
  });

  it("has a set of fields for those who name none", async () => {
    const { facets } = await ask(facetsSchema, "/api/flows/facets?network=facets");
    expect(Object.keys(facets)).toContain("proto");
    expect(Object.keys(facets).length).toBeGreaterThan(8);
  });

  it("refuses fields that it does not know, or whose values are not counted", async () => {
    expect(await problems("/api/flows/facets?fields=protcol")).toEqual({
      parameter: "fields",
      message: 'unknown field "protcol", did you mean protocol?',
    });
    expect(await problems("/api/flows/facets?fields=bytes")).toMatchObject({ message: expect.stringMatching(/not counted/) });
    expect(await problems("/api/flows/facets?limit=0")).toMatchObject({ parameter: "limit" });
  });
});

describe("GET /api/flows/seen", () => {
  it("tells when something was seen first and last", async () => {
    const { first, last, exact } = await ask(seenSchema, "/api/flows/seen?by=dst.port&value=22");
    expect(exact).toBe(true);
    const agoMs = Date.now() - Date.parse(first ?? "");
    expect(agoMs).toBeGreaterThan(7_100_000);
    expect(Date.parse(last ?? "")).toBeGreaterThanOrEqual(Date.parse(first ?? ""));
    expect(await ask(seenSchema, "/api/flows/seen?by=domain&value=nowhere.example")).toMatchObject({ first: null, last: null });
    expect(await ask(seenSchema, "/api/flows/seen?by=port&value=https&network=other")).toMatchObject({ first: null });
    expect(await ask(seenSchema, "/api/flows/seen?by=network&value=other")).toMatchObject({ first });
    await test.ask("POST", "/api/sample", { body: { on: true } });
    while ((await ask(seenSchema, "/api/flows/seen?by=network&value=sample")).first === null);
    await test.ask("POST", "/api/sample", { body: { on: false } });
  });

  it("refuses fields that it does not know, and values that a field can't hold", async () => {
    expect(await problems("/api/flows/seen?by=domian&value=x")).toMatchObject({
      parameter: "by",
      message: expect.stringMatching(/domain/),
    });
    expect(await problems("/api/flows/seen?by=ip&value=x")).toMatchObject({ parameter: "value" });
    expect(await problems("/api/flows/seen?by=ip")).toMatchObject({ parameter: "value" });
    expect(await problems("/api/flows/seen?by=src.name&value=x&type=node")).toMatchObject({ parameter: "type" });
  });
});
