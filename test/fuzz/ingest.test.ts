/** What a holder of a good token may send instead of a batch: real ones, spoilt, to a real server. It refuses or takes them, goes on, and stores no row of another node's. */
import { ARROW_CONTENT_TYPE, encodeBatch, NDJSON_CONTENT_TYPE, SENDER_COLUMNS } from "@flowtrail/model";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rowNow, startTestServer, type TestServer } from "../../packages/server/src/testing.ts";
import { flowBatch } from "../../packages/server/src/testing-rows.ts";
import { inputs, SEED, TIMEOUT_MS } from "./budget.ts";
import { Mutator, Random } from "./mutate.ts";

let test: TestServer;
let token = "";
beforeAll(async () => {
  test = await startTestServer({
    flags: { "ingest.commit_interval_ms": "5", "ingest.max_rows": "500", "ingest.max_batch": "1MiB" },
  });
  token = await test.agentToken("mine");
  await test.agentToken("theirs");
});
afterAll(() => test.stop());

const ANSWERS = [200, 400, 413, 415];

/** The other node's name is in it, as near as a few spoilt bytes. */
const rows = ["mine", "mine", "theirs", "thejrs"].map((reporter, i) => {
  const { start, last_seen, end } = rowNow();
  return { start, last_seen, end, reporter, flow_id: String(10 + i), domain: "mine.theirs.example" };
});
const metadata = {
  agent_version: "1",
  covered_from: Date.now() - 1000,
  covered_to: Date.now(),
  addresses: { lab: ["10.0.0.1"] },
  drops: {},
  gauges: {},
};
const bodies = [rows.slice(0, 2), rows, rows.slice(0, 1)].map((some) =>
  encodeBatch(flowBatch(...some), { columns: SENDER_COLUMNS, metadata }),
);
const lines = Buffer.from(rows.map((row) => JSON.stringify({ ...rowNow(), ...row })).join("\n"));

async function storm(type: string, corpus: readonly Uint8Array[], count: number, seed: number): Promise<Map<number, number>> {
  const mutator = new Mutator(corpus, new Random(seed));
  const answers = new Map<number, number>();
  const numbers = inputs(count, 2);
  const one = async (): Promise<void> => {
    while (!numbers.next().done) {
      mutator.next();
      const body = mutator.bytes.slice(Mutator.OFFSET, mutator.end);
      const { status } = await test.ask("POST", "/ingest/v1/flows", { token, body, headers: { "content-type": type } });
      if (!ANSWERS.includes(status)) throw new Error(`${status} for ${Buffer.from(body).toString("base64")}`);
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
  return answers;
}

async function onlyMine(): Promise<void> {
  const { flows } = await test.flows("reports=all&from=-2d&limit=1000");
  expect(new Set(flows.map((flow) => flow.reporter_id))).toEqual(new Set(["mine"]));
  expect((await test.ask("GET", "/api/health")).status).toBe(200);
  expect(test.log.filter((line) => line.includes('"a request failed"'))).toEqual([]);
}

it.each([
  ["Arrow", ARROW_CONTENT_TYPE, bodies, 400],
  ["NDJSON", NDJSON_CONTENT_TYPE, [lines], 80],
])("spoilt %s", { timeout: TIMEOUT_MS }, async (_what, type, corpus, count) => {
  const answers = await storm(type, corpus, count, SEED);
  expect(answers.get(200)).toBeGreaterThan(0);
  if (type === ARROW_CONTENT_TYPE) expect(answers.get(400)).toBeGreaterThan(0);
  await onlyMine();
});
