/**
 * `npm run bench:alarms [-- --rows 1M --days 30 --rule beacon --write]`: every rule that ships looks at days of seeded, ordinary traffic,
 * window by window, as a test on history does. Each alert is a false one. `--write` puts the numbers into docs/alerts.md.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type AlertRule, parseFilter } from "@flowtrail/model";
import { TrafficGroups } from "../../packages/server/src/alerts/groups.ts";
import { measureWatcher } from "../../packages/server/src/alerts/measure/watcher.ts";
import { replay, strideOf } from "../../packages/server/src/alerts/replay.ts";
import { SHIPPED_RULES } from "../../packages/server/src/alerts/shipped/shipped.ts";
import { Watchers, type WatchTools } from "../../packages/server/src/alerts/watcher.ts";
import { ListedIndex } from "../../packages/server/src/alerts/watchers/listed-index.ts";
import { PolicySet } from "../../packages/server/src/alerts/watchers/policies.ts";
import { namedWatchers } from "../../packages/server/src/alerts/watchers/watchers.ts";
import type { InventoryHistory } from "../../packages/server/src/identify/history/history.ts";
import { EMPTY_INVENTORY } from "../../packages/server/src/identify/inventory-schema.ts";
import { Inquiry } from "../../packages/server/src/query/inquiry.ts";
import { fillRollup } from "../../packages/server/src/query/traffic/testing.ts";
import { seedRows } from "../../packages/server/src/seed/seed.ts";
import { ROLLUPS } from "../../packages/server/src/store/schema/rollup-tables.ts";
import { engineConfig, startTestStore, temporaryDirectory } from "../../packages/server/src/store/testing.ts";
import { insertHabits } from "./alarms/regular.ts";
import { benchOptions, countOption } from "./options.ts";

const USAGE = `npm run bench:alarms -- [options]
  --rows N    reports that are seeded (1M)
  --days N    over so many days (30)
  --looks N   most windows of a rule, spread over all days (20k): fewer look at a part of the time only, which is told
  --rule ID   this rule alone
  --write     puts the table into docs/alerts.md
  --verbose   prints each alert
`;
const options = benchOptions(USAGE, {
  rows: { type: "string", default: "1M" },
  days: { type: "string", default: "30" },
  looks: { type: "string", default: "20k" },
  rule: { type: "string" },
  write: { type: "boolean", default: false },
  verbose: { type: "boolean", default: false },
});
const rows = countOption("rows", options.rows);
const days = countOption("days", options.days);
const looks = countOption("looks", options.looks);
const DAY_MS = 86_400_000;
const untilMs = Date.UTC(2026, 10, 22);
const fromMs = untilMs - days * DAY_MS;

interface Row {
  readonly rule: string;
  readonly alerts: number;
  readonly looks: number;
  /** Of the time, 0 to 1. */
  readonly looked: number;
  readonly rowsRead: number;
  readonly ms: number;
  readonly note: string;
}

const dataDir = await temporaryDirectory();
// Rollups of all days are computed in one statement each.
const test = await startTestStore({ dataDir, config: { engine: engineConfig(dataDir, { memoryBytes: 3_000_000_000 }) } });
const { clickhouse } = test.store;
const { signal } = new AbortController();
const sources = { throughMs: () => 0, rollupFromMs: () => 0, deltasFromMs: () => 0, flowsFromMs: () => 0 };
const groups = new TrafficGroups({ sources, heard: { ids: () => [] } });
const watchers = new Watchers([
  measureWatcher,
  ...namedWatchers({ policies: () => new PolicySet([]), lists: () => new ListedIndex([]), isRemoved: () => false }),
]);
const inventory = { networks: () => [], holdings: () => [], current: () => EMPTY_INVENTORY };

async function run(rule: AlertRule): Promise<Row> {
  const watcher = watchers.of(rule.watch);
  if (watcher === null) throw new TypeError(`no watcher ${rule.watch.kind}`);
  const none = { rule: rule.id, alerts: 0, looks: 0, looked: 0, rowsRead: 0, ms: 0 };
  if (watcher.notOnHistory !== null) return { ...none, note: "looks at what is now" };
  const { kind: _kind, ...measure } = rule.watch;
  const settings = watcher.settings.parse("settings" in rule.watch ? rule.watch.settings : measure);
  const watched = { rule, filter: parseFilter(rule.q), settings };
  const notes = new Set<string>();
  let rowsRead = 0;
  const began = performance.now();
  const strideMs = strideOf({ fromMs, toMs: untilMs }, rule, looks);
  const { alerts, windows } = await replay(rule, { fromMs, toMs: untilMs }, strideMs, {
    look: async (window) => {
      const inquiry = new Inquiry(clickhouse, { signal });
      const tools: WatchTools = {
        nowMs: window.toMs,
        isTest: true,
        ask: (question) => inquiry.rows(question),
        groups: (question) => groups.ask(question, inquiry),
        inquiry,
        inventory: inventory as unknown as InventoryHistory,
        agents: () => [],
        storage: async () => null,
        note: (text) => notes.add(text),
      };
      const findings = await watcher.look(watched, window, tools, signal);
      rowsRead += inquiry.meta.rows_read ?? 0;
      return findings;
    },
  });
  if (options.verbose)
    for (const { sinceMs, finding } of alerts)
      process.stderr.write(`${new Date(sinceMs).toISOString()} ${rule.id}: ${finding.summary}\n`);
  const note = notes.size > 0 ? "without a policy or list there is nothing to find" : "";
  return {
    rule: rule.id,
    alerts: alerts.length,
    looks: windows,
    looked: Math.min(1, (rule.window_s * 1000) / strideMs),
    rowsRead,
    ms: performance.now() - began,
    note,
  };
}

const table = (all: readonly Row[]) =>
  [
    "| rule | alerts | a day | looks | of the time | rows read a look | ms a look | |",
    "|---|---:|---:|---:|---:|---:|---:|---|",
    ...all.map(({ rule, alerts, looks, looked, rowsRead, ms, note }) =>
      looks === 0
        ? `| \`${rule}\` | | | | | | | ${note} |`
        : `| \`${rule}\` | ${alerts} | ${(alerts / days / looked).toFixed(2)} | ${looks} | ${Math.round(looked * 100)} % | ${Math.round(rowsRead / looks).toLocaleString("en-US")} | ${(ms / looks).toFixed(0)} | ${note} |`,
    ),
    `| **all** | **${all.reduce((sum, { alerts }) => sum + alerts, 0)}** | **${all.reduce((sum, { alerts, looked }) => sum + (looked === 0 ? 0 : alerts / days / looked), 0).toFixed(2)}** | | | | | |`,
  ].join("\n");

try {
  await seedRows({ rows, days, seed: 8, untilMs }, { clickhouse });
  const regular = await insertHabits(clickhouse, days, untilMs);
  for (const name of ["rollup_visit_days", "rollup_pair_days"]) {
    const rollup = ROLLUPS.find((one) => one.table.name === name);
    if (rollup !== undefined) await fillRollup(clickhouse, rollup);
  }
  process.stderr.write(`${rows} seeded reports and ${regular} regular ones over ${days} days\n`);
  const found: Row[] = [];
  for (const rule of SHIPPED_RULES.filter(({ id }) => options.rule === undefined || id === options.rule)) {
    const row = await run(rule);
    found.push(row);
    process.stderr.write(`${row.rule}: ${row.alerts} alerts, ${row.looks} looks, ${Math.round(row.ms / 1000)} s\n`);
  }
  const text = `${rows.toLocaleString("en-US")} seeded reports and ${regular.toLocaleString("en-US")} that come by the clock, ${days} days:\n\n${table(found)}`;
  process.stdout.write(`${text}\n`);
  if (options.write) await writeInto(fileURLToPath(new URL("../../docs/alerts.md", import.meta.url)), text);
} finally {
  await test.stop();
}

async function writeInto(path: string, text: string): Promise<void> {
  const [begin, end] = ["<!-- measured: npm run bench:alarms -- --write -->", "<!-- end of what was measured -->"];
  const before = await readFile(path, "utf8");
  const [head, rest] = [before.indexOf(begin), before.indexOf(end)];
  if (head < 0 || rest < head) throw new RangeError(`${path} has no place for the numbers`);
  await writeFile(path, `${before.slice(0, head + begin.length)}\n\n${text}\n\n${before.slice(rest)}`);
}
