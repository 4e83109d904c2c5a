/** `/metrics`. Labels are bounded: routes, reasons and codes of our own; never an agent, an address or a name. */
import type { FastifyInstance } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { AuditStats } from "../audit/log.ts";
import type { Live } from "../live/live.ts";
import { privacyMetrics } from "../privacy/privacy-metrics.ts";
import type { InquiryDesk } from "../query/inquiry-desk.ts";
import type { NetmakerReport } from "../receive/netmaker/netmaker.ts";
import type { ReceiveStats } from "../receive/receive.ts";
import type { Retention } from "../store/retention/retention.ts";
import type { StoreHealth } from "../store/store.ts";
import { type HttpMetricsDeps, httpMetrics } from "./http-metrics.ts";
import type { InventoryStats } from "./inventory-health.ts";
import { netmakerMetrics } from "./netmaker-health.ts";
import { questionMetrics } from "./question-metrics.ts";
import { StoreMetrics } from "./store-metrics.ts";

export interface MetricsDeps extends HttpMetricsDeps {
  readonly receive: { readonly stats: ReceiveStats };
  readonly live: { readonly stats: Live["stats"] };
  readonly store: { health(): Promise<StoreHealth>; readonly retention: Pick<Retention, "report" | "problem" | "deleted"> };
  readonly now: () => number;
  readonly logger: { warn(fields: object, message: string): void };
  /** Reporters that spoke lately. */
  readonly agents: () => number;
  readonly admissions: { readonly stats: { readonly admittedEarly: number } };
  readonly inventory: { readonly stats: InventoryStats };
  readonly questions: Pick<InquiryDesk, "stats">;
  readonly audit: { readonly stats: AuditStats };
  readonly privacy: Parameters<typeof privacyMetrics>[0];
  /** The door for Netmaker's agents; null: it is off. */
  readonly netmaker: { readonly report: NetmakerReport } | null;
  /** What agents declare of their networks. */
  readonly declarations: { readonly stats: { readonly heldBack: number; readonly refused: number; readonly leftOut: number } };
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #store: MetricsDeps["store"];
  readonly #tellStore: (health: StoreHealth) => void;
  readonly #tellKept: () => Promise<void>;
  readonly #seconds: Histogram<"method" | "route" | "status">;
  readonly #refused: (app: FastifyInstance) => void;

  constructor(deps: MetricsDeps) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#seconds = new Histogram({
      name: "flowtrail_http_request_seconds",
      help: "Time to answer, by route",
      labelNames: ["method", "route", "status"],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
    this.#refused = httpMetrics(deps, this.#registry);
    this.#ingest(deps.receive);
    this.#live(deps.live);
    this.#total(
      "flowtrail_ingest_admitted_early_total",
      "Uploads that were stored before others' reports of the same time had been elected again",
      () => deps.admissions.stats.admittedEarly,
    );
    this.#declarations(deps.declarations);
    this.#inventory(deps.inventory);
    this.#audit(deps.audit);
    questionMetrics(deps.questions, registers);
    privacyMetrics(deps.privacy, this.#registry);
    if (deps.netmaker !== null) netmakerMetrics(deps.netmaker, this.#registry);
    this.#store = deps.store;
    this.#tellStore = this.#storeMetrics();
    const kept = new StoreMetrics(this.#registry, deps.store.retention);
    this.#tellKept = async () => {
      await kept
        .update(deps.now())
        .catch((error: unknown) => deps.logger.warn({ err: error }, "the store could not be asked what is kept"));
    };
    const gauge: Gauge = new Gauge({
      name: "flowtrail_agents",
      help: "Reporters that were heard of within three update intervals",
      registers,
      collect: () => gauge.set(deps.agents()),
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Of what begins later than this. */
  also(add: (registry: Registry) => void): void {
    add(this.#registry);
  }

  async text(): Promise<string> {
    const health = await this.#store.health();
    this.#tellStore(health);
    if (health.ping.ok) await this.#tellKept();
    return this.#registry.metrics();
  }

  /** Counts and times the requests of an app. */
  observe(app: FastifyInstance): void {
    this.#refused(app);
    app.addHook("onResponse", async (request, reply) => {
      const route = request.routeOptions.url ?? "none";
      // How long somebody followed live says nothing about the server.
      if (route === "/api/flows/live") return;
      const status = `${Math.floor(reply.statusCode / 100)}xx`;
      this.#seconds.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
    });
  }

  #declarations(declarations: MetricsDeps["declarations"]): void {
    this.#total(
      "flowtrail_declarations_held_back_total",
      "Changes of what agents declare of their networks that came too soon after others, and had to wait",
      () => declarations.stats.heldBack,
    );
    this.#total(
      "flowtrail_declarations_refused_total",
      "Declarations of senders beyond the largest number of them",
      () => declarations.stats.refused,
    );
    const leftOut: Gauge = new Gauge({
      name: "flowtrail_declarations_left_out_entities",
      help: "Networks, nodes, config files and routes that agents declare beyond the largest number that is taken of each",
      registers: [this.#registry],
      collect: () => leftOut.set(declarations.stats.leftOut),
    });
  }

  #audit(audit: MetricsDeps["audit"]): void {
    this.#total("flowtrail_audit_entries_total", "Entries of the audit log that were written", () => audit.stats.written);
    this.#total(
      "flowtrail_audit_dropped_entries_total",
      "Entries of the audit log that could not be kept until the store was back",
      () => audit.stats.dropped,
    );
    const waiting: Gauge = new Gauge({
      name: "flowtrail_audit_waiting_entries",
      help: "Entries of the audit log that wait to be written",
      registers: [this.#registry],
      collect: () => waiting.set(audit.stats.waiting),
    });
  }

  #inventory(inventory: MetricsDeps["inventory"]): void {
    const gauge = (name: string, help: string, value: (stats: InventoryStats) => number) => {
      const made: Gauge = new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect: () => made.set(value(inventory.stats)),
      });
    };
    gauge(
      "flowtrail_inventory_failing_sources",
      "Sources of the inventory that can't be read: what they said last is in force",
      ({ failingSources }) => failingSources,
    );
    gauge("flowtrail_inventory_conflicts", "Addresses with two holders", ({ conflicts }) => conflicts);
    gauge(
      "flowtrail_inventory_waiting_changes",
      "Changes of the inventory that are in force but not stored",
      ({ waitingChanges }) => waitingChanges,
    );
    this.#total(
      "flowtrail_inventory_duplicate_entities_total",
      "Entities that a source told twice, under one id: the first counted",
      () => inventory.stats.duplicates,
    );
  }

  #ingest(receive: MetricsDeps["receive"]): void {
    this.#total("flowtrail_ingest_batches_total", "Uploads that were stored", () => receive.stats.batches);
    this.#total("flowtrail_ingest_rows_total", "Rows that were stored", () => receive.stats.rows);
    this.#total(
      "flowtrail_ingest_duplicate_rows_total",
      "Rows of uploads that had been stored before",
      () => receive.stats.duplicateRows,
    );
    this.#total("flowtrail_ingest_bytes_total", "Bytes of uploads as they came", () => receive.stats.bytes);
    const underWay: Gauge = new Gauge({
      name: "flowtrail_ingest_waiting_bytes",
      help: "Of uploads in memory, from their arrival until they are stored",
      registers: [this.#registry],
      collect: () => underWay.set(receive.stats.underWay.bytes),
    });
    this.#total(
      "flowtrail_ingest_overloaded_total",
      "Uploads that were sent away because others filled the memory for them",
      () => receive.stats.underWay.refused,
    );
    const rejected: Counter = new Counter({
      name: "flowtrail_ingest_rejected_rows_total",
      help: "Rows that were refused, by code",
      labelNames: ["code"],
      registers: [this.#registry],
      collect: () => {
        rejected.reset();
        for (const [code, count] of Object.entries(receive.stats.rejected)) rejected.inc({ code }, count);
      },
    });
  }

  #live(live: MetricsDeps["live"]): void {
    const clients: Gauge = new Gauge({
      name: "flowtrail_live_followers",
      help: "Who follows live",
      registers: [this.#registry],
      collect: () => clients.set(live.stats.clients),
    });
    this.#total("flowtrail_live_dropped_rows_total", "Rows that followers were too slow for", () => live.stats.dropped);
  }

  /** One question to the store for all of them. */
  #storeMetrics(): (health: StoreHealth) => void {
    const registers = [this.#registry];
    const up = new Gauge({ name: "flowtrail_store_up", help: "1 if the store answers", registers });
    const waiting = new Gauge({ name: "flowtrail_store_waiting_rows", help: "Rows that wait to be written", registers });
    const writes = new Counter({ name: "flowtrail_store_writes_total", help: "Merged writes", registers });
    const failures = new Counter({ name: "flowtrail_store_write_failures_total", help: "Merged writes that failed", registers });
    const overloaded = new Counter({ name: "flowtrail_store_overloaded_total", help: "Uploads that were sent away", registers });
    const restarts = new Counter({
      name: "flowtrail_store_engine_restarts_total",
      help: "Times that the embedded engine died and was started again",
      registers,
    });
    const computed = new Counter({
      name: "flowtrail_rollups_computed_total",
      help: "Statements that computed buckets",
      registers,
    });
    const failed = new Counter({
      name: "flowtrail_rollup_failures_total",
      help: "Passes over the rollups that failed",
      registers,
    });
    const pending = new Gauge({
      name: "flowtrail_rollups_pending",
      help: "Hours and days that rows came late for, and that are not computed again yet",
      registers,
    });
    const behind = new Gauge({
      name: "flowtrail_rollups_behind_seconds",
      help: "How far behind what is over the slowest rollup is",
      registers,
    });
    const late = new Counter({
      name: "flowtrail_store_late_deltas_total",
      help: "Deltas that came for days whose deltas had been deleted: rollups add them to what they have",
      registers,
    });
    return ({ ping, commit, engine, rollups, lateDeltas }) => {
      set(late, lateDeltas);
      set(computed, rollups.computed);
      set(failed, rollups.failures);
      pending.set(rollups.pending);
      behind.set(rollups.behindMs / 1000);
      up.set(ping.ok ? 1 : 0);
      waiting.set(commit.waitingRows);
      set(writes, commit.writes);
      set(failures, commit.failures);
      set(overloaded, commit.overloaded);
      set(restarts, engine?.restarts ?? 0);
    };
  }

  /** A counter whose value somebody else keeps. */
  #total(name: string, help: string, value: () => number): void {
    const counter: Counter = new Counter({
      name,
      help,
      registers: [this.#registry],
      collect: () => {
        set(counter, value());
      },
    });
  }
}

function set(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}
