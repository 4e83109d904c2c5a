/**
 * Every record is handed over at least once, whatever becomes of the endpoint (away, 500s, slow, half of a bulk request, torn answers) and of the
 * server (kill -9); ids let a reader see each once. `SINKS_DOWN_S=600` keeps the endpoint away for ten minutes.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Reply, TestReceiver } from "../../packages/server/src/sinks/testing.ts";
import { rowNow } from "../../packages/server/src/testing.ts";
import { until } from "../integration/harness/bed.ts";
import { ServerProcess } from "../integration/harness/server-process.ts";

const DOWN_MS = Number(process.env.SINKS_DOWN_S ?? "8") * 1000;
const KILLS = 3;

let data: string;
let server: ServerProcess;
let elastic: TestReceiver;
let token: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "flowtrail-sinks-"));
  elastic = await new TestReceiver().start();
  server = await ServerProcess.start(data, { "store.min_free_disk": "10MB" });
  const { body } = await ask("POST", "/api/tokens", { kind: "agent", node: "debian" });
  token = (body as { token: string }).token;
}, 90_000);
afterAll(async () => {
  await server?.stop();
  await elastic?.stop();
  await rm(data, { recursive: true, force: true });
}, 60_000);

const ask = (method: string, path: string, body?: object) =>
  server.ask(
    method,
    path,
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } },
  );

/** What the index keeps, and how often each record came. */
const kept = new Map<string, number>();
const POISON = "-13-ended";

function bulk(body: string): Reply {
  const mood = Math.random();
  if (mood < 0.1) return { status: 500, body: "out of sorts" };
  const ids = body
    .trimEnd()
    .split("\n")
    .filter((_, at) => at % 2 === 0)
    .map((line) => (JSON.parse(line) as { create: { _id: string } }).create._id);
  const items = ids.map((id) => {
    if (id.endsWith(POISON))
      return { create: { status: 400, error: { type: "document_parsing_exception", reason: "no number" } } };
    if (Math.random() < 0.2)
      return { create: { status: 429, error: { type: "es_rejected_execution_exception", reason: "busy" } } };
    const times = kept.get(id) ?? 0;
    kept.set(id, times + 1);
    return {
      create: {
        status: times === 0 ? 201 : 409,
        ...(times === 0 ? {} : { error: { type: "version_conflict_engine_exception" } }),
      },
    };
  });
  // It kept them, and we are not told.
  if (mood < 0.2) return { status: 200, torn: true };
  return { status: 200, body: JSON.stringify({ errors: true, items }) };
}

it("hands over each record at least once, and parks the one that does not fit", { timeout: 240_000 + 3 * DOWN_MS }, async () => {
  elastic.answer = async ({ body }) => {
    if (Math.random() < 0.1) await sleep(1500);
    return bulk(body);
  };
  const transport = { kind: "elastic", url: elastic.url, max_events: 50 };
  expect((await ask("PUT", "/api/sinks/elastic", { name: "Elastic", reports: "all", transport })).status).toBe(200);
  const dead = { kind: "http", url: "http://127.0.0.1:9" };
  expect((await ask("PUT", "/api/sinks/dead", { name: "Nobody", reports: "all", transport: dead })).status).toBe(200);
  const begun = async () => {
    const { sinks } = (await ask("GET", "/api/sinks")).body as { sinks: { status: object | null }[] };
    return sinks.every(({ status }) => status !== null);
  };
  await until("both sinks have begun", 60_000, begun);

  const stored: string[] = [];
  let next = 1;
  const stop = new AbortController();
  const sending = (async () => {
    while (!stop.signal.aborted) {
      const ids = Array.from({ length: 20 }, () => String(next++));
      const body = ids.map((flow_id) => JSON.stringify(rowNow({ flow_id }))).join("\n");
      const headers = { "content-type": "application/x-ndjson" };
      // Until it is acknowledged, as an agent does.
      for (let status = 0; status !== 200; ) {
        status = await server.ask("POST", "/ingest/v1/flows", { token, body, headers }).then(
          (answer) => answer.status,
          () => 0, // it is just being killed
        );
        if (status !== 200) await sleep(200);
      }
      stored.push(...ids.map((id) => `debian-${id}-ended`));
      await sleep(100);
    }
  })();
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(1500 + Math.random() * 2000);
    await server.kill();
    if (kill === 1) await elastic.stop();
    await server.start();
    if (kill === 1) {
      await sleep(DOWN_MS);
      await elastic.start();
    }
  }
  stop.abort();
  await sending;
  const wanted = stored.filter((id) => !id.endsWith(POISON)).map((id) => id.replace(/^debian/, ""));
  const missing = () => {
    const known = new Set([...kept.keys()].map((id) => id.replace(/^.*?(-\d+-ended)$/, "$1")));
    return wanted.filter((id) => !known.has(id));
  };
  await until(
    "all of them are there",
    200_000 + 2 * DOWN_MS,
    () => missing().length === 0,
    () => `${missing().length} are missing`,
  );
  expect(kept.size).toBe(wanted.length);
  const times = [...kept.values()].reduce((sum, one) => sum + one, 0);
  console.log(`${wanted.length} records, ${KILLS} kills, ${DOWN_MS / 1000} s away: ${times - wanted.length} came twice`);
  const { parked } = (await ask("GET", "/api/sinks/elastic/parked")).body as { parked: { flow_id: string; reason: string }[] };
  expect(parked).toMatchObject([{ flow_id: "13", reason: "mapping" }]);
  await until("the dead one's lag is told", 60_000, async () => {
    const { status } = (await ask("GET", "/api/sinks/dead")).body as {
      status: { state: string; waiting: number; trouble: { reason: string } | null } | null;
    };
    return status?.state === "trouble" && status.waiting > 0 && status.trouble?.reason === "unreachable";
  });
});
