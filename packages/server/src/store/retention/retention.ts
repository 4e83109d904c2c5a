/**
 * What is kept how long: deletes what is older than its age, the oldest when there is too much, and nothing that a legal hold keeps.
 * Every run looks anew at what people set and at what there is, so several servers may run at once, and one may die in it.
 */
import { randomUUID } from "node:crypto";
import { formatBytes } from "@flowtrail/model";
import type { ClickHouse } from "../clickhouse.ts";
import type { Logger } from "../logger.ts";
import type { StoreNodes } from "../nodes.ts";
import { FLOW_DELTAS, FLOWS } from "../schema/flow-tables.ts";
import { deleteStep } from "./delete.ts";
import { type Drop, Drops } from "./drops.ts";
import { RetentionError } from "./errors.ts";
import { type Forecast, forecastOf } from "./forecast.ts";
import { type Hold, holdFromJson, holdToJson, inForce } from "./holds.ts";
import { KEPT_TABLES } from "./kept-tables.ts";
import { limitOf } from "./limit.ts";
import { type CountRows, DAY_MS, dayOf, monthOf, type Plan, planRetention, type Step } from "./plan.ts";
import { changed, describeChange, type PolicyChange, type PolicyOverrides, type RetentionPolicy } from "./policy.ts";
import { type Setting, SettingsLog } from "./settings-log.ts";
import { type Partition, type Survey, surveyStore } from "./survey.ts";

export interface RetentionConfig {
  /** As configured; what is set at run time overrides it. */
  readonly defaults: RetentionPolicy;
  /** See `LimitRules`. */
  readonly minFreeDiskBytes: number;
  /** Others may change the settings: they are read again so often. Null: nobody can. */
  readonly followEveryMs: number | null;
}

export interface NewHold {
  readonly fromMs: number;
  readonly toMs: number;
  readonly network: string | null;
  readonly reason: string;
}

export interface RetentionState {
  readonly policy: RetentionPolicy;
  readonly defaults: RetentionPolicy;
  readonly overrides: PolicyOverrides;
  /** Of the policy; null: it never was. */
  readonly changed: { readonly ms: number; readonly who: string } | null;
  readonly holds: readonly Hold[];
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
/** Deletions that could not be noted in the store yet: the newest are told when it can be written to again. */
const UNWRITTEN = 1000;

export class Retention {
  readonly #config: RetentionConfig;
  readonly #clickhouse: ClickHouse;
  readonly #nodes: StoreNodes;
  readonly #logger: Logger;
  readonly #log: SettingsLog;
  readonly #drops: Drops;
  #settings: readonly Setting[] = [];
  #state: RetentionState;
  #until = new Map<string, number>();
  #unwritten: readonly Drop[] = [];
  #underWay: readonly Drop[] = [];
  #timer: NodeJS.Timeout | undefined;
  #following: Promise<void> = Promise.resolve();
  #isStopped = false;
  readonly #deleted = { age: 0, size: 0 };
  readonly #rewrittenMs = new Map<string, number>();
  #tooLarge: string | null = null;

  constructor(config: RetentionConfig, deps: { clickhouse: ClickHouse; nodes: StoreNodes; logger: Logger }) {
    this.#config = config;
    this.#state = stateOf(config.defaults, []);
    this.#clickhouse = deps.clickhouse;
    this.#nodes = deps.nodes;
    this.#logger = deps.logger;
    this.#log = new SettingsLog(deps.clickhouse);
    this.#drops = new Drops(deps.clickhouse);
  }

  /** Reads what is set, and follows it. @throws StoreError */
  async start(): Promise<void> {
    await this.refresh();
    if (this.#config.followEveryMs !== null) this.#follow(this.#config.followEveryMs);
  }

  /** To be called when the store is closed: a look at the settings that is under way ends then. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#following;
  }

  /** Reads what people set and what was deleted, here or by another server. @throws StoreError */
  async refresh(): Promise<void> {
    const [settings, until] = await Promise.all([this.#log.current(), this.#drops.until()]);
    this.#settings = settings;
    this.#state = stateOf(this.#config.defaults, settings);
    this.#until = until;
    this.#raise();
  }

  get state(): RetentionState {
    return this.#state;
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
    return this.#until.get(table) ?? Number.NEGATIVE_INFINITY;
  }

  /** From here on all rows of a table are there, by the time that it is partitioned by; of flows, by their end. */
  keptFromMs(table: string, nowMs: number): number {
    const kept = KEPT_TABLES.find(({ name }) => name === table);
    if (kept === undefined) return Number.NEGATIVE_INFINITY;
    const cutoffMs = nowMs - this.state.policy[kept.period] * DAY_MS;
    // Whole days or months are dropped, when all of it is too old.
    const byAgeMs = kept.byEnd ? cutoffMs : kept.unit === "day" ? dayOf(cutoffMs) : monthOf(cutoffMs);
    return Math.max(byAgeMs, this.#until.get(table) ?? Number.NEGATIVE_INFINITY);
  }

  /**
   * Sets some of the policy.
   * @throws RetentionError BAD_RETENTION; StoreError
   */
  async set(change: PolicyChange, who: string, nowMs: number): Promise<void> {
    changed({}, change);
    await this.refresh();
    const { policy, defaults, overrides } = this.state;
    const next = changed(overrides, change);
    const what = describeChange(policy, { ...defaults, ...next });
    await this.#append("retention", "", who, what, JSON.stringify(next), nowMs);
    this.#logger.info({ who, what }, "retention was set");
  }

  /** @throws StoreError */
  async addHold({ fromMs, toMs, network, reason }: NewHold, who: string, nowMs: number): Promise<Hold> {
    const id = randomUUID();
    const hold = { id, fromMs, toMs, network, reason, who, createdMs: nowMs, releasedMs: null, releasedBy: null };
    await this.refresh();
    await this.#append("hold", id, who, `hold: ${reason}`, holdToJson(hold), nowMs);
    this.#logger.info({ who, hold: id }, "a legal hold was set");
    return hold;
  }

  /** Ends a hold; one that has ended stays as it is. @throws RetentionError HOLD_UNKNOWN; StoreError */
  async releaseHold(id: string, who: string, nowMs: number): Promise<Hold> {
    await this.refresh();
    const hold = this.state.holds.find((one) => one.id === id);
    if (hold === undefined) throw new RetentionError({ code: "HOLD_UNKNOWN", id }, `there is no legal hold ${id}`);
    if (hold.releasedMs !== null) return hold;
    const released = { ...hold, releasedMs: nowMs, releasedBy: who };
    await this.#append("hold", id, who, `released: ${hold.reason}`, holdToJson(released), nowMs);
    this.#logger.info({ who, hold: id }, "a legal hold was released");
    return released;
  }

  /** @throws StoreError */
  history(limit: number): ReturnType<SettingsLog["history"]> {
    return this.#log.history(limit);
  }

  /** What a run would delete now if the policy were changed like this. @throws RetentionError BAD_RETENTION; StoreError */
  async preview(change: PolicyChange, nowMs: number): Promise<RetentionReport> {
    changed({}, change);
    await this.refresh();
    const { defaults, overrides } = this.state;
    const next = changed(overrides, change);
    return this.#look({ ...this.state, policy: { ...defaults, ...next }, overrides: next }, nowMs);
  }

  /** What is stored where. @throws StoreError */
  survey(): Promise<Survey> {
    return surveyStore(this.#nodes);
  }

  /** How it stands. @throws StoreError */
  async report(nowMs: number): Promise<RetentionReport> {
    return this.#look(this.state, nowMs);
  }

  /**
   * Deletes what is to be deleted.
   * @returns what was
   * @throws StoreError
   */
  async run(nowMs: number): Promise<readonly Step[]> {
    await this.refresh();
    const { policy } = this.state;
    const survey = await surveyStore(this.#nodes);
    const plan = await this.#plan(survey, policy, nowMs);
    const done: Step[] = [];
    for (const step of plan.steps) {
      if (step.how === "rows" && !this.#mayRewrite(step, nowMs)) continue;
      // Somebody may have set a hold a moment ago.
      if (await this.#isOutdated()) break;
      await this.#delete(step, nowMs);
      done.push(step);
    }
    if (this.#unwritten.length > 0) await this.#writeDrops();
    this.#complain(plan);
    return done;
  }

  /** Rows that this server deleted since it started, by why. */
  get deleted(): Readonly<Record<Step["why"], number>> {
    return this.#deleted;
  }

  /** What is wrong with the store's size, for people; null: nothing. */
  get problem(): string | null {
    return this.#tooLarge;
  }

  async #look(state: RetentionState, nowMs: number): Promise<RetentionReport> {
    const { policy, holds } = state;
    const survey = await surveyStore(this.#nodes);
    const plan = await this.#plan(survey, policy, nowMs);
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

  #plan(survey: Survey, policy: RetentionPolicy, nowMs: number): Promise<Plan> {
    const { minFreeDiskBytes } = this.#config;
    const limit = limitOf(policy, survey.nodes, { minFreeDiskBytes });
    return planRetention({ survey, policy, holds: this.state.holds, limit, nowMs }, this.#count);
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

  async #delete(step: Step, nowMs: number): Promise<void> {
    const { partition, why, how, rows, bytes } = step;
    const table = partition.table.name;
    const drops = partition.parts.map((part) => dropOf(step, part, nowMs));
    // Before it happens: whoever computes something of these rows must not believe that there were none.
    this.#underWay = drops;
    this.#raise();
    try {
      for (const drop of drops) {
        if (!(await deleteStep(this.#node(drop.node), this.#nodes.local(table), step))) continue;
        this.#deleted[why] += drop.rows;
        this.#unwritten = [...this.#unwritten, drop].slice(-UNWRITTEN);
      }
    } finally {
      this.#underWay = [];
    }
    await this.#writeDrops();
    this.#logger.info({ table, partition: partition.id, why, how, rows, bytes }, "retention deleted what is not kept any more");
  }

  /** Nothing is sure to be there that is deleted now, or was deleted and could not be noted. */
  #raise(): void {
    for (const { table, untilMs } of [...this.#unwritten, ...this.#underWay])
      this.#until.set(table, Math.max(untilMs, this.#until.get(table) ?? Number.NEGATIVE_INFINITY));
  }

  /** Deletions make room; that they can't be noted (the disk is full) must not keep the next one from being done. */
  async #writeDrops(): Promise<void> {
    try {
      await this.#drops.append(this.#unwritten);
      this.#unwritten = [];
    } catch (error) {
      this.#logger.warn({ err: error, drops: this.#unwritten.length }, "what retention deleted could not be noted: later");
    }
  }

  /** Were the settings changed since this run began? Another server may have done it. */
  async #isOutdated(): Promise<boolean> {
    const key = (settings: readonly Setting[]) => settings.map(({ name, id, version }) => `${name} ${id} ${version}`).join();
    const before = key(this.#settings);
    await this.refresh();
    return key(this.#settings) !== before;
  }

  #mayRewrite({ partition: { table, id } }: Step, nowMs: number): boolean {
    const name = `${table.name} ${id}`;
    const lastMs = this.#rewrittenMs.get(name);
    if (lastMs !== undefined && nowMs - lastMs < REWRITE_MS && nowMs >= lastMs) return false;
    for (const [key, ms] of this.#rewrittenMs) if (nowMs - ms >= REWRITE_MS) this.#rewrittenMs.delete(key);
    this.#rewrittenMs.set(name, nowMs);
    return true;
  }

  #complain({ isTooLarge, heldBytes, bytesAfter, limit }: Plan): void {
    if (!isTooLarge) {
      this.#tooLarge = null;
      return;
    }
    const held = inForce(this.state.holds).length;
    const why =
      heldBytes === 0 || held === 0
        ? "it is all of today"
        : `${held} legal holds keep ${formatBytes(heldBytes)} of it, the rest is of today`;
    this.#tooLarge =
      `the store is larger than it may be (${formatBytes(Math.round(bytesAfter))}, retention.max_size allows ${formatBytes(limit.bytes ?? 0)}), ` +
      `and nothing may be deleted: ${why}. Give it more room, or release a hold`;
    this.#logger.error({ bytes: bytesAfter, limit: limit.bytes, heldBytes, holds: held }, this.#tooLarge);
  }

  async #append(name: Setting["name"], id: string, who: string, what: string, value: string, changedMs: number): Promise<void> {
    const version = (this.#settings.find((one) => one.name === name && one.id === id)?.version ?? 0) + 1;
    const setting = { name, id, version, changedMs, who, what, value };
    await this.#log.append(setting);
    this.#settings = [...this.#settings.filter((one) => one.name !== name || one.id !== id), setting];
    this.#state = stateOf(this.#config.defaults, this.#settings);
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

function stateOf(defaults: RetentionPolicy, settings: readonly Setting[]): RetentionState {
  const set = settings.find(({ name }) => name === "retention");
  const overrides = set === undefined ? {} : (JSON.parse(set.value) as PolicyOverrides);
  const holds = settings.filter(({ name }) => name === "hold").map(({ id, value }) => holdFromJson(id, value));
  return {
    policy: { ...defaults, ...overrides },
    defaults,
    overrides,
    changed: set === undefined ? null : { ms: set.changedMs, who: set.who },
    holds: holds.sort((a, b) => b.createdMs - a.createdMs),
  };
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
