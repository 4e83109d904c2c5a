/** How the server is: what a load balancer, a person and the page want to know. */
import type { StoreReport } from "@flowtrail/model";
import type { AlertsHealth } from "../alerts/alerts.ts";
import type { AuditStats } from "../audit/log.ts";
import type { ReattributeStats } from "../identify/reattribute/reattribute.ts";
import type { SlowQuestion } from "../query/inquiry-counts.ts";
import type { NetmakerReport } from "../receive/netmaker/netmaker.ts";
import type { ReceiveStats } from "../receive/receive.ts";
import type { RecipientHealth } from "../recipients/health.ts";
import type { SinkHealth } from "../sinks/tell.ts";
import type { RetentionReport } from "../store/retention/retention.ts";
import type { RollupsStats } from "../store/rollups/rollups.ts";
import type { StoreHealth, StoreStats } from "../store/store.ts";
import type { CertificateReport } from "../tls/certificate.ts";
import type { AgentBook, AgentReport } from "./agent-book.ts";
import type { InventoryReport } from "./inventory-health.ts";
import { type NetmakerHealth, netmakerHealth } from "./netmaker-health.ts";
import { storeReport } from "./store-report.ts";
import type { UnknownRelay } from "./unknown-relays.ts";

export interface HealthDeps {
  readonly version: string;
  readonly insecure: boolean;
  readonly now: () => number;
  readonly logger: { warn(fields: object, message: string): void };
  readonly store: {
    health(): Promise<StoreHealth>;
    stats(): Promise<StoreStats>;
    readonly retention: { report(nowMs: number): Promise<RetentionReport>; readonly problem: string | null };
  };
  readonly book: AgentBook;
  readonly receive: { readonly stats: ReceiveStats };
  readonly questions: { slowest(): readonly SlowQuestion[] };
  readonly heard: { has(reporterId: string): boolean };
  /** Is this reporter told to record nothing? */
  readonly isOff: (reporterId: string) => boolean;
  readonly reelections: { readonly stats: ReattributeStats };
  readonly unknownRelays: { report(): UnknownRelay[] };
  readonly inventory: { report(): InventoryReport };
  /** The door for Netmaker's agents; null: it is off. */
  readonly netmaker: { readonly report: NetmakerReport } | null;
  readonly audit: { readonly stats: AuditStats };
  readonly sampleOn: () => boolean;
  /** Of the main listener; null: no TLS. */
  readonly certificate: () => CertificateReport | null;
  /** Address of each listener that is up, by name; null for one that is not. */
  readonly listeners: () => Readonly<Record<string, string | null>>;
}

/** What `flowtrail up` says of the agent that it started beside this server. */
export interface LocalAgent {
  readonly state: "running" | "no_privileges" | "failed";
  readonly message: string | null;
}

export interface FullHealth {
  readonly status: "ok" | "unavailable";
  readonly version: string;
  readonly started: string;
  readonly listeners: Readonly<Record<string, string>>;
  readonly store: {
    readonly up: boolean;
    readonly error: string | null;
    readonly rows: number | null;
    readonly bytes: number | null;
    readonly waiting_rows: number;
    readonly engine: { readonly state: string; readonly restarts: number; readonly last_error: string | null } | null;
    readonly retention: StoreReport | null;
    readonly rollups: {
      readonly computed: number;
      readonly failures: number;
      readonly last_error: string | null;
      readonly pending: number;
      readonly behind_ms: number;
      readonly through: string | null;
      readonly late_deltas: number;
    };
  };
  readonly ingest: {
    readonly batches: number;
    readonly rows: number;
    readonly duplicate_rows: number;
    readonly rejected: Readonly<Record<string, number>>;
    readonly rows_per_second: number;
    readonly write_rows: number | null;
    readonly write_ms: number | null;
  };
  /** Those of the last hour that took longest. */
  readonly slow_questions: readonly {
    readonly time: string;
    readonly table: string;
    readonly ms: number;
    readonly rows_read: number;
  }[];
  readonly agents: readonly AgentReport[];
  readonly reelections: {
    readonly pending: number;
    readonly done: number;
    readonly rows_changed: number;
    readonly last_error: string | null;
  };
  readonly unknown_relays: readonly UnknownRelay[];
  readonly inventory: InventoryReport;
  readonly netmaker: NetmakerHealth | null;
  /** Entries that wait while the store is away, those that were too many for that, and what is wrong. */
  readonly audit: Pick<AuditStats, "waiting" | "dropped" | "problem">;
  /** Null: the main listener has none. */
  readonly tls: CertificateReport | null;
  readonly local_agent: LocalAgent | null;
  /** Null: they have not begun. */
  readonly alerts: AlertsHealth | null;
  /** Null: they could not be asked for. */
  readonly sinks: readonly SinkHealth[] | null;
  /** Null: they could not be asked for. */
  readonly recipients: readonly RecipientHealth[] | null;
  readonly sample: boolean;
  readonly insecure: boolean;
}

const KEPT_FRESH_MS = 4000;

export class Health {
  readonly #deps: HealthDeps;
  readonly #startedMs: number;
  #localAgent: LocalAgent | null = null;
  #alerts: () => AlertsHealth | null = () => null;
  #sinks: () => Promise<readonly SinkHealth[]> = async () => [];
  #recipients: () => Promise<readonly RecipientHealth[]> = async () => [];
  #kept: { readonly askedMs: number; readonly report: Promise<StoreReport | null> } | null = null;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
    this.#startedMs = deps.now();
  }

  setLocalAgent(agent: LocalAgent): void {
    this.#localAgent = agent;
  }

  /** They begin later than this does. */
  setSinks(tell: () => Promise<readonly SinkHealth[]>): void {
    this.#sinks = tell;
  }

  setAlerts(tell: () => AlertsHealth): void {
    this.#alerts = tell;
  }

  setRecipients(tell: () => Promise<readonly RecipientHealth[]>): void {
    this.#recipients = tell;
  }

  /** Never throws. */
  async status(): Promise<{ status: "ok" | "unavailable" }> {
    return { status: this.#statusOf(await this.#deps.store.health()) };
  }

  /** Never throws: what can't be found out is null or empty. */
  async full(): Promise<FullHealth> {
    const { store, receive, version, insecure, inventory, netmaker, sampleOn } = this.#deps;
    const health = await store.health();
    const stats = health.ping.ok ? await this.#stats() : null;
    const { batches, rows, duplicateRows, rejected } = receive.stats;
    const agents = this.agents();
    const { pending, done, rowsChanged, lastError } = this.#deps.reelections.stats;
    return {
      status: this.#statusOf(health),
      version,
      started: new Date(this.#startedMs).toISOString(),
      listeners: Object.fromEntries(
        Object.entries(this.#deps.listeners()).flatMap(([name, url]) => (url === null ? [] : [[name, url]])),
      ),
      store: {
        up: health.ping.ok,
        error: health.ping.ok ? null : health.ping.error.message,
        rows: stats?.rows ?? null,
        bytes: stats?.bytes ?? null,
        waiting_rows: health.commit.waitingRows,
        engine: health.engine && {
          state: health.engine.state,
          restarts: health.engine.restarts,
          last_error: health.engine.lastError,
        },
        retention: health.ping.ok ? await this.#retention() : null,
        rollups: { ...rollupReport(health.rollups), late_deltas: health.lateDeltas },
      },
      ingest: {
        batches,
        rows,
        duplicate_rows: duplicateRows,
        rejected,
        rows_per_second: agents.reduce((sum, { rows_per_second }) => sum + rows_per_second, 0),
        write_rows: rounded(health.commit.writeRows),
        write_ms: rounded(health.commit.writeMs),
      },
      slow_questions: this.#slowQuestions(),
      agents,
      reelections: { pending, done, rows_changed: rowsChanged, last_error: lastError },
      unknown_relays: this.#deps.unknownRelays.report(),
      inventory: inventory.report(),
      netmaker: netmaker && netmakerHealth(netmaker.report),
      audit: auditHealth(this.#deps.audit.stats),
      tls: this.#deps.certificate(),
      local_agent: this.#localAgent,
      alerts: this.#alerts(),
      sinks: health.ping.ok ? await this.#toldBy("sinks", this.#sinks) : null,
      recipients: health.ping.ok ? await this.#toldBy("recipients", this.#recipients) : null,
      sample: sampleOn(),
      insecure,
    };
  }

  /** Those that something was heard of within the last day. */
  agents(): AgentReport[] {
    const { book, heard, isOff, now } = this.#deps;
    return book.reports(now(), { isHeard: (id) => heard.has(id), isOff });
  }

  /** Everybody who looks at the health page asks every few seconds: the tables are looked at once for all of them. */
  #retention(): Promise<StoreReport | null> {
    const nowMs = performance.now();
    if (this.#kept === null || nowMs - this.#kept.askedMs > KEPT_FRESH_MS)
      this.#kept = { askedMs: nowMs, report: this.#readKept() };
    return this.#kept.report;
  }

  async #readKept(): Promise<StoreReport | null> {
    const { retention } = this.#deps.store;
    try {
      return storeReport(await retention.report(this.#deps.now()), retention.problem);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "the store could not be asked what is kept");
      return null;
    }
  }

  async #stats(): Promise<StoreStats | null> {
    try {
      return await this.#deps.store.stats();
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "the store could not be asked about its size");
      return null;
    }
  }

  async #toldBy<T>(whom: "sinks" | "recipients", tell: () => Promise<readonly T[]>): Promise<readonly T[] | null> {
    try {
      return await tell();
    } catch (error) {
      this.#deps.logger.warn({ err: error }, `the store could not be asked about ${whom}`);
      return null;
    }
  }

  #slowQuestions(): FullHealth["slow_questions"] {
    const { questions, now } = this.#deps;
    const [nowMs, clockMs] = [now(), performance.now()];
    return questions.slowest().map(({ table, ms, rowsRead, atMs }) => ({
      time: new Date(nowMs - (clockMs - atMs)).toISOString(),
      table,
      ms: Math.round(ms),
      rows_read: rowsRead,
    }));
  }

  #statusOf({ ping }: StoreHealth): "ok" | "unavailable" {
    return ping.ok && Object.values(this.#deps.listeners()).every((url) => url !== null) ? "ok" : "unavailable";
  }
}

function rollupReport({ computed, failures, lastError, pending, behindMs, throughMs }: RollupsStats) {
  const through = throughMs === 0 ? null : new Date(throughMs).toISOString();
  return { computed, failures, last_error: lastError, pending, behind_ms: behindMs, through };
}

const rounded = (value: number | null) => value && Math.round(value);

function auditHealth({ waiting, dropped, problem }: AuditStats): FullHealth["audit"] {
  return { waiting, dropped, problem };
}
