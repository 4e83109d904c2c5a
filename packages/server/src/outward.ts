/**
 * What looks at the log and tells others of it: alerts and their recipients, sinks, compliance reports. Each part is started after the store
 * and stopped before it; none of them is on the way of the data, so that one which is stuck costs no report.
 */
import { hostname } from "node:os";
import type { FastifyBaseLogger } from "fastify";
import type { AuditLog } from "./audit/log.ts";
import type { ServerConfig } from "./config/schema.ts";
import type { Health } from "./health/health.ts";
import type { Roster } from "./health/roster.ts";
import type { InventoryHistory } from "./identify/history/history.ts";
import type { CountedSources } from "./query/flow-list-known.ts";
import { LEASE_TIMES, Leases } from "./store/leases.ts";
import type { Store } from "./store/store.ts";

export interface OutwardDeps {
  readonly config: ServerConfig;
  readonly store: Store;
  readonly roster: Roster;
  readonly history: InventoryHistory;
  /** What is computed and kept, for questions about traffic. */
  readonly sources: CountedSources;
  readonly health: () => Health;
  readonly audit: AuditLog;
  readonly now: () => number;
  readonly logger: FastifyBaseLogger;
}

export class Outward {
  readonly #deps: OutwardDeps;
  /** What only one of several servers does. */
  readonly leases: Leases;

  constructor(deps: OutwardDeps) {
    this.#deps = deps;
    const { config, store, logger } = deps;
    this.leases = new Leases(
      { ...LEASE_TIMES, shared: config.store.url !== undefined },
      { clickhouse: store.clickhouse, logger, holder: `${hostname()} ${process.pid}` },
    );
  }

  /** @throws StoreError */
  async start(): Promise<void> {
    this.leases.start();
    this.#deps.logger.debug({}, "alerts, sinks and compliance reports start");
  }

  async stop(): Promise<void> {
    await this.leases.stop();
    this.#deps.logger.debug({}, "alerts, sinks and compliance reports stop");
  }
}
