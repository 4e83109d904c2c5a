/**
 * `npm run bench:alerts -- --help`: what it costs to look at many alert rules over seeded rows: CPU time of the engine and of this process, and
 * rows read, per round. A round is every 30 s; whoever else uses the machine changes none of these.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AlertRule, formatCount } from "@flowtrail/model";
import { measureWatch, testAlerts, testRule } from "../../packages/server/src/alerts/testing.ts";
import type { TrafficSources } from "../../packages/server/src/query/traffic/plan.ts";
import { fillRollup } from "../../packages/server/src/query/traffic/testing.ts";
import { seedRows } from "../../packages/server/src/seed/seed.ts";
import type { ClickHouse } from "../../packages/server/src/store/clickhouse.ts";
import { ROLLUPS } from "../../packages/server/src/store/schema/rollup-tables.ts";
import { engineConfig, startTestStore } from "../../packages/server/src/store/testing.ts";
import { benchOptions, countOption } from "./options.ts";
import { counters } from "./query/cost.ts";

const USAGE = `Usage: npm run bench:alerts -- [options]

What it costs to look at alert rules over seeded rows, per round.

  --rows <n>     seeded reports, such as 500k or 10M (default: 1M)
  --days <n>     days that they are spread over (default: 7)
  --data <dir>   data directory of a server with seeded rows, which is copied, instead of new ones
  --rules <n>    rules (default: 100)
  --rounds <n>   rounds that are measured, after one that is not (default: 10)
  -h, --help     this text
`;
const values = benchOptions(USAGE, {
  rows: { type: "string", default: "1M" },
  days: { type: "string", default: "7" },
  data: { type: "string" },
  rules: { type: "string", default: "100" },
  rounds: { type: "string", default: "10" },
});
const RULES = countOption("rules", values.rules);
const ROUNDS = countOption("rounds", values.rounds);
const EVERY_MS = 30_000;
const MINUTE_MS = 60_000;
/** As far as rollups of a running server are behind. */
const BEHIND_MS = 2 * MINUTE_MS;
const say = (text: string) => void process.stderr.write(`${text}\n`);

/** What people write, in turns: filters of their own, groups of one and two fields, short windows and long ones, all measures. */
function rules(): AlertRule[] {
  const by = [["src.name"], ["src.name", "dst.name"], [], ["dst.domain"], ["src.ip"], ["network", "proto"]];
  const filters = [
    "",
    "proto=tcp",
    "dst.port=443",
    "src.type=user",
    "dst.type=external",
    "verdict=unanswered",
    "dst.port=22 or dst.port=3389",
  ];
  const measures = [
    { kind: "bytes" as const },
    { kind: "connections" as const },
    { kind: "distinct" as const, of: "dst.ip" },
    { kind: "rate" as const },
    { kind: "share" as const, verdicts: ["unanswered"], least_connections: 20 },
    { kind: "reports" as const },
  ];
  const windows = [60, 300, 300, 900, 3600];
  const pick = <T>(all: readonly T[], i: number): T => all[i % all.length] as T;
  return Array.from({ length: RULES }, (_, i) => {
    const measure = pick(measures, i);
    const value = measure.kind === "share" ? 0.9 : measure.kind === "bytes" ? 1e10 : 1e6;
    const threshold =
      i % 10 === 9 ? { kind: "baseline" as const, weeks: 2, factor: 5, least: value / 100 } : { kind: "above" as const, value };
    return testRule({
      id: `rule-${i}`,
      q: pick(filters, Math.floor(i / 3)),
      window_s: pick(windows, i),
      watch: measureWatch({ measure, by: pick(by, Math.floor(i / 2)), threshold }),
    });
  });
}

/** Computed as far as the tables are, but for the last minutes. */
async function sourcesOf(clickhouse: ClickHouse, untilMs: number): Promise<TrafficSources> {
  const through = new Map<string, number>();
  for (const { table, stepMs } of ROLLUPS) {
    const [row] = await clickhouse.rows<{ ms: string }>(`SELECT toUnixTimestamp(max(bucket)) * 1000 AS ms FROM ${table.name}`);
    const throughMs = Math.min(Number(row?.ms ?? 0), untilMs - BEHIND_MS);
    through.set(table.name, throughMs <= 0 ? 0 : Math.floor(throughMs / stepMs) * stepMs);
  }
  return { throughMs: (name) => through.get(name) ?? 0, rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 };
}

const directory = await mkdtemp(join(tmpdir(), "flowtrail-bench-alerts-"));
try {
  if (values.data !== undefined) await cp(join(values.data, "store"), directory, { recursive: true });
  const test = await startTestStore({ dataDir: directory, config: { engine: engineConfig(directory, { memoryBytes: 3e9 }) } });
  try {
    const { clickhouse } = test.store;
    if (values.data === undefined) {
      const [rows, days] = [countOption("rows", values.rows), countOption("days", values.days)];
      await seedRows({ rows, days, seed: 1, untilMs: Date.now() }, { clickhouse });
      for (const rollup of ROLLUPS) await fillRollup(clickhouse, rollup);
    }
    const [found] = await clickhouse.rows<{ rows: string; until: string }>(
      "SELECT count() AS rows, toUnixTimestamp64Milli(max(last_seen)) AS until FROM flows",
    );
    const untilMs = Number(found?.until);
    let nowMs = untilMs - (ROUNDS + 2) * EVERY_MS;
    const sources = await sourcesOf(clickhouse, nowMs);
    const { alerts } = testAlerts(test.store, { now: () => nowMs, shipped: rules(), sources }, { maxRowsToRead: 50_000_000 });
    await alerts.round();
    say(`${formatCount(Number(found?.rows))} reports, ${RULES} rules`);
    const [before, began, own, stats] = [await counters(clickhouse), performance.now(), process.cpuUsage(), alerts.stats];
    for (let round = 0; round < ROUNDS; round++) {
      nowMs += EVERY_MS;
      await alerts.round();
    }
    const after = await counters(clickhouse);
    const { user, system } = process.cpuUsage(own);
    const done = alerts.stats;
    const per = (all: number) => all / ROUNDS;
    const cpuMs = per(after.cpuMs - before.cpuMs);
    process.stdout.write(
      `| | per round of ${RULES} rules |\n|---|---:|\n` +
        `| CPU of the engine | ${Math.round(cpuMs)} ms (${((cpuMs / EVERY_MS) * 100).toFixed(1)} % of a core, every 30 s) |\n` +
        `| CPU of the server | ${Math.round(per((user + system) / 1000))} ms |\n` +
        `| rows read | ${formatCount(Math.round(per(after.rows - before.rows)))} |\n` +
        `| looks | ${formatCount(Math.round(per(done.looks - stats.looks)))} |\n` +
        `| by the clock, whatever else ran | ${Math.round(per(performance.now() - began))} ms |\n` +
        `| failing, stopped, open | ${done.failing}, ${done.stopped}, ${done.open} |\n`,
    );
    const dear = (await alerts.reports()).toSorted((a, b) => b.status.rows_read - a.status.rows_read).slice(0, 5);
    for (const { id, q, watch, status, window_s } of dear)
      say(
        `${id}: ${formatCount(status.rows_read)} rows, ${status.ms} ms; ${window_s} s, ${q || "all"}, ${JSON.stringify(watch)} ${status.error ?? ""}`,
      );
  } finally {
    await test.stop({ keep: true });
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
