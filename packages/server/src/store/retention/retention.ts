/**
 * What is kept how long: deletes what is older than its age, the oldest when there is too much, and nothing that a legal hold keeps.
 * Every run looks anew at what people set and at what there is, so several servers may run at once, and one may die in it.
 */
import { setTimeout as wait } from "node:timers/promises";
import { formatBytes, type RetentionPolicy } from "@flowtrail/model";
import type { ClickHouse } from "../clickhouse.ts";
import type { Logger } from "../logger.ts";
import type { StoreNodes } from "../nodes.ts";
import { FLOW_DELTAS, FLOWS } from "../schema/flow-tables.ts";
import { SettingsBook } from "../settings/settings-book.ts";
import { SettingsLog } from "../settings/settings-log.ts";
import { clockProblem } from "./clock.ts";
import { deleteStep, isDeleting } from "./delete.ts";
import { type Drop, Drops } from "./drops.ts";
import { type Forecast, forecastOf } from "./forecast.ts";
import { inForce } from "./holds.ts";
import { KEPT_TABLES } from "./kept-tables.ts";
import { isDiskFull, limitOf } from "./limit.ts";
import { type CountRows, DAY_MS, dayOf, isUnrolled, monthOf, type Plan, planRetention, type Step } from "./plan.ts";
import type { PolicyChange } from "./policy.ts";
import { RetentionSettings, type RetentionState } from "./settings.ts";
import { type Partition, type Survey, surveyStore } from "./survey.ts";

export interface RetentionConfig {
  /** As configured; what is set at run time overrides it. */
  readonly defaults: RetentionPolicy;
  /** See `LimitRules`. */
  readonly minFreeDiskBytes: number;
  /** Others may change the settings: they are read again so often. Null: nobody can. */
  readonly followEveryMs: number | null;
}

export interface RetentionReport extends RetentionState {
  readonly survey: Survey;
  readonly plan: Plan;
  readonly forecast: Forecast;
  readonly lastDrops: readonly Drop[];
}

/** Rows of a partition are deleted by rewriting it: not more often than this, what is too old meanwhile waits. */
const REWRITE_MS = 3_600_000;
const DROPS_SHOWN = 20;

export class Retention {
  readonly #config: RetentionConfig;
  readonly #clickhouse: ClickHouse;
  readonly #nodes: StoreNodes;
  readonly #logger: Logger;
  readonly #drops: Drops;
  readonly settings: RetentionSettings;
  #timer: NodeJS.Timeout | undefined;
  #following: Promise<void> = Promise.resolve();
  #isStopped = false;
  readonly #deleted = { age: 0, size: 0 };
  readonly #rewrittenMs = new Map<string, number>();
  #tooLarge: string | null = null;
  #failure: string | null = null;
  #clock: string | null = null;
  /** Until the server is started again: what was lost for the charts stays lost. */
  #unrolled: string | null = null;
  readonly #stopping = new AbortController();
  readonly #beganMs = performance.now();
  readonly #rolledUpMs: () => number;
  readonly #now: () => number;

  /** @param deps `book`: where others read and set, too; it is followed here. `rolledUpMs`: rollups are computed up to this time; `now`: this server's clock. Ms since 1970 */
  constructor(
    config: RetentionConfig,
    deps: {
      clickhouse: ClickHouse;
      nodes: StoreNodes;
      logger: Logger;
      book?: SettingsBook;
      rolledUpMs?: () => number;
      now?: () => number;
    },
  ) {
    this.#rolledUpMs = deps.rolledUpMs ?? (() => Number.POSITIVE_INFINITY);
    this.#config = config;
    this.#clickhouse = deps.clickhouse;
    this.#nodes = deps.nodes;
    this.#logger = deps.logger;
    this.#now = deps.now ?? Date.now;
    this.#drops = new Drops(deps.clickhouse, { logger: deps.logger, now: this.#now });
    const book = deps.book ?? new SettingsBook(new SettingsLog(deps.clickhouse));
    this.settings = new RetentionSettings(config.defaults, { book, logger: deps.logger });
  }

  /** Reads what is set, and follows it. @throws StoreError */
  async start(): Promise<void> {
    await this.refresh();
    if (this.#config.followEveryMs !== null) this.#follow(this.#config.followEveryMs);
  }

  /** To be called when the store is closed: a look at the settings that is under way ends then. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#following;
  }

  /** Reads what people set and what was deleted, here or by another server. @throws StoreError */
  async refresh(): Promise<void> {
    await Promise.all([this.settings.refresh(), this.#drops.refresh()]);
  }

  /** Flows that ended (or were last seen) before this are not kept, by their age or for the store's size. What a hold keeps may be older. */
  flowsFromMs(nowMs: number): number {
    return this.keptFromMs(FLOWS.name, nowMs);
  }

  /** From here on all deltas are there: before, a flow's bytes are known only for its whole life. */
  deltasFromMs(nowMs: number): number {
    return this.keptFromMs(FLOW_DELTAS.name, nowMs);
  }

  /** Rows of this table that are older were deleted; never, if none was. */
  deletedUntilMs(table: string): number {
    return this.#drops.untilMs(table);
  }

  /** From here on all rows of a table are there, by the time that it is partitioned by; of flows, by their end. */
  keptFromMs(table: string, nowMs: number): number {
    const kept = KEPT_TABLES.find(({ name }) => name === table);
    if (kept === undefined) return Number.NEGATIVE_INFINITY;
    const cutoffMs = nowMs - this.settings.state.policy[kept.period] * DAY_MS;
    // Whole days or months are dropped, when all of it is too old.
    const byAgeMs = kept.byEnd ? cutoffMs : kept.unit === "day" ? dayOf(cutoffMs) : monthOf(cutoffMs);
    return Math.max(byAgeMs, this.#drops.untilMs(table));
  }

  /** What a run would delete now if the policy were changed like this. @throws RetentionError BAD_RETENTION; StoreError */
  async preview(change: PolicyChange, nowMs: number): Promise<RetentionReport> {
    await this.refresh();
    return this.#look(this.settings.after(change), nowMs);
  }

  /** What a run would delete now if a hold were released. @throws RetentionError HOLD_UNKNOWN; StoreError */
  async previewRelease(id: string, nowMs: number): Promise<RetentionReport> {
    await this.refresh();
    return this.#look(this.settings.afterRelease(id, nowMs), nowMs);
  }

  /** What is stored where. @throws StoreError */
  survey(): Promise<Survey> {
    return surveyStore(this.#nodes);
  }

  /** How it stands. @throws StoreError */
  async report(nowMs: number): Promise<RetentionReport> {
    return this.#look(this.settings.state, nowMs);
  }

  /**
   * Deletes what is to be deleted. What fails does not keep the rest from being done.
   * @returns what was, or was begun
   * @throws StoreError, RetentionError DELETE_FAILED: the first failure, after all is done
   */
  async run(nowMs: number): Promise<readonly Step[]> {
    try {
      const done = await this.#run(nowMs);
      this.#failure = null;
      return done;
    } catch (error) {
      this.#failure = `not all could be deleted at the last attempt: ${error instanceof Error ? error.message : String(error)}`;
      throw error;
    }
  }

  async #run(nowMs: number): Promise<Step[]> {
    await this.refresh();
    const { version, state } = this.settings;
    const survey = await this.survey();
    const plan = await this.#plan(survey, state, nowMs);
    const failures = [...survey.failures];
    const done = new Set<Step>();
    const steps = await this.#due(plan.steps, nowMs);
    if (steps.length > 0 && (await this.#mayDelete())) {
      await this.#drops.announce(steps.flatMap((step) => dropsOf(step, nowMs)));
      // Until all other servers know it.
      const { followEveryMs } = this.#config;
      if (followEveryMs !== null) await wait(2 * followEveryMs, undefined, { signal: this.#stopping.signal });
      for (const [i, step] of steps.entries()) {
        // Somebody may have set a hold a moment ago, here or on another server: the next run looks anew.
        await this.refresh();
        if (this.settings.version !== version) {
          await this.#drops.callOff(steps.slice(i).flatMap((left) => dropsOf(left, nowMs)));
          break;
        }
        try {
          if (await this.#delete(step, nowMs)) done.add(step);
        } catch (error) {
          failures.push(error);
        }
      }
    }
    await this.#drops.write();
    this.#complain(plan, state);
    this.#mourn([...done]);
    if (failures.length > 0) throw failures[0];
    return plan.steps.filter((step) => done.has(step));
  }

  /** What can be done now: first what makes room without needing any. */
  async #due(steps: readonly Step[], nowMs: number): Promise<Step[]> {
    const rows: Step[] = [];
    for (const step of steps.filter(({ how }) => how === "rows")) {
      const table = this.#nodes.local(step.partition.table.name);
      const busy = await Promise.all(step.partition.parts.map(({ node }) => isDeleting(this.#node(node), table)));
      if (!busy.includes(true) && this.#mayRewrite(step, nowMs)) rows.push(step);
    }
    return [...steps.filter(({ how }) => how === "whole"), ...rows];
  }

  /** Asked before anything is deleted. */
  async #mayDelete(): Promise<boolean> {
    const clock = { nowMs: this.#now(), upMs: performance.now() - this.#beganMs };
    this.#clock = await clockProblem(this.#nodes.all, this.#nodes.local(FLOWS.name), clock);
    if (this.#clock !== null) this.#logger.error({}, this.#clock);
    return this.#clock === null;
  }

  /** Rows that this server deleted since it started, by why. */
  get deleted(): Readonly<Record<Step["why"], number>> {
    return this.#deleted;
  }

  /** What keeps retention from its work, for people; null: nothing. */
  get problem(): string | null {
    return this.#clock ?? this.#failure ?? this.#tooLarge ?? this.#unrolled;
  }

  async #look(state: RetentionState, nowMs: number): Promise<RetentionReport> {
    const { policy, holds } = state;
    const survey = await this.survey();
    const plan = await this.#plan(survey, state, nowMs);
    const lastDrops = await this.#drops.last(DROPS_SHOWN);
    const forecast = forecastOf({
      survey,
      policy,
      holds,
      limitBytes: plan.limit.bytes,
      lastSizeDropMs: lastDrops.find(({ why }) => why === "size")?.droppedMs ?? null,
      nowMs,
    });
    return { ...state, survey, plan, forecast, lastDrops };
  }

  #plan(survey: Survey, { policy, holds }: RetentionState, nowMs: number): Promise<Plan> {
    const { minFreeDiskBytes } = this.#config;
    const limit = limitOf(policy, survey.nodes, { minFreeDiskBytes });
    const isFull = isDiskFull(survey.nodes, { minFreeDiskBytes });
    const rolledUpMs = this.#rolledUpMs();
    return planRetention({ survey, policy, holds, limit, nowMs, rolledUpMs, isDiskFull: isFull }, this.#count);
  }

  readonly #count: CountRows = async ({ table, id, parts }, { sql, bindings }) => {
    const counted = await Promise.all(
      parts.map(async ({ node }) => {
        const [row] = await this.#node(node).rows<{ gone: string; n: string }>(
          `SELECT countIf(${sql}) AS gone, count() AS n FROM ${this.#nodes.local(table.name)} WHERE _partition_id = {partition:String}`,
          { ...bindings, partition: id },
        );
        return { gone: Number(row?.gone ?? 0), all: Number(row?.n ?? 0) };
      }),
    );
    const gone = counted.reduce((sum, one) => sum + one.gone, 0);
    return { gone, kept: counted.reduce((sum, one) => sum + one.all, 0) - gone };
  };

  /** False: it stays for now. */
  async #delete(step: Step, nowMs: number): Promise<boolean> {
    const { partition, provided, why, how, rows, bytes } = step;
    const table = partition.table.name;
    // It was counted a while ago, and something may have come since.
    if (provided !== null && (await this.#count(partition, provided)).kept > 0) return false;
    let isBegun = false;
    for (const drop of dropsOf(step, nowMs)) {
      const result = await deleteStep(this.#node(drop.node), this.#nodes.local(table), step);
      if (result === "busy") continue;
      isBegun = true;
      this.#deleted[why] += drop.rows;
      const what = result === "done" ? "retention deleted what is not kept any more" : "retention is deleting rows, it goes on";
      this.#logger.info({ table, partition: partition.id, node: drop.node, why, how, rows, bytes }, what);
    }
    return isBegun;
  }

  #mayRewrite({ partition: { table, id } }: Step, nowMs: number): boolean {
    const name = `${table.name} ${id}`;
    const lastMs = this.#rewrittenMs.get(name);
    if (lastMs !== undefined && nowMs - lastMs < REWRITE_MS && nowMs >= lastMs) return false;
    for (const [key, ms] of this.#rewrittenMs) if (nowMs - ms >= REWRITE_MS) this.#rewrittenMs.delete(key);
    this.#rewrittenMs.set(name, nowMs);
    return true;
  }

  /** On a full disk, days go that charts of later will lack. */
  #mourn(done: readonly Step[]): void {
    const rolledUpMs = this.#rolledUpMs();
    const lost = done.filter(({ partition, why }) => why === "size" && isUnrolled(partition, rolledUpMs));
    if (lost.length === 0) return;
    const days = [...new Set(lost.map(({ partition }) => partition.id))];
    this.#unrolled = `the disk is full: days were deleted before rollups were made of them, charts lack them: ${days.join(", ")}`;
    this.#logger.error({ days }, this.#unrolled);
  }

  #complain({ isTooLarge, heldBytes, bytesAfter, limit, waiting }: Plan, { holds }: RetentionState): void {
    if (!isTooLarge) {
      this.#tooLarge = null;
      return;
    }
    const held = inForce(holds).length;
    const why =
      waiting.length > 0
        ? `rollups are not yet made of ${waiting.length} days or more`
        : heldBytes === 0 || held === 0
          ? "it is all of today"
          : `${held} legal holds keep ${formatBytes(heldBytes)} of it, the rest is of today`;
    this.#tooLarge =
      `the store is larger than it may be (${formatBytes(Math.round(bytesAfter))}, retention.max_size allows ${formatBytes(limit.bytes ?? 0)}), ` +
      `and nothing may be deleted: ${why}. Give it more room, or release a hold`;
    this.#logger.error({ bytes: bytesAfter, limit: limit.bytes, heldBytes, holds: held }, this.#tooLarge);
  }

  #node(place: number): ClickHouse {
    return this.#nodes.all[place] ?? this.#clickhouse;
  }

  #follow(everyMs: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#following = this.refresh()
        .catch((error: unknown) => {
          if (!this.#isStopped) this.#logger.warn({ err: error }, "the settings could not be read, they are as before");
        })
        .then(() => this.#follow(everyMs));
    }, everyMs);
    this.#timer.unref();
  }
}

function dropsOf(step: Step, nowMs: number): Drop[] {
  return step.partition.parts.map((part) => dropOf(step, part, nowMs));
}

/** A node's share of what is deleted. */
function dropOf({ partition, why, how, untilMs, rows, bytes }: Step, part: Partition["parts"][number], nowMs: number): Drop {
  const share = partition.rows === 0 ? 0 : part.rows / partition.rows;
  return {
    droppedMs: nowMs,
    table: partition.table.name,
    partition: partition.id,
    node: part.node,
    fromMs: partition.fromMs,
    untilMs,
    rows: how === "whole" ? part.rows : Math.round(rows * share),
    bytes: how === "whole" ? part.bytes : Math.round(bytes * share),
    why,
    how,
  };
}
