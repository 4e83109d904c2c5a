import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestEngine, type TestEngine } from "../store/testing.ts";
import { Inquiry } from "./inquiry.ts";
import { type Caps, capsOf } from "./inquiry-caps.ts";
import { InquiryDesk } from "./inquiry-desk.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const caps = capsOf("person", {
  max_seconds: 20,
  max_memory: 200_000_000,
  max_rows: 10_000_000,
  programs: { max_seconds: 1, max_rows: 1000 },
});
const makeDesk = (quickMs = 300, more: { canWait?: boolean } = {}) =>
  new InquiryDesk(
    { quick: 2, heavy: 1, exports: 1, quickMs, heavyThreads: 1, maxWaiting: 10, maxWaitMs: 10_000, ...more },
    { clickhouse: engine.clickhouse },
  );
const stay = new AbortController().signal;
const ask = <T>(
  desk: InquiryDesk,
  sql: string,
  { who = "a", signal = stay, ...change }: { who?: string; signal?: AbortSignal } & Partial<Caps> = {},
) => new Inquiry(desk.askedBy(who, { ...caps, ...change }), { signal }).rows<T>({ table: "t", sql, bindings: {} });
/** A question that takes so many tenths of a second. */
const slow = (marker: string, tenths: number) =>
  `SELECT count(sleepEachRow(0.1)) AS n, '${marker}' FROM numbers(${tenths}) SETTINGS max_block_size = 1`;

async function running(marker: string): Promise<number> {
  const sql = "SELECT count() AS n FROM system.processes WHERE query LIKE {like:String} AND query NOT LIKE '%system.processes%'";
  const [row] = await engine.clickhouse.rows<{ n: string }>(sql, { like: `%${marker}%` });
  return Number(row?.n);
}
const begun = async (marker: string) => {
  while ((await running(marker)) === 0);
};
const gone = async (marker: string) => {
  while ((await running(marker)) > 0);
};

describe("a question that asks for too much", () => {
  it("is refused with the limit and what to do", async () => {
    const desk = makeDesk();
    await expect(ask(desk, "SELECT count() FROM numbers(20000000) WHERE number % 7 = 1")).rejects.toMatchObject({
      data: { code: "QUERY_TOO_LARGE", limit: "rows", max: 10_000_000, option: "query.max_rows" },
      message: expect.stringMatching(/more than 10,000,000 rows.*shorter time range.*query\.max_rows/),
    });
    await expect(
      ask(desk, "SELECT uniqExact(number) FROM numbers(9000000)", { maxMemoryBytes: 10_000_000 }),
    ).rejects.toMatchObject({ data: { code: "QUERY_TOO_LARGE", limit: "memory", max: 10_000_000 } });
    await expect(ask(desk, "SELECT number FROM numbers(1000000)", { maxResultRows: 1000 })).rejects.toMatchObject({
      data: { code: "QUERY_TOO_LARGE", limit: "result", max: 1000 },
    });
    await expect(ask(desk, slow("too slow", 100), { maxExecutionMs: 1000 })).rejects.toMatchObject({
      data: { code: "QUERY_TOO_SLOW", max_seconds: 1, option: "query.max_seconds" },
      message: expect.stringContaining("longer than 1 s"),
    });
    await gone("too slow");
    expect(Object.fromEntries(desk.stats.refused)).toEqual({ QUERY_TOO_LARGE: 3, QUERY_TOO_SLOW: 1 });
  });

  it("of a program is told the program's options", async () => {
    const program = capsOf("program", {
      max_seconds: 20,
      max_memory: 2e8,
      max_rows: 1e7,
      programs: { max_seconds: 1, max_rows: 1000 },
    });
    await expect(ask(makeDesk(), "SELECT count() FROM numbers(2000) WHERE number % 7 = 1", program)).rejects.toMatchObject({
      data: { max: 1000, option: "query.programs.max_rows" },
    });
    expect([caps.explain, program.explain]).toEqual([true, false]);
  });

  it("has the smaller ones of its own limits and of its asker's, and tells which one it was", async () => {
    const desk = makeDesk();
    const inquiry = new Inquiry(desk.askedBy("a", caps), { signal: stay });
    const count = (rows: number, maxRowsToRead: number) =>
      inquiry.rows({
        table: "t",
        sql: `SELECT count() FROM numbers(${rows}) WHERE number % 7 = 1`,
        bindings: {},
        options: { limits: { maxRowsToRead } },
      });
    await expect(count(20_000_000, 1_000_000_000)).rejects.toMatchObject({
      data: { limit: "rows", max: 10_000_000, option: "query.max_rows" },
    });
    await expect(count(2000, 1000)).rejects.toMatchObject({
      data: { code: "QUERY_TOO_LARGE", limit: "rows", max: 1000 },
      message: expect.not.stringContaining("administrator"),
    });
    await expect(count(2000, 0)).resolves.toHaveLength(1);
  });

  it("is partial where it may stop at a limit", async () => {
    const told = async (limits: Partial<Caps>) => {
      const inquiry = new Inquiry(makeDesk(20_000).askedBy("a", caps), { signal: stay });
      const settings = { read_overflow_mode: "break", timeout_overflow_mode: "break", max_block_size: "1000" } as const;
      const sql = "SELECT count() AS n, any(sleepEachRow(0.00001)) FROM numbers(5000)";
      await inquiry.rows({ table: "t", sql, bindings: {}, options: { limits, settings } });
      return inquiry.meta.partial;
    };
    expect(await told({ maxRowsToRead: 2000 })).toBe(true);
    expect(await told({ maxExecutionMs: 20 })).toBe(true);
    expect(await told({ maxRowsToRead: 6000 })).toBe(false);
  });

  it("has one time for all that a request asks", async () => {
    const inquiry = new Inquiry(makeDesk().askedBy("a", { ...caps, maxExecutionMs: 1500 }), { signal: stay });
    const once = (marker: string) => inquiry.rows({ table: "t", sql: slow(marker, 10), bindings: {} });
    await once("first of two");
    await expect(once("second of two")).rejects.toMatchObject({ code: "QUERY_TOO_SLOW" });
    await gone("second of two");
  });
});

describe("equal questions", () => {
  const sql = "SELECT toString(generateUUIDv4()) AS id, sleep(0.2)";

  it("under way at the same time are asked once, for several askers", async () => {
    const desk = makeDesk();
    const answers = await Promise.all(["a", "b", "c"].map((who) => ask<{ id: string }>(desk, sql, { who })));
    expect(new Set(answers.map(([row]) => row?.id)).size).toBe(1);
    const [[later], [other]] = await Promise.all([
      ask<{ id: string }>(desk, sql),
      ask<{ id: string }>(desk, sql, { maxRowsToRead: 5 }),
    ]);
    expect(later?.id).not.toBe(answers[0]?.[0]?.id);
    expect(other?.id).not.toBe(later?.id);
    expect([desk.stats.joined, desk.stats.tables.get("t")?.questions]).toEqual([2, 3]);
  });

  it("do not share that one of their askers has too many waiting", async () => {
    const queue = { quick: 1, heavy: 1, exports: 1, maxWaiting: 4, maxWaitMs: 60_000 };
    const desk = new InquiryDesk({ ...queue, quickMs: 20_000, heavyThreads: 1 }, { clickhouse: engine.clickhouse });
    const many = ["first", "second", "third"].map((marker) => ask(desk, slow(marker, 5), { who: "busy" }));
    const [busy, ...others] = ["busy", "b", "c"].map((who) => ask(desk, "SELECT 'wanted' AS word", { who }));
    await expect(busy).rejects.toMatchObject({ code: "QUERY_BUSY" });
    expect(await Promise.all(others)).toEqual([[{ word: "wanted" }], [{ word: "wanted" }]]);
    await Promise.all(many);
  });

  it("of before and after a write are not equal", async () => {
    const desk = makeDesk();
    await engine.clickhouse.command("CREATE TABLE written (a UInt8) ENGINE = MergeTree ORDER BY a");
    const count = () => ask<{ n: string }>(desk, "SELECT (SELECT count() FROM written) AS n, sleep(1)");
    const before = count();
    await engine.clickhouse.insert("written", ["a"], "JSONEachRow", '{"a":1}');
    expect((await count())[0]?.n).toBe("1");
    await before;
  });

  it("go on while one asker waits, and end when the last one leaves", async () => {
    const desk = makeDesk(20_000);
    const leaving = [new AbortController(), new AbortController()] as const;
    const waiting = leaving.map(({ signal }) =>
      expect(ask(desk, slow("left twice", 150), { signal })).rejects.toMatchObject({ code: "STORE_ABORTED" }),
    );
    await begun("left twice");
    leaving[0].abort();
    await waiting[0];
    expect(await running("left twice")).toBe(1);
    leaving[1].abort();
    await waiting[1];
    await gone("left twice");
    expect(desk.stats).toMatchObject({ cancelled: 2, quick: { underWay: 0, waiting: 0 } });
  });
});

describe("a heavy question", () => {
  it("is answered in its turn, while quick ones are answered at once", async () => {
    const desk = makeDesk(100);
    const heavy = ["h1", "h2"].map((marker) => ask<{ n: string }>(desk, slow(marker, 15), { who: marker }));
    await begun("h1");
    while (desk.stats.heavy.waiting === 0) await ask(desk, "SELECT 1", { who: "quick" });
    expect(await Promise.race([...heavy, ask(desk, "SELECT 2 AS two", { who: "quick" })])).toEqual([{ two: 2 }]);
    expect((await Promise.all(heavy)).map(([row]) => row?.n)).toEqual(["15", "15"]);
  });

  it("has its time for itself where it can wait: waiting for a turn is not counted", async () => {
    const [desk, patient] = [makeDesk(), makeDesk(300, { canWait: true })];
    const [short, waits] = [{ maxExecutionMs: 1500, who: "b" }, { code: "QUERY_TOO_SLOW" }];
    const first = [desk, patient].map((one) => ask(one, slow("first come", 25)));
    while (desk.stats.heavy.underWay + patient.stats.heavy.underWay < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(ask(desk, slow("second", 6), short)).rejects.toMatchObject({ data: waits });
    expect(await ask(patient, slow("second", 6), short)).toMatchObject([{ n: "6" }]);
    await expect(ask(patient, slow("too long", 30), short)).rejects.toMatchObject({ data: waits });
    await Promise.all(first);
  });

  it("that waits for its turn is forgotten when its asker leaves", async () => {
    const desk = makeDesk(100);
    const leaving = new AbortController();
    const first = ask(desk, slow("stays", 15));
    while (desk.stats.heavy.underWay === 0) await ask(desk, "SELECT 1");
    const second = expect(ask(desk, slow("leaves", 100), { signal: leaving.signal })).rejects.toMatchObject({
      code: "STORE_ABORTED",
    });
    while (desk.stats.heavy.waiting === 0) await ask(desk, "SELECT 1");
    leaving.abort();
    await second;
    expect(desk.stats.heavy).toMatchObject({ underWay: 1, waiting: 0 });
    await first;
    expect(await running("leaves")).toBe(0);
  });
});

it("tells what it took, and the statements to those who may see them", async () => {
  const desk = makeDesk();
  const inquiry = new Inquiry(desk.askedBy("a", caps), { signal: stay, explain: true });
  await inquiry.rows({ table: "flows", sql: "SELECT {n:UInt64} AS n FROM numbers(10)", bindings: { n: 2n ** 60n } });
  expect(inquiry.meta).toEqual({
    table: "flows",
    rows_read: 10,
    elapsed_ms: expect.any(Number),
    partial: false,
    sql: [{ statement: "SELECT {n:UInt64} AS n FROM numbers(10)", parameters: { n: "1152921504606846976" } }],
  });
});
