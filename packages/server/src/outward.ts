/**
 * What looks at the log and tells others of it: alerts and their recipients, sinks, compliance reports. Each part is started after the store
 * and stopped before it; none of them is on the way of the data, so that one which is stuck costs no report.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import type { FastifyBaseLogger } from "fastify";
import type { Alerts } from "./alerts/alerts.ts";
import { makeAlerts } from "./alerts/make.ts";
import { SHIPPED_RULES } from "./alerts/shipped/shipped.ts";
import { Known } from "./alerts/watchers/known.ts";
import type { AuditLog } from "./audit/log.ts";
import { Manifests } from "./compliance/manifests.ts";
import type { ServerConfig } from "./config/schema.ts";
import type { KnownAlert } from "./erase/erase.ts";
import type { Health } from "./health/health.ts";
import type { Roster } from "./health/roster.ts";
import type { InventoryHistory } from "./identify/history/history.ts";
import type { CountedSources } from "./query/flow-list-known.ts";
import { makeRecipients } from "./recipients/make.ts";
import type { Recipients } from "./recipients/recipients.ts";
import { Sealed } from "./secrets/sealed.ts";
import { SinkBook } from "./sinks/sink-book.ts";
import { Sinks } from "./sinks/sinks.ts";
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
  /** What only one of several servers does. */
  readonly leases: Leases;
  /** What has to be sent on, such as the password of a mail server. */
  readonly sealed: Sealed;
  /** Who is told of alerts: `recipients.tell`. */
  readonly recipients: Recipients;
  readonly alerts: Alerts;
  /** Where records are handed to. */
  readonly sinks: Sinks;
  readonly sinkBook: SinkBook;
  /** Policies and lists, and the watchers that ask them. */
  readonly known: Known;
  /** Signed, a day each: what was altered later shows. */
  readonly manifests: Manifests;

  constructor(deps: OutwardDeps) {
    const { config, store, roster, now, logger } = deps;
    const { allow_link_local: allowLinkLocal } = config.outgoing;
    this.known = new Known({ dataDir: config.data, book: store.settings, roster, allowLinkLocal, now, logger });
    this.leases = new Leases(
      { ...LEASE_TIMES, shared: config.store.url !== undefined },
      { clickhouse: store.clickhouse, logger, holder: `${hostname()} ${process.pid}` },
    );
    this.sealed = new Sealed({ keyFile: config.secrets.key_file ?? join(config.data, "secrets.key") }, { now });
    const { leases, sealed } = this;
    this.recipients = makeRecipients(deps, { leases, sealed });
    const { watchers } = this.known;
    const { tell } = this.recipients;
    this.alerts = makeAlerts(deps, { lease: leases.hold("alerts"), shipped: SHIPPED_RULES, watchers, tell });
    this.sinks = new Sinks({ config, store, leases, sealed, now, logger });
    this.sinkBook = new SinkBook({ book: store.settings, sealed, now });
    const { key_file: keyFile = join(config.data, "compliance.key"), settle_hours } = config.compliance;
    this.manifests = new Manifests(
      { keyFile, settleMs: settle_hours * 3_600_000 },
      { clickhouse: store.clickhouse, lease: leases.hold("manifests"), now, logger },
    );
  }

  /** @throws StoreError */
  async start(): Promise<void> {
    this.leases.start();
    this.recipients.start();
    await this.sinks.start();
    await this.known.start();
    await this.alerts.start();
    this.manifests.start();
  }

  /** What was deleted on request must not be written again. */
  forget(isGone: (alert: KnownAlert) => boolean): void {
    this.alerts.forget(isGone);
    this.recipients.forget(({ labels, summary, q, since, from, last }) =>
      isGone({ labels, summary, q, sinceMs: Date.parse(since), fromMs: Date.parse(from), lastMs: Date.parse(last) }),
    );
  }

  async stop(): Promise<void> {
    await this.manifests.stop();
    await this.alerts.stop();
    await this.known.stop();
    await this.sinks.stop();
    await this.recipients.stop();
    await this.leases.stop();
  }
}
