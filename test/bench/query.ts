/**
 * `npm run bench:query -- --help`: how long questions take over seeded rows, through the API of a real server, beside Netmaker's published
 * table and question on the same data in the same run. With --data the rows are kept for the next run.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseConfig } from "../../packages/server/src/config/load.ts";
import type { FullHealth } from "../../packages/server/src/health/health.ts";
import { makeLogger } from "../../packages/server/src/logger.ts";
import { seedOffline } from "../../packages/server/src/seed/offline.ts";
import { Server } from "../../packages/server/src/server.ts";
import type { ClickHouse } from "../../packages/server/src/store/clickhouse.ts";
import { benchOptions, countOption } from "./options.ts";
import { type Call, percentile, Readers, type Timing } from "./query/ask.ts";
import { costOf } from "./query/cost.ts";
import { engineEndpoint } from "./query/engine.ts";
import { fillNetmaker, mergeAll, netmakerStore } from "./query/netmaker.ts";
import { DEEP_ROWS, HOUR, type Picks, pickValues, type Question, questions } from "./query/questions.ts";
import {
  type ExportResult,
  machine,
  markdown,
  type QuestionResult,
  type ReadersResult,
  type Report,
  type Side,
} from "./query/report.ts";

const USAGE = `Usage: npm run bench:query -- [options]

How long questions take over seeded rows, through the API of a real server, beside Netmaker's table on the same rows.

  --rows <n>      seeded flows, such as 500k or 10M (default: 10M)
  --days <n>      days that they are spread over (default: 30)
  --data <dir>    where the rows are kept for the next run (default: a temporary directory, removed at the end)
  --runs <n>      how often each question is asked; slow ones less often (default: 15)
  --memory <size> of the engine (default: 2GiB)
  --only <text>   only questions whose name has it; no readers, no exports
  --merge <how>   needed: days that are in several parts; all: as a new table has it; none (default: needed)
  --no-peer       without Netmaker's table
  --json <file>   the report as JSON
  --md <file>     the report as Markdown
  -h, --help      this text
`;
const values = benchOptions(USAGE, {
  rows: { type: "string", default: "10M" },
  days: { type: "string", default: "30" },
  data: { type: "string" },
  runs: { type: "string", default: "15" },
  memory: { type: "string", default: "2GiB" },
  only: { type: "string", default: "" },
  json: { type: "string" },
  md: { type: "string" },
  "no-peer": { type: "boolean", default: false },
  merge: { type: "string", default: "needed" },
});
const say = (text: string) => void process.stderr.write(`${text}\n`);
const ROWS = countOption("rows", values.rows);
const DAYS = countOption("days", values.days);
const RUNS = countOption("runs", values.runs);
/** A question that takes long is asked less often. */
const BUDGET_MS = 12_000;
const LEAST_RUNS = 3;
const READERS = 20;
const DAY = 24 * HOUR;

const data = values.data ?? (await mkdtemp(join(tmpdir(), "flowtrail-bench-")));
const readers = new Readers();
try {
  const report = await run();
  const text = markdown(report);
  if (values.json) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.md) await writeFile(values.md, text);
  process.stdout.write(text);
} finally {
  await readers.stop();
  if (values.data === undefined) await rm(data, { recursive: true, force: true });
}

async function run(): Promise<Report> {
  let told = 0;
  const seeded = await seedOffline(
    data,
    { rows: ROWS, days: DAYS, seed: 1, untilMs: null },
    {
      onProgress: ({ done, rows }) => {
        if (done !== rows && done - told < rows / 20) return;
        told = done;
        say(`seeding: ${done.toLocaleString("en")} of ${rows.toLocaleString("en")}`);
      },
      signal: new AbortController().signal,
    },
  );
  const config = parseConfig({
    flags: {
      listen: "127.0.0.1:0",
      data,
      "store.memory": values.memory,
      "retention.days": "400",
      "retention.deltas_days": "400",
      "log.level": "error",
    },
  });
  const server = new Server(config, { logger: makeLogger("error", false) });
  await server.start();
  const peer = netmakerStore(await engineEndpoint());
  try {
    if (!values["no-peer"]) await fillNetmaker(peer, say);
    await rollupsDone(server.url ?? "");
    if (values.merge !== "none") await mergeAll(peer, await tableNames(peer), values.merge === "all", say);
    return await measureAll(server.url ?? "", peer, seeded);
  } finally {
    await peer.close();
    await server.stop();
  }
}

/** Charts over what is not rolled up yet are answered from rows: that is another question. */
async function rollupsDone(url: string): Promise<void> {
  const headers = { authorization: `Bearer ${await adminToken()}` };
  for (let asked = 0; ; asked++) {
    const { store } = (await (await fetch(`${url}/api/health`, { headers })).json()) as FullHealth;
    const { pending, behind_ms, through } = store.rollups;
    if (pending === 0 && behind_ms === 0 && through !== null) return;
    if (asked % 15 === 0) say(`rollups: ${Math.round(behind_ms / HOUR)} hours to go`);
    await sleep(1000);
  }
}

async function adminToken(): Promise<string> {
  return (await readFile(join(data, "admin.token"), "utf8")).trim();
}

async function tableNames(clickhouse: ClickHouse): Promise<string[]> {
  const rows = await clickhouse.rows<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = 'flowtrail' AND engine LIKE '%MergeTree' AND (name LIKE 'flow%' OR name LIKE 'rollup%' OR name LIKE 'bench%')",
  );
  return rows.map(({ name }) => name);
}

async function measureAll(url: string, peer: ClickHouse, seeded: Awaited<ReturnType<typeof seedOffline>>): Promise<Report> {
  const token = await adminToken();
  const ask = (path: string): Call => ({ url: `${url}${path}`, method: "GET", headers: { authorization: `Bearer ${token}` } });
  const endMs = seeded.untilMs;
  const picks: Picks = { ...(await pickValues(peer, endMs)), deep: await deepCursor(ask, endMs) };
  say(`values: ${JSON.stringify({ ...picks, deep: picks.deep !== null })}`);
  const asked = questions(picks).filter(({ name }) => name.includes(values.only));
  const results: QuestionResult[] = [];
  const theirs = await theirCall();
  for (const question of asked) {
    const result = await measure(question, ask, values["no-peer"] ? null : theirs, endMs, peer);
    results.push(result);
    say(
      `${result.name}: ${result.ours?.p50.toFixed(1) ?? result.skipped} ms, ${result.theirs?.p50.toFixed(1) ?? result.theirError ?? "–"} ms`,
    );
  }
  const tables = await peer.rows<{ table: string; n: string; bytes: string }>(
    `SELECT table, sum(rows) AS n, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = 'flowtrail' AND table IN {names:Array(String)} GROUP BY table ORDER BY table`,
    { names: await tableNames(peer) },
  );
  const known = tables.map(({ table, n, bytes }) => ({ table, rows: Number(n), bytes: Number(bytes) }));
  return {
    when: new Date().toISOString(),
    machine: machine(),
    rows: ROWS,
    days: DAYS,
    seedSeconds: seeded.already ? null : seeded.seconds,
    tables: known,
    reports: known.find(({ table }) => table === "flows")?.rows ?? ROWS,
    questions: results,
    readers: values.only === "" ? await manyReaders(ask, endMs) : [],
    exports: values.only === "" ? await exports(ask, endMs) : [],
  };
}

/** A page far down, as a reader gets there: page by page. */
async function deepCursor(ask: (path: string) => Call, endMs: number): Promise<string | null> {
  const range = new URLSearchParams({
    from: new Date(endMs - 7 * DAY).toISOString(),
    to: new Date(endMs).toISOString(),
    limit: "1000",
  });
  let path = `/api/flows?${range}`;
  let cursor: string | null = null;
  for (let rows = 0; rows < DEEP_ROWS; rows += 1000) {
    const [timing] = await readers.ask([ask(path)]);
    cursor = /"next":"([^"]+)"/.exec(timing?.text ?? "")?.[1] ?? null;
    if (cursor === null) return null;
    path = `/api/flows?limit=1000&cursor=${encodeURIComponent(cursor)}`;
  }
  return cursor;
}

async function theirCall(): Promise<(sql: string) => Call> {
  const { url, username, password, headers } = await engineEndpoint();
  const settings = new URLSearchParams({
    database: "flowtrail",
    default_format: "JSON",
    session_timezone: "UTC",
    max_execution_time: "60",
    readonly: "2",
  });
  return (sql) => ({
    url: `${url}/?${settings}`,
    method: "POST",
    headers: { ...headers, "X-ClickHouse-User": username, "X-ClickHouse-Key": password },
    body: sql,
  });
}

async function measure(
  { name, ours, theirs }: Question,
  ask: (path: string) => Call,
  theirCall: ((sql: string) => Call) | null,
  endMs: number,
  engine: ClickHouse,
): Promise<QuestionResult> {
  const mine: Timing[] = [];
  const others: Timing[] = [];
  const nothing = { name, ours: null, theirs: null, theirError: null, table: null, rowsRead: null, cost: null };
  const once = async (call: Call) => (await readers.ask([call]))[0] as Timing;
  const began = performance.now();
  for (let run = -1; run < RUNS; run++) {
    const at = endMs - (run + 1) * 1000;
    const [first, second] = [await once(ask(ours(at))), theirs && theirCall ? await once(theirCall(theirs(at))) : null];
    if (first.status !== 200)
      return { ...nothing, skipped: first.status === 404 ? "not there (404)" : `${first.status}: ${code(first.text)}` };
    // The first of each is a warm-up.
    if (run >= 0) mine.push(first);
    if (run >= 0 && second) others.push(second);
    if (run + 1 >= LEAST_RUNS && performance.now() - began > BUDGET_MS) break;
  }
  const failed = others.find(({ status }) => status !== 200);
  return {
    name,
    ours: side(mine),
    skipped: null,
    theirs: failed || others.length === 0 ? null : side(others),
    theirError: failed ? `failed: ${/\(([A-Z_]+)\)/.exec(failed.text)?.[1] ?? failed.status}` : null,
    ...meta(mine.at(-1)),
    cost: await costOf(engine, (run) => once(ask(ours(endMs - (RUNS + run + 1) * 1000)))),
  };
}

function code(text: string): string {
  return /"code":"(\w+)"/.exec(text)?.[1] ?? text.slice(0, 80);
}

function side(timings: readonly Timing[]): Side {
  const all = timings.map((timing) => timing.ms);
  return { p50: percentile(all, 0.5), p95: percentile(all, 0.95), best: Math.min(...all), runs: all.length };
}

function meta(timing: Timing | undefined): { table: string | null; rowsRead: number | null } {
  const found = /"meta":\{"table":"([^"]*)","rows_read":(\d+)/.exec(timing?.text ?? "");
  return { table: found?.[1] ?? null, rowsRead: found === null ? null : Number(found[2]) };
}

/** The same at once for 20 readers, beside one. */
async function manyReaders(ask: (path: string) => Call, endMs: number): Promise<ReadersResult[]> {
  const page = (at: number) =>
    ask(`/api/flows?${new URLSearchParams({ from: new Date(at - DAY).toISOString(), to: new Date(at).toISOString() })}`);
  const chart = (at: number) =>
    ask(
      `/api/flows/histogram?${new URLSearchParams({ from: new Date(at - 7 * DAY).toISOString(), to: new Date(at).toISOString(), group: "proto" })}`,
    );
  const rounds = 15;
  const results: ReadersResult[] = [];
  const cases: readonly [string, (round: number, reader: number) => Call][] = [
    ["the same page at once", (round) => page(endMs - round * 1000)],
    ["different pages at once", (round, reader) => page(endMs - round * 1000 - reader * HOUR)],
    ["the same chart at once", (round) => chart(endMs - round * 1000)],
    ["different charts at once", (round, reader) => chart(endMs - round * 1000 - reader * HOUR)],
  ];
  for (const [name, call] of cases) {
    const one: Timing[] = [];
    const many: Timing[] = [];
    for (let round = 0; round < rounds; round++) {
      one.push(...(await readers.ask([call(round + 100, round)])));
      many.push(
        ...(await readers.ask(
          Array.from({ length: READERS }, (_, reader) => call(round, reader)),
          READERS,
        )),
      );
    }
    results.push({ name, one: side(one), many: side(many) });
  }
  // As people do it: each looks at something else, about once a second.
  const one = await readers.ask(Array.from({ length: 30 }, (_, n) => page(endMs - n * HOUR)));
  const spread: Timing[] = [];
  const each = async (reader: number) => {
    await sleep(reader * 50);
    for (let n = 0; n < 15; n++) {
      const [timing] = await Promise.all([readers.ask([page(endMs - reader * HOUR - n * 7000)]), sleep(1000)]);
      spread.push(...timing);
    }
  };
  await Promise.all(Array.from({ length: READERS }, (_, reader) => each(reader)));
  results.push({ name: "different pages, each reader once a second", one: side(one), many: side(spread) });
  return results;
}

async function exports(ask: (path: string) => Call, endMs: number): Promise<ExportResult[]> {
  const results: ExportResult[] = [];
  const length = Math.min(DAYS * DAY, (DAY * 2_000_000 * DAYS) / ROWS);
  const range = { from: new Date(endMs - length).toISOString(), to: new Date(endMs).toISOString(), reports: "all" };
  const [counted] = await readers.ask([ask(`/api/flows/count?${new URLSearchParams(range)}`)]);
  const rows = Number(/"count":(\d+)/.exec(counted?.head ?? "")?.[1] ?? 0);
  for (const format of ["csv", "ndjson", "parquet"]) {
    const [timing] = await readers.ask([ask(`/api/flows/export?${new URLSearchParams({ ...range, format })}`)]);
    if (timing?.status !== 200) {
      say(`export ${format}: ${timing?.status} ${code(timing?.text ?? "")}`);
      continue;
    }
    results.push({ format, rows, seconds: timing.ms / 1000, mib: timing.bytes / 2 ** 20 });
  }
  return results;
}
