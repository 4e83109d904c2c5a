/**
 * Makes deltas agree with the rows of their flows, soon after a flow ended (or was elected or named again): all of a flow's deltas say
 * of it what its row says, and their sum is its totals. Works on each node's own rows, in slices, and rests much longer than it
 * worked. Several servers may do it at once, and one may die in it: what is written are editions, and the next one begins earlier.
 */
import type { ClickHouse } from "./clickhouse.ts";
import { alignStatement, type FlowSet, KEY, moment } from "./delta-sql.ts";
import { StoreError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import type { StoreNodes } from "./nodes.ts";
import { CORRECTION_REVISION, EDITIONS, FLOW_DELTAS, FLOWS, SPREAD_REVISION } from "./schema/flow-tables.ts";
import { type Bindings, correct } from "./settle-correct.ts";

export interface SettleConfig {
  readonly everyMs: number;
  /** A server that starts begins so long ago. */
  readonly lookBackMs: number;
  /** What is stored may become visible so much later than it says that it was. */
  readonly overlapMs: number;
  /** Flows that are looked at by one statement. */
  readonly sliceFlows: number;
}

export interface SettleStats {
  /** Flows that were looked at since this server started; some more than once. */
  readonly flows: number;
  /** Flows whose deltas did not add up to their totals, and do now. */
  readonly corrected: number;
  /** Flows whose deltas are more than their totals: they are left so. */
  readonly overfull: number;
  /** Slices that could not be done, and were left. */
  readonly failed: number;
  /** How long ago that was stored what is not settled yet. */
  readonly lagMs: number;
}

/** Flows of a class lived so long, at most: the deltas of all flows of a slice are looked for in one stretch of time. */
const CLASSES_MS = [30_000, 10 * 60_000, 2 * 3_600_000, null] as const;
/** Corrections that are older are not made smaller by what comes late. */
const LATE_MS = 31 * 86_400_000;
const OVERFULL_KNOWN = 10_000;
/** So many times as long as it worked: on one core, that is 5 % of it for each class. */
const REST = 20;
const LIFE_END = "greatest(last_seen, coalesce(end, last_seen))";
/** On one core, and not for ever. */
const GENTLE = { max_threads: 1, max_execution_time: 50, max_partitions_per_insert_block: "1000" } as const;

interface Deps {
  readonly nodes: StoreNodes;
  readonly logger: Logger;
  /** Deltas of before that time are not kept, ms since 1970. */
  readonly deltasFromMs: () => number;
}

interface Life {
  readonly leastMs: number | null;
  readonly mostMs: number | null;
}

type Times = Readonly<Record<"from" | "to", number> & Partial<Record<"late", number>>>;

interface Found {
  readonly flows: number;
  readonly bindings: Bindings;
}

/** How far one class of one node is. All by the node's own clock, but for `restUntilMs`. */
interface Progress {
  isFirst: boolean;
  doneMs: number;
  /** The beginning of the last pass with the whole overlap. */
  wideMs: number;
  restUntilMs: number;
}

export class Settle {
  readonly #config: SettleConfig;
  readonly #deps: Deps;
  readonly #progress = new Map<string, Progress>();
  #counts = { flows: 0, corrected: 0, overfull: 0, failed: 0 };
  #lagMs = 0;
  /** Those that were counted: they are met again at each look. */
  readonly #overfull = new Set<string>();

  constructor(config: SettleConfig, deps: Deps) {
    this.#config = config;
    this.#deps = deps;
  }

  get stats(): SettleStats {
    return { ...this.#counts, lagMs: this.#lagMs };
  }

  /**
   * Settles what was stored since the last time. @param all also what should rest
   * @throws StoreError, or the signal's reason
   */
  async run(signal: AbortSignal, all = false): Promise<void> {
    let lagMs = 0;
    for (const [place, node] of this.#deps.nodes.all.entries()) {
      const { nowMs, hasCorrections } = await this.#look(node);
      for (const [index, mostMs] of CLASSES_MS.entries()) {
        signal.throwIfAborted();
        const progress = this.#progressOf(`${place}/${index}`, nowMs);
        const began = performance.now();
        if (all || began >= progress.restUntilMs) {
          const { overlapMs } = this.#config;
          const isWide = nowMs - progress.wideMs >= 5 * overlapMs;
          const fromMs = Math.floor(isWide ? progress.wideMs - overlapMs : progress.doneMs - overlapMs / 10);
          const life = { leastMs: CLASSES_MS[index - 1] ?? null, mostMs };
          await this.#settle(node, life, progress.isFirst, fromMs, nowMs + 1, signal);
          if (hasCorrections) await this.#settleLate(node, life, fromMs, nowMs + 1, signal);
          progress.doneMs = nowMs;
          progress.isFirst = false;
          if (isWide) progress.wideMs = nowMs;
          progress.restUntilMs = performance.now() + REST * (performance.now() - began);
        }
        lagMs = Math.max(lagMs, nowMs - progress.doneMs);
      }
    }
    this.#lagMs = lagMs;
  }

  async #look(node: ClickHouse): Promise<{ nowMs: number; hasCorrections: boolean }> {
    const [row] = await node.rows<{ now: string; corrections: string }>(
      `SELECT toUnixTimestamp64Milli(now64(3)) AS now, count() AS corrections FROM (
         SELECT 1 FROM ${this.#deps.nodes.local(FLOW_DELTAS.name)}
         WHERE revision = ${CORRECTION_REVISION} AND last_seen >= now64(3) - toIntervalMillisecond(${LATE_MS}) LIMIT 1)`,
    );
    return { nowMs: Number(row?.now ?? 0), hasCorrections: row?.corrections === "1" };
  }

  #progressOf(name: string, nowMs: number): Progress {
    const first = nowMs - this.#config.lookBackMs;
    const progress = this.#progress.get(name) ?? { isFirst: true, doneMs: first, wideMs: first, restUntilMs: 0 };
    this.#progress.set(name, progress);
    return progress;
  }

  /** Flows whose rows were stored then. @param isFirst what came before is not known: all are looked at */
  async #settle(
    node: ClickHouse,
    life: Life,
    isFirst: boolean,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    // Version 0: its only report, whose delta came with it and is its totals.
    const which = `stored >= ${moment("from")} AND stored < ${moment("to")} AND ${lived(life)}${isFirst ? "" : " AND version != 0"}`;
    const flows = this.#deps.nodes.local(FLOWS.name);
    const inserts = await node.rows<{ ms: string; flows: string }>(
      `SELECT toUnixTimestamp64Milli(stored) AS ms, count() AS flows FROM ${flows} WHERE ${which} GROUP BY ms ORDER BY ms`,
      { from: fromMs, to: toMs },
      { signal, settings: GENTLE },
    );
    let beganMs = fromMs;
    let count = 0;
    for (const [i, insert] of inserts.entries()) {
      count += Number(insert.flows);
      if (count < this.#config.sliceFlows && i < inserts.length - 1) continue;
      const untilMs = Number(insert.ms) + 1;
      await this.#slice(node, `SELECT ${KEY} FROM ${flows} WHERE ${which}`, { from: beganMs, to: untilMs }, signal);
      [beganMs, count] = [untilMs, 0];
    }
  }

  /** Flows that got deltas then, after they were corrected. */
  async #settleLate(node: ClickHouse, life: Life, fromMs: number, toMs: number, signal: AbortSignal): Promise<void> {
    const { local } = this.#deps.nodes;
    const corrected = `SELECT flow_id, reporter_id FROM ${local(FLOW_DELTAS.name)} WHERE revision = ${CORRECTION_REVISION} AND last_seen >= ${moment("late")}`;
    const late = `SELECT ${KEY} FROM ${local(FLOW_DELTAS.name)} WHERE stored >= ${moment("from")} AND stored < ${moment("to")}
      AND revision <= ${SPREAD_REVISION} AND version % ${EDITIONS} = 0 AND (flow_id, reporter_id) IN (${corrected})`;
    const keys = `SELECT ${KEY} FROM ${local(FLOWS.name)} WHERE (${KEY}) IN (${late}) AND ${lived(life)}`;
    await this.#slice(node, keys, { from: fromMs, to: toMs, late: Math.max(0, toMs - LATE_MS) }, signal);
  }

  async #bounds(node: ClickHouse, keys: string, times: Times, signal: AbortSignal): Promise<Found | null> {
    signal.throwIfAborted();
    const [row] = await node.rows<{ flows: string; lo: string; hi: string }>(
      `SELECT count() AS flows, toUnixTimestamp64Milli(min(start)) AS lo, toUnixTimestamp64Milli(max(${LIFE_END})) AS hi
       FROM ${this.#deps.nodes.local(FLOWS.name)} WHERE (${KEY}) IN (${keys})`,
      { ...times },
      { signal, settings: GENTLE },
    );
    const flows = Number(row?.flows ?? 0);
    if (row === undefined || flows === 0) return null;
    const since = Math.max(0, this.#deps.deltasFromMs());
    return { flows, bindings: { ...times, since, lo: Math.max(Number(row.lo), since), hi: Number(row.hi) } };
  }

  async #slice(node: ClickHouse, keys: string, times: Times, signal: AbortSignal): Promise<void> {
    const found = await this.#bounds(node, keys, times, signal);
    if (found === null) return;
    const { local } = this.#deps.nodes;
    const flows: FlowSet = {
      keys,
      deltas: local(FLOW_DELTAS.name),
      rows: [{ table: local(FLOWS.name), where: "true" }],
    };
    this.#counts.flows += found.flows;
    try {
      await node.command(alignStatement(flows), { ...found.bindings }, { settings: GENTLE });
      const { corrected, overfull } = await correct(node, flows, found.bindings, GENTLE, signal);
      this.#counts.corrected += corrected;
      for (const key of overfull) this.#noteOverfull(key);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTooMuch(error)) throw error;
      this.#counts.failed += 1;
      this.#deps.logger.warn({ err: error, ...found }, "deltas of some flows could not be settled, they stay as they are");
    }
  }

  #noteOverfull(key: string): void {
    if (this.#overfull.has(key)) return;
    if (this.#overfull.size >= OVERFULL_KNOWN) this.#overfull.clear();
    this.#overfull.add(key);
    this.#counts.overfull += 1;
  }
}

function lived({ leastMs, mostMs }: Life): string {
  const length = `dateDiff('millisecond', start, ${LIFE_END})`;
  return [...(leastMs === null ? [] : [`${length} > ${leastMs}`]), ...(mostMs === null ? [] : [`${length} <= ${mostMs}`])].join(
    " AND ",
  );
}

/** True of what is as hard the next time. */
function isTooMuch(error: unknown): boolean {
  return error instanceof StoreError && ["STORE_TIMEOUT", "STORE_LIMIT", "STORE_QUERY"].includes(error.code);
}
