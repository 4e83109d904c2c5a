/** Alerts over a real store, at a time that the test says. */
import type { AlertRule, MeasureWatch } from "@flowtrail/model";
import { InventoryHistory } from "../identify/history/history.ts";
import type { TrafficSources } from "../query/traffic/plan.ts";
import { InventoryLog } from "../store/inventory-log.ts";
import type { Store } from "../store/store.ts";
import { memoryLogger } from "../store/testing.ts";
import { Alerts, type AlertsDeps } from "./alerts.ts";
import type { AlertEvent } from "./tell.ts";

/** Nothing is computed: all comes from rows. */
export const ROWS_ONLY: TrafficSources = {
  throughMs: () => 0,
  rollupFromMs: () => 0,
  deltasFromMs: () => 0,
  flowsFromMs: () => 0,
};

export function testRule(own: Partial<AlertRule> & { readonly watch: AlertRule["watch"] }): AlertRule {
  const rule = { id: "rule", name: "Rule", explanation: "", enabled: true, severity: "medium" as const, q: "" };
  return { ...rule, window_s: 60, for_s: 0, clear_s: 60, recipients: [], mitre: [], shipped: true, ...own };
}

export function measureWatch(own: Partial<MeasureWatch>): MeasureWatch {
  return { kind: "measure", measure: { kind: "bytes" }, by: ["src.name"], threshold: { kind: "above", value: 1000 }, ...own };
}

export interface TestAlerts {
  readonly alerts: Alerts;
  readonly told: AlertEvent[];
  readonly log: string[];
}

export function testAlerts(
  store: Store,
  deps: Pick<AlertsDeps, "now" | "shipped"> & Partial<AlertsDeps>,
  caps: Partial<ConstructorParameters<typeof Alerts>[0]["caps"]> = {},
  rulesFile: string | null = null,
): TestAlerts {
  const told: AlertEvent[] = [];
  const logger = memoryLogger();
  const { clickhouse, settings } = store;
  const options = { time: null, rows: null, memory: null };
  const alerts = new Alerts(
    {
      everyMs: 30_000,
      rulesFile,
      caps: {
        maxExecutionMs: 30_000,
        maxRowsToRead: 1_000_000,
        maxMemoryBytes: 400_000_000,
        maxResultRows: 10_000,
        options,
        explain: false,
        ...caps,
      },
    },
    {
      clickhouse,
      settings,
      lease: { name: "alerts", isMine: true },
      watchers: [],
      heard: { ids: () => ["node-1"], has: () => true },
      sources: ROWS_ONLY,
      inventory: new InventoryHistory({ shared: false }, { store: new InventoryLog(clickhouse), now: deps.now, logger }),
      agents: () => [],
      storage: async () => null,
      tell: async (event) => void told.push(event),
      logger,
      ...deps,
    },
  );
  return { alerts, told, log: logger.lines };
}
