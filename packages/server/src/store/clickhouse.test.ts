import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ClickHouse } from "./clickhouse.ts";
import { remoteEndpoint } from "./endpoint.ts";
import { freePort } from "./engine/process.ts";
import { clickHouseConfig, memoryLogger, startTestEngine, type TestEngine } from "./testing.ts";

describe("ClickHouse over HTTP", () => {
  let test: TestEngine;
  let clickhouse: ClickHouse;
  beforeAll(async () => {
    test = await startTestEngine();
    ({ clickhouse } = test);
  });
  afterAll(() => test.stop());

  const running = async (marker: string) =>
    (
      await clickhouse.rows<{ n: string }>(
        "SELECT count() AS n FROM system.processes WHERE query LIKE {like:String} AND query NOT LIKE '%system.processes%'",
        { like: `%${marker}%` },
      )
    )[0]?.n;
  const gone = async (marker: string) => {
    while ((await running(marker)) !== "0");
  };

  it("binds parameters, quotes 64-bit numbers and tells times in UTC", async () => {
    const evil = "'); DROP TABLE t; -- \\ \n\t\0 ü";
    const rows = await clickhouse.rows(
      "SELECT {text:String} AS text, {big:UInt64} AS big, toDateTime64('2026-01-02 03:04:05.678', 3) AS time, {list:Array(String)} AS list",
      { text: evil, big: "18446744073709551615", list: ["a'b", "c"] },
    );
    expect(rows).toEqual([{ text: evil, big: "18446744073709551615", time: "2026-01-02T03:04:05.678Z", list: ["a'b", "c"] }]);
  });

  it("binds lists of any length", async () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => `'ü\\${randomUUID()}-${i}`);
    const sql = "SELECT {list:Array(String)}[20000] AS last, length({list:Array(String)}) AS n, {more:UInt8} AS more";
    const row = { last: ids.at(-1), n: "20000", more: 7 };
    const bindings = { list: ids, more: 7 };
    expect(await clickhouse.rows(sql, bindings)).toEqual([row]);
    expect(JSON.parse(String((await clickhouse.bytes(`${sql} FORMAT JSONEachRow`, bindings)).body))).toEqual(row);
    const chunks = await (await clickhouse.open(`${sql} FORMAT JSONEachRow`, bindings)).toArray();
    expect(JSON.parse(Buffer.concat(chunks).toString())).toEqual(row);
    const few = "SELECT countIf(toString(number) IN {list:Array(String)}) AS n FROM numbers(10)";
    expect(await clickhouse.rows(few, { list: [...ids, "3"] })).toEqual([{ n: "1" }]);
    // Long for a URL, short for a parameter.
    const some = { list: ids.slice(0, 300), more: 7 };
    const { body } = await clickhouse.bytes("SELECT length({list:Array(String)}) AS n FORMAT TSV", some);
    expect(String(body)).toBe("300\n");
  });

  it("runs a question read-only and as one statement", async () => {
    await expect(clickhouse.rows("CREATE TABLE evil (a UInt8) ENGINE = Memory")).rejects.toMatchObject({ code: "STORE_QUERY" });
    await expect(clickhouse.rows("SELECT 1; SELECT 2")).rejects.toMatchObject({ code: "STORE_QUERY" });
  });

  it("keeps each question within its limits", async () => {
    const limits = { maxRowsToRead: 1000 };
    await expect(clickhouse.rows("SELECT count() FROM numbers(2000) WHERE number % 7 = 1", {}, { limits })).rejects.toMatchObject(
      {
        data: { code: "STORE_LIMIT", limit: "rows" },
      },
    );
    await expect(
      clickhouse.rows("SELECT uniqExact(number) FROM numbers(100000000)", {}, { limits: { maxMemoryBytes: 20_000_000 } }),
    ).rejects.toMatchObject({ data: { code: "STORE_LIMIT", limit: "memory" } });
    await expect(
      clickhouse.rows("SELECT sleepEachRow(0.1) FROM numbers(100)", {}, { limits: { maxExecutionMs: 300 } }),
    ).rejects.toMatchObject({ code: "STORE_TIMEOUT" });
  });

  it("does not let settings of the caller lift the limits", async () => {
    const settings = { max_rows_to_read: "0", readonly: "0" };
    await expect(
      clickhouse.rows("SELECT count() FROM numbers(2000) WHERE number % 7 = 1", {}, { settings, limits: { maxRowsToRead: 10 } }),
    ).rejects.toMatchObject({ code: "STORE_LIMIT" });
  });

  it("ends a query in the engine when its caller leaves", async () => {
    const leaving = new AbortController();
    const answer = clickhouse.rows(
      "SELECT sleepEachRow(1), 'leaver' FROM numbers(60) SETTINGS max_block_size = 1",
      {},
      {
        signal: leaving.signal,
      },
    );
    while ((await running("leaver")) === "0");
    leaving.abort();
    await expect(answer).rejects.toMatchObject({ code: "STORE_ABORTED" });
    await gone("leaver");
    await expect(clickhouse.rows("SELECT 1", {}, { signal: leaving.signal })).rejects.toMatchObject({ code: "STORE_ABORTED" });
  });

  it("streams in chunks, and ends the query when the reader leaves or aborts", async () => {
    let rows = 0;
    for await (const chunk of clickhouse.stream<{ n: string }>("SELECT number AS n FROM numbers(200000)")) rows += chunk.length;
    expect(rows).toBe(200_000);
    const endless = "SELECT number AS n, 'wanderer' FROM system.numbers";
    for await (const chunk of clickhouse.stream<{ n: string }>(endless)) {
      expect(chunk[0]?.n).toBe("0");
      break;
    }
    await gone("wanderer");
    const leaving = new AbortController();
    const read = async () => {
      for await (const _ of clickhouse.stream(endless, {}, { signal: leaving.signal })) leaving.abort();
    };
    await expect(read()).rejects.toMatchObject({ code: "STORE_ABORTED" });
    await gone("wanderer");
  });

  it("reports an error that comes in the middle of a stream", async () => {
    const read = async () => {
      for await (const _ of clickhouse.stream("SELECT throwIf(number = 1000000), repeat('x', 50) FROM numbers(2000000)"));
    };
    await expect(read()).rejects.toMatchObject({ code: "STORE_QUERY" });
  });

  it("refuses bad rows as a whole", async () => {
    await clickhouse.command("CREATE TABLE strict (a UInt8) ENGINE = MergeTree ORDER BY a");
    await expect(clickhouse.insert("strict", ["a"], "JSONEachRow", '{"a":1}\n{"a":"x"}\n')).rejects.toMatchObject({
      code: "STORE_QUERY",
    });
    expect(await clickhouse.rows("SELECT count() AS n FROM strict")).toEqual([{ n: "0" }]);
  });

  it("tells a dead address and wrong credentials apart, and answers a ping with a value", async () => {
    const at = async (url: string, username = "u", password = "p") => {
      const client = new ClickHouse(remoteEndpoint(url, username, password), clickHouseConfig, { logger: memoryLogger() });
      const result = await client.ping();
      await client.close();
      return result;
    };
    expect(await at(`http://127.0.0.1:${await freePort()}`)).toMatchObject({ ok: false, error: { code: "STORE_UNAVAILABLE" } });
    const endpoint = await test.engine.endpoint(0);
    expect(await at(endpoint?.url ?? "")).toMatchObject({ ok: false, error: { code: "STORE_AUTH" } });
    expect(await clickhouse.ping()).toMatchObject({ ok: true, version: expect.stringMatching(/^\d+\.\d+/) });
  });
});
