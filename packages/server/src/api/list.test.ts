import { type FlowJson, NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { FlowList } from "../query/flow-list.ts";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";
import { detailSchema, listSchema } from "./schemas.ts";

let test: TestServer;
const open = { state: "open", end: null, end_reason: null, verdict: null };
beforeAll(async () => {
  test = await startTestServer();
  const token = await test.agentToken("debian");
  // Minute by minute, the older the more bytes.
  const rows = Array.from({ length: 30 }, (_, i) =>
    rowNow(
      { network: "list", flow_id: String(100 + i), src_bytes: i * 10, dst_bytes: 0, ...(i === 3 ? open : {}) },
      (i + 1) * 60_000,
    ),
  );
  const { body } = await test.deliver(token, rows);
  expect(body).toMatchObject({ accepted: 30, rejected: [] });
});
afterAll(() => test.stop());

type Page = z.infer<typeof listSchema>;
async function page(query: string): Promise<Page> {
  const { status, body } = await test.ask<Page>("GET", `/api/flows?network=list&from=-1h&limit=10&${query}`);
  expect([status, z.prettifyError(listSchema.safeParse(body).error ?? new z.ZodError([]))]).toEqual([200, ""]);
  return body;
}
const ids = ({ flows }: { flows: readonly unknown[] }) => (flows as FlowJson[]).map(({ flow_id }) => Number(flow_id) - 100);
const upTo = (from: number, to: number) =>
  Array.from({ length: Math.abs(to - from) }, (_, i) => (from < to ? from + i : from - 1 - i));

describe("a list", () => {
  it("leads onwards and back", async () => {
    const first = await page("");
    expect([ids(first), first.prev, first.note]).toEqual([upTo(0, 10), null, null]);
    expect(first.meta).toMatchObject({ partial: false, table: expect.stringContaining("flows"), rows_read: expect.any(Number) });
    const second = await page(`cursor=${first.next}`);
    const third = await page(`cursor=${second.next}`);
    expect([ids(second), ids(third), third.next]).toEqual([upTo(10, 20), upTo(20, 30), null]);
    const back = await page(`cursor=${third.prev}`);
    expect(ids(back)).toEqual(upTo(10, 20));
    expect(ids(await page(`cursor=${back.prev}`))).toEqual(upTo(0, 10));
    expect(ids(await page(`cursor=${back.next}`))).toEqual(upTo(20, 30));
  });

  it("begins with the oldest, or at a time, if it is asked to", async () => {
    expect(ids(await page("order=asc"))).toEqual(upTo(30, 20));
    const at = await page("at=-14m30s");
    expect(ids(at)).toEqual(upTo(14, 24));
    expect(ids(await page(`cursor=${at.prev}`))).toEqual(upTo(4, 14));
  });

  it("is sorted by a counter, page by page", async () => {
    const first = await page("sort=bytes");
    expect(ids(first)).toEqual(upTo(30, 20));
    const second = await page(`cursor=${first.next}`);
    expect(ids(second)).toEqual(upTo(20, 10));
    expect(ids(await page(`cursor=${second.prev}`))).toEqual(upTo(30, 20));
    expect(ids(await page("sort=bytes&order=asc"))).toEqual(upTo(0, 10));
  });

  it.each([
    ["sort=name", "sort"],
    ["order=up", "order"],
    ["at=noon", "at"],
    ["at=-5m&sort=bytes", "at"],
  ])("refuses %s", async (query, parameter) => {
    const { status, body } = await test.ask<ErrorBody>("GET", `/api/flows?${query}`);
    expect([status, body.error.details?.problems]).toMatchObject([400, [{ parameter }]]);
  });

  it("tells its statements to administrators", async () => {
    const { meta } = await page("explain=sql&q=src.name%3Dx'y");
    expect(meta.sql?.map(({ statement }) => statement).join()).toMatch(/SELECT .* FROM flows /);
    expect(JSON.stringify(meta.sql?.map(({ statement }) => statement))).not.toContain("x'y");
  });
});

describe("a list line by line", () => {
  const lines = async (query: string) => {
    const headers = { accept: NDJSON_CONTENT_TYPE };
    const answer = await test.ask<string>("GET", `/api/flows?network=list&from=-1h&limit=10&${query}`, { headers });
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    const all = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { ...answer, rows: all.slice(0, -1), last: all.at(-1) as Pick<Page, "next" | "prev" | "meta" | "note"> };
  };

  it("has the same rows, and its places as the last line", async () => {
    const first = await lines("");
    expect(first.headers.get("content-type")).toContain(NDJSON_CONTENT_TYPE);
    expect(ids({ flows: first.rows })).toEqual(upTo(0, 10));
    expect(first.last).toMatchObject({ prev: null, note: null, meta: { partial: false } });
    const second = await lines(`cursor=${first.last.next}`);
    expect(ids({ flows: second.rows })).toEqual(upTo(10, 20));
    expect(ids({ flows: (await lines(`cursor=${second.last.prev}`)).rows })).toEqual(upTo(0, 10));
    expect((await lines("q=nothing-like-this")).rows).toEqual([]);
  });

  it("is refused as any other question", async () => {
    expect((await lines("q=port%3D")).status).toBe(400);
  });

  it("that breaks off ends with the error, and the log says what it was", async () => {
    const failing = vi.spyOn(FlowList.prototype, "stream").mockImplementation(async function* () {
      yield [{ flow_id: "1" }];
      throw new TypeError("broken in the middle");
    });
    try {
      const { rows, last } = await lines("");
      expect([rows, last]).toEqual([[{ flow_id: "1" }], { error: { code: "INTERNAL", message: expect.any(String) } }]);
    } finally {
      failing.mockRestore();
    }
    expect(test.log.filter((line) => line.includes("broken in the middle"))).toHaveLength(1);
  });
});

describe("one flow", () => {
  it("comes with what it took to find it", async () => {
    const { status, body } = await test.ask("GET", "/api/flows/debian/103");
    expect(status).toBe(200);
    expect(detailSchema.parse(body).meta).toMatchObject({ partial: false, table: expect.stringContaining("flows") });
  });
});
