import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AnswerMeta } from "../query/inquiry.ts";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";

let test: TestServer;
let agent: string;
let program: string;
const MAX_ROWS = 9000;
beforeAll(async () => {
  test = await startTestServer({ flags: { "query.max_rows": String(MAX_ROWS), "query.programs.max_rows": "1000" } });
  agent = await test.agentToken("debian");
  program = (await test.ask<{ token: string }>("POST", "/api/tokens", { body: { kind: "api", name: "a program" } })).body.token;
  // Long ago: what is asked about the last minutes is small.
  const agoMs = 3 * 86_400_000;
  await test.deliver(agent, [rowNow({ flow_id: "1", network: "now" })]);
  for (let at = 0; at <= MAX_ROWS; at += 5000)
    await test.deliver(
      agent,
      Array.from({ length: 5000 }, (_, i) => rowNow({ flow_id: String(at + i + 1) }, agoMs)),
    );
}, 60_000);
afterAll(() => test.stop());

describe("explain=sql", () => {
  const question = "/api/flows?explain=sql&q=src.name~'; drop table flows; --'&limit=1".replaceAll("'", "%22");

  it("tells an administrator the statements and, apart from them, what was said", async () => {
    const { status, body } = await test.ask<{ meta: AnswerMeta }>("GET", question);
    expect(status).toBe(200);
    const { sql = [], table } = body.meta;
    expect(sql.length).toBeGreaterThan(0);
    expect(table).toContain("flows");
    expect(sql.every(({ statement }) => statement.startsWith("SELECT ") && !statement.includes("drop"))).toBe(true);
    expect(JSON.stringify(sql.map(({ parameters }) => parameters))).toContain("drop table");
  });

  it("is refused for programs, and not told unless it is asked for", async () => {
    const refused = await test.ask<ErrorBody>("GET", question, { token: program });
    expect([refused.status, refused.body.error.code]).toEqual([403, "FORBIDDEN"]);
    const { body } = await test.ask<{ meta: AnswerMeta }>("GET", "/api/flows?limit=1");
    expect(body.meta).toEqual({
      table: expect.any(String),
      rows_read: expect.any(Number),
      elapsed_ms: expect.any(Number),
      partial: false,
    });
    expect(body.meta.rows_read).toBeGreaterThan(0);
  });
});

it("a question that asks for too much is answered by a 422 with advice, while rows come in and others are answered", async () => {
  const hostile = `/api/flows?from=-30d&q=${encodeURIComponent("nowhere-to-be-found")}`;
  const ask = (token: string) => test.ask<ErrorBody>("GET", hostile, { token });
  const [person, ofProgram, delivered, other] = await Promise.all([
    ask(test.adminToken),
    ask(program),
    test.deliver(agent, [rowNow({ network: "meanwhile" })]),
    test.ask("GET", "/api/flows?from=-1m&limit=1"),
  ]);
  expect([person.status, person.body.error]).toEqual([
    422,
    {
      code: "QUERY_TOO_LARGE",
      message: expect.stringMatching(/more than 9,000 rows.*shorter time range.*query\.max_rows/),
      details: { limit: "rows", max: MAX_ROWS, option: "query.max_rows" },
    },
  ]);
  expect(ofProgram.body.error.details).toEqual({ limit: "rows", max: 1000, option: "query.programs.max_rows" });
  expect([delivered.status, other.status]).toEqual([200, 200]);
  expect((await test.flows("network=meanwhile")).flows).toHaveLength(1);
});

it("readers of the same page at the same time are answered together, and all of it is counted", async () => {
  const path = `/api/flows?from=${new Date(Date.now() - 600_000).toISOString()}&to=2099-01-01T00:00:00Z&limit=3`;
  const answers = await Promise.all(Array.from({ length: 20 }, () => test.ask<{ flows: unknown[] }>("GET", path)));
  expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body.flows)}`)).size).toBe(1);
  const metrics = String((await test.ask("GET", "/metrics")).body);
  const value = (name: string) =>
    Number(
      metrics
        .split("\n")
        .find((line) => line.startsWith(`flowtrail_questions_${name} `))
        ?.split(" ")[1],
    );
  expect(value("joined_total")).toBeGreaterThan(0);
  expect(value('total{table="flows"}')).toBeGreaterThan(0);
  expect(value('rows_read_total{table="flows"}')).toBeGreaterThan(0);
  expect(value('refused_total{code="QUERY_TOO_LARGE"}')).toBeGreaterThanOrEqual(2);
  expect(value('under_way{kind="quick"}')).toBe(0);
});
