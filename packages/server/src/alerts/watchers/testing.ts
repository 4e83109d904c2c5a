/** For tests: a watcher looks at a real store with the rule that ships. */
import { type AlertRule, type Finding, parseFilter, type StoreReport, type TimeRange } from "@flowtrail/model";
import type { AgentReport } from "../../health/agent-book.ts";
import type { InventoryHistory } from "../../identify/history/history.ts";
import { Inquiry } from "../../query/inquiry.ts";
import type { ClickHouse } from "../../store/clickhouse.ts";
import { SHIPPED_RULES } from "../shipped/shipped.ts";
import { Watchers, type WatchTools } from "../watcher.ts";
import { namedWatchers, type WatchersDeps } from "./watchers.ts";

export interface TestLook {
  readonly clickhouse: Pick<ClickHouse, "answer">;
  readonly inventory: Pick<InventoryHistory, "networks" | "holdings" | "current">;
  readonly deps: WatchersDeps;
  readonly agents?: readonly AgentReport[];
  readonly storage?: StoreReport | null;
  readonly nowMs?: number;
}

export interface Looked {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly rowsRead: number;
}

/** @param settings instead of what ships */
export async function lookAt(
  id: string,
  window: TimeRange,
  { clickhouse, inventory, deps, agents = [], storage = null, nowMs = window.toMs }: TestLook,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Looked> {
  const rule = SHIPPED_RULES.find((one) => one.id === id) as AlertRule;
  const watcher = new Watchers(namedWatchers(deps)).of(rule.watch);
  if (watcher === null || !("settings" in rule.watch)) throw new TypeError(`${id} has no watcher of its own`);
  const notes: string[] = [];
  const { signal } = new AbortController();
  const inquiry = new Inquiry(clickhouse, { signal });
  const tools: WatchTools = {
    nowMs,
    isTest: true,
    ask: (question) => inquiry.rows(question),
    groups: () => Promise.reject(new TypeError("no watcher of ours groups")),
    inquiry,
    inventory: inventory as InventoryHistory,
    agents: () => agents,
    storage: async () => storage,
    note: (text) => notes.push(text),
  };
  const watched = {
    rule,
    filter: parseFilter(rule.q),
    settings: watcher.settings.parse({ ...rule.watch.settings, ...settings }),
  };
  const findings = await watcher.look(watched, window, tools, signal);
  return { findings, notes, rowsRead: inquiry.meta.rows_read ?? 0 };
}
