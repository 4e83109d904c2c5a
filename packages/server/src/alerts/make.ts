/** A server's alerts, out of its configuration. */
import type { AlertRule } from "@flowtrail/model";
import { storeReport } from "../health/store-report.ts";
import type { OutwardDeps } from "../outward.ts";
import type { Lease } from "../store/leases.ts";
import { Alerts } from "./alerts.ts";
import { MAX_QUESTION_ROWS } from "./asking.ts";
import type { TellAlert } from "./tell.ts";
import type { Watcher } from "./watcher.ts";

export interface MakeAlerts {
  readonly lease: Lease;
  readonly shipped: readonly AlertRule[];
  readonly watchers: readonly Watcher[];
  readonly tell: TellAlert;
}

export function makeAlerts(
  { config, store, roster, history, sources, health, now, logger }: OutwardDeps,
  made: MakeAlerts,
): Alerts {
  const { every_s, max_seconds, max_rows, rules_file } = config.alerts;
  const caps = {
    maxExecutionMs: max_seconds * 1000,
    maxRowsToRead: max_rows,
    maxMemoryBytes: config.query.max_memory,
    maxResultRows: MAX_QUESTION_ROWS,
    options: { time: "alerts.max_seconds", rows: "alerts.max_rows", memory: "query.max_memory" },
    explain: false,
  };
  const { retention } = store;
  return new Alerts(
    { everyMs: every_s * 1000, caps, rulesFile: rules_file ?? null },
    {
      ...made,
      clickhouse: store.clickhouse,
      settings: store.settings,
      heard: roster,
      sources,
      inventory: history,
      agents: () => health().agents(),
      storage: async () => storeReport(await retention.report(now()), retention.problem),
      now,
      logger,
    },
  );
}
