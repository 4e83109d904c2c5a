import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ErrorBody, rowNow, startTestServer, type TestServer } from "../testing.ts";

const DAY_MS = 86_400_000;
const ROWS = 3000;
let test: TestServer;
let token: string;
let sent = 0;

const rows = (count: number, daysBack: number) =>
  Array.from({ length: count }, (_, n) => {
    sent += 1;
    return rowNow({ flow_id: String(10_000 + sent) }, 60_000 + (n % (daysBack + 1)) * DAY_MS);
  });

beforeAll(async () => {
  test = await startTestServer({ flags: { "query.max_rows": "1000" } });
  token = await test.agentToken("debian");
  expect((await test.deliver(token, rows(ROWS, 28))).body).toMatchObject({ accepted: ROWS });
}, 120_000);
afterAll(() => test.stop());

/** A month, words that nothing has, and what no rollup knows. */
const HOSTILE = [
  "/api/flows/histogram?range=30d&q=qqzzy",
  "/api/flows/top?range=30d&by=src.ip,dst.ip&q=qqzzy",
  "/api/flows/pairs?range=30d&q=qqzzy",
].map((path) => path.replace("range=30d", `from=${new Date(Date.now() - 30 * DAY_MS).toISOString()}`));

describe("questions without end", () => {
  it("are stopped at their limits and say what to do, while what agents deliver is taken as ever", async () => {
    let isOver = false;
    const asking = Promise.all(
      HOSTILE.map(async (path) => {
        const answers = [];
        for (let n = 0; n < 5; n++) answers.push(await test.ask<ErrorBody>("GET", path));
        return answers;
      }),
    ).finally(() => {
      isOver = true;
    });
    let accepted = 0;
    let deliveries = 0;
    while (!isOver || deliveries < 5) {
      const { status, body } = await test.deliver(token, rows(50, 0));
      expect(status).toBe(200);
      expect(body.rejected).toEqual([]);
      accepted += body.accepted;
      deliveries += 1;
    }
    for (const { status, body } of (await asking).flat()) {
      expect({ status, code: body.error.code }).toEqual({ status: 422, code: "QUERY_TOO_LARGE" });
      expect(body.error.message).toMatch(/more than 1,000 rows and was stopped.*shorter time range.*filter that an index serves/);
      expect(body.error.message).toContain("query.max_rows");
    }
    expect(accepted).toBe(50 * deliveries);
  }, 120_000);
});
