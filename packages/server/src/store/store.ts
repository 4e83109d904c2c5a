/** The store: everything that is kept, in ClickHouse, embedded or the operator's own. */
import { setImmediate as othersTurn } from "node:timers/promises";
import { encodeBatch, type FlowBatch } from "@flowtrail/model";
import type { Submission } from "../receive/ports.ts";
import { Accounts } from "./accounts.ts";
import { AuditTable } from "./audit-table.ts";
import { Backups, type BackupsConfig } from "./backup/backups.ts";
import { ClickHouse, type ClickHouseConfig, type PingResult } from "./clickhouse.ts";
import { openRemote, type RemoteConfig } from "./cluster.ts";
import { insertDeadLetters, insertDeliveries } from "./deliveries.ts";
import { inPieces } from "./delta-pieces.ts";
import { EmbeddedEngine, type EngineConfig, type EngineStatus } from "./engine/engine.ts";
import { Enrolments } from "./enrolments.ts";
import { assertStorable, deltasOf, endedOf, MAX_DAYS, mergeBatches, openOf } from "./flow-split.ts";
import { GroupCommit, type GroupCommitConfig, type GroupCommitStats } from "./group-commit.ts";
import type { Logger } from "./logger.ts";
import { type StoreNodes, singleNode } from "./nodes.ts";
import { Retention, type RetentionConfig } from "./retention/retention.ts";
import { Rhythm } from "./rhythm.ts";
import { countBefore, oldestStart, oldestTraffic } from "./rollups/news.ts";
import { Rollups, type RollupsConfig, type RollupsStats } from "./rollups/rollups.ts";
import { migrateNodes } from "./schema/distributed.ts";
import { DELTA_COLUMNS, FLOW_COLUMNS, FLOW_DELTAS, FLOWS, FLOWS_OPEN } from "./schema/flow-tables.ts";
import { SettingsBook } from "./settings/settings-book.ts";
import { SettingsLog } from "./settings/settings-log.ts";
import { Settle, type SettleConfig, type SettleStats } from "./settle.ts";
import { TokenUses } from "./token-uses.ts";
import { Tokens } from "./tokens.ts";
import { Upkeep, type UpkeepConfig } from "./upkeep.ts";

export interface StoreConfig {
  /** A ClickHouse of the operator's; null: the embedded engine. */
  readonly remote: RemoteConfig | null;
  readonly engine: EngineConfig;
  readonly clickhouse: ClickHouseConfig;
  readonly commit: GroupCommitConfig;
  readonly retention: RetentionConfig;
  readonly settle: SettleConfig;
  readonly rollups: RollupsConfig;
  readonly upkeep: UpkeepConfig;
  readonly upkeepIntervalMs: number;
  readonly backups: BackupsConfig;
}

export interface StoreStats {
  /** Rows of flows, ended and open. A revision that is not yet merged away counts, too. */
  readonly rows: number;
  /** On disk, all tables. */
  readonly bytes: number;
}

export interface StoreHealth {
  readonly ping: PingResult;
  /** Null with a remote ClickHouse. */
  readonly engine: EngineStatus | null;
  readonly commit: GroupCommitStats;
  readonly settle: SettleStats;
  readonly rollups: RollupsStats;
  /** Deltas that came for days whose deltas had been deleted. */
  readonly lateDeltas: number;
}

export class Store {
  readonly #config: StoreConfig;
  readonly #logger: Logger;
  readonly #engine: EmbeddedEngine | null;
  readonly #commit: GroupCommit<{ readonly submission: Submission; readonly rows: number }>;
  #lateDeltas = 0;
  readonly #upkeep: Upkeep;
  readonly #settle: Settle;
  readonly #rhythms: readonly Rhythm[];
  /** For questions: see `ClickHouse.rows` and `ClickHouse.stream`. */
  readonly clickhouse: ClickHouse;
  /** For jobs, which run where the rows are. */
  readonly nodes: StoreNodes;
  readonly tokens: Tokens;
  readonly tokenUses: TokenUses;
  readonly enrolments: Enrolments;
  readonly accounts: Accounts;
  readonly audit: AuditTable;
  /** What people set at run time. Retention follows it. */
  readonly settings: SettingsBook;
  readonly retention: Retention;
  readonly rollups: Rollups;
  readonly backups: Backups;

  constructor(config: StoreConfig, deps: { logger: Logger; now?: () => number }) {
    const { logger, now = Date.now } = deps;
    this.#config = config;
    this.#logger = logger;
    this.#engine = config.remote ? null : new EmbeddedEngine(config.engine, { logger });
    const { clickhouse, nodes } = this.#open();
    this.clickhouse = clickhouse;
    this.nodes = nodes;
    this.tokens = new Tokens(this.clickhouse, { now });
    this.tokenUses = new TokenUses(this.clickhouse, { now: Date.now, logger });
    this.enrolments = new Enrolments(this.clickhouse, { now: Date.now });
    this.accounts = new Accounts(this.clickhouse, { now });
    this.audit = new AuditTable(this.clickhouse);
    this.settings = new SettingsBook(new SettingsLog(this.clickhouse));
    this.retention = new Retention(config.retention, {
      clickhouse: this.clickhouse,
      book: this.settings,
      nodes: this.nodes,
      logger,
      rolledUpMs: () => this.rollups.rolledUpMs,
    });
    this.#upkeep = new Upkeep(config.upkeep, { nodes: this.nodes, logger });
    this.#settle = new Settle(config.settle, {
      nodes: this.nodes,
      logger,
      deltasFromMs: () => this.retention.deltasFromMs(Date.now()),
    });
    this.rollups = new Rollups(config.rollups, {
      nodes: this.nodes,
      logger,
      deletedUntilMs: (table) => this.retention.deletedUntilMs(table),
    });
    this.#rhythms = [
      new Rhythm("upkeep", config.upkeepIntervalMs, () => this.upkeep(), { logger }),
      new Rhythm("settling", config.settle.everyMs, (signal) => this.#settle.run(signal), { logger }),
    ];
    this.#commit = new GroupCommit(config.commit, {
      write: (items) => this.#write(items.map(({ submission }) => submission)),
      rowsOf: ({ rows }) => rows,
      logger,
    });
    this.backups = new Backups(config.backups, {
      clickhouse: this.clickhouse,
      holdUploads: () => this.#commit.hold(),
      now: Date.now,
      logger,
    });
  }

  /**
   * Starts the engine (if it is ours) and brings the tables up to date.
   * @throws EngineError, SchemaError or StoreError
   */
  async start(): Promise<void> {
    await this.#engine?.start();
    try {
      await migrateNodes(this.nodes, this.#config.remote?.cluster?.replicated ?? false, { logger: this.#logger });
      await this.retention.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    for (const rhythm of this.#rhythms) rhythm.start();
    this.tokenUses.start();
    this.rollups.start();
  }

  /** Writes what was submitted, then stops. */
  async stop(): Promise<void> {
    for (const rhythm of this.#rhythms) rhythm.end();
    this.rollups.end();
    await Promise.all([this.#commit.stop(), this.tokenUses.stop()]);
    // Also ends jobs that are under way: the next server goes on with them.
    await Promise.all([this.clickhouse, ...this.nodes.all].map((one) => one.close()));
    await Promise.all([...this.#rhythms.map((rhythm) => rhythm.ended()), this.rollups.ended(), this.retention.stop()]);
    await this.#engine?.stop();
  }

  /**
   * Stores what one request brought, together with what others bring at the same time. Resolves when it is durable. The same rows may
   * come any number of times and in any order.
   * @throws BatchError for a batch that can't be stored as it is; StoreError otherwise (`isTransient` tells whether trying again helps)
   */
  async submit(submission: Submission): Promise<void> {
    const { rows, deliveries, deadLetters } = submission;
    const pieces = assertStorable(rows);
    await this.#commit.submit({ submission, rows: rows.length + pieces + deliveries.length + deadLetters.length });
  }

  /**
   * Stores rows at once, on their own. Resolves when they are durable.
   * @throws BatchError or StoreError
   */
  async insert(rows: FlowBatch): Promise<void> {
    assertStorable(rows);
    await this.#write([{ rows, deliveries: [], deadLetters: [] }]);
  }

  /** @throws StoreError */
  async stats(): Promise<StoreStats> {
    const { all, local } = this.nodes;
    const nodes = await Promise.all(
      all.map((node) =>
        node.rows<{ rows: string; bytes: string }>(
          `SELECT sumIf(rows, table = {flows:String}) + (SELECT count() FROM ${local(FLOWS_OPEN.name)} FINAL) AS rows,
             sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = {database:String}`,
          { database: node.database, flows: local(FLOWS.name) },
        ),
      ),
    );
    const sum = (name: "rows" | "bytes") => nodes.flat().reduce((total, row) => total + Number(row[name]), 0);
    return { rows: sum("rows"), bytes: sum("bytes") };
  }

  /** Never throws. */
  async health(): Promise<StoreHealth> {
    const { stats: settle } = this.#settle;
    return {
      ping: await this.#ping(),
      engine: this.#engine?.status ?? null,
      commit: this.#commit.stats,
      settle,
      rollups: this.rollups.stats,
      lateDeltas: this.#lateDeltas,
    };
  }

  /** Makes deltas agree with the flows that ended, at once. @throws StoreError */
  async settle(): Promise<void> {
    await this.#settle.run(new AbortController().signal, true);
  }

  /** Runs all upkeep now, as if it were `nowMs`. What fails does not keep the rest from being done. @throws StoreError */
  async upkeep(nowMs: number = Date.now()): Promise<void> {
    const failed: unknown[] = [];
    const attempt = (work: Promise<unknown>) => work.catch((error: unknown) => failed.push(error));
    // Makes room: with a full disk nothing else works.
    await attempt(this.retention.run(nowMs));
    await attempt(this.#upkeep.settleLost(nowMs));
    await attempt(this.#upkeep.removeTombstones(nowMs));
    if (failed.length > 0) throw failed[0];
  }

  /** A shard that is away takes a part of all rows with it. What is replicated is there as long as anybody answers. */
  async #ping(): Promise<PingResult> {
    const asked = this.#config.remote?.cluster?.replicated === true ? [this.clickhouse] : this.nodes.all;
    const pings = await Promise.all(asked.map((node) => node.ping()));
    return pings.find(({ ok }) => !ok) ?? (pings[0] as PingResult);
  }

  #open(): { clickhouse: ClickHouse; nodes: StoreNodes } {
    const { remote, clickhouse: config } = this.#config;
    const logger = this.#logger;
    if (remote !== null) return openRemote(remote, config, { logger });
    if (this.#engine === null) throw new TypeError("no engine and no URL");
    const clickhouse = new ClickHouse(this.#engine, config, { logger });
    return { clickhouse, nodes: singleNode(clickhouse) };
  }

  /** Many submissions as one write, step by step: a question must not wait for all the work on a large one. An INSERT is atomic per day and table only, but nothing of it does harm when it comes again. */
  async #write(submissions: readonly Submission[]): Promise<void> {
    const rows = mergeBatches(submissions.map(({ rows }) => rows));
    let newsMs = oldestStart(rows);
    await allDone([
      this.#insertRows(rows),
      this.#insertDeltas(rows, (pieces) => {
        newsMs = Math.min(newsMs, oldestTraffic(pieces));
      }),
      insertDeadLetters(
        this.clickhouse,
        submissions.flatMap(({ deadLetters }) => deadLetters),
      ),
    ]).finally(() => this.rollups.note(newsMs));
    // Said of a batch only when it is there.
    await insertDeliveries(
      this.clickhouse,
      submissions.flatMap(({ deliveries }) => deliveries),
    );
  }

  /** An ended flow is stored before its tombstone, so that it is never gone in between. */
  async #insertRows(rows: FlowBatch): Promise<void> {
    await othersTurn();
    await this.#insertFlows(FLOWS.name, FLOW_COLUMNS, endedOf(rows));
    await othersTurn();
    await this.#insertFlows(FLOWS_OPEN.name, FLOW_COLUMNS, openOf(rows));
  }

  /** Long ones in pieces, a few at a time: there may be many more of them than rows. */
  async #insertDeltas(rows: FlowBatch, note: (pieces: FlowBatch) => void): Promise<void> {
    await othersTurn();
    const deltas = deltasOf(rows);
    await othersTurn();
    for (const pieces of inPieces(deltas)) {
      note(pieces);
      await this.#insertFlows(FLOW_DELTAS.name, DELTA_COLUMNS, pieces);
      this.#lateDeltas += countBefore(pieces, this.retention.deltasFromMs(Date.now()));
    }
  }

  async #insertFlows(table: string, columns: typeof FLOW_COLUMNS, rows: FlowBatch): Promise<void> {
    if (rows.length === 0) return;
    await othersTurn();
    const names = columns.map(({ name }) => name);
    await this.clickhouse.insert(table, names, "ArrowStream", encodeBatch(rows, { columns }), {
      // A null where the table has none, and a column without any value, become the column's default.
      input_format_null_as_default: 1,
      input_format_arrow_allow_missing_columns: 1,
      // All who read expect several revisions of a row, and merges look for them anyway; bloom filters pay where there are many rows.
      // Both together are half of an insert's work (docs/decisions/0011-ingest.md).
      optimize_on_insert: 0,
      materialize_skip_indexes_on_insert: 0,
      // A delta over many days is in pieces.
      max_partitions_per_insert_block: String(table === FLOW_DELTAS.name ? 2 * MAX_DAYS : MAX_DAYS),
    });
  }
}

/** Waits for all, then throws the first error: nothing goes on in the background. */
async function allDone(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === "rejected") throw result.reason;
}
