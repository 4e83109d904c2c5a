/**
 * Makes deltas agree with the rows of their flows, soon after a flow ended (or was elected or named again): all of a flow's deltas say
 * of it what its row says, and their sum is its totals. Works on each node's own rows, in slices, and rests much longer than it
 * worked. Several servers may do it at once, and one may die in it: what is written are editions, and the next one begins earlier.
 */
import { setTimeout } from "node:timers/promises";
import type { ClickHouse } from "./clickhouse.ts";
import { alignStatement, type FlowSet, KEY, moment } from "./delta-sql.ts";
import { StoreError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import type { StoreNodes } from "./nodes.ts";
import { CORRECTION_REVISION, FLOW_DELTAS, FLOWS, FLOWS_OPEN, SPREAD_REVISION } from "./schema/flow-tables.ts";
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
/** A flow's row may be there before its deltas are: it is looked at when both have had the time. */
const YOUNG_MS = 10_000;
/** What a server that died had stored in part may be older than its start by this. The only report of a flow came with its delta. */
const ONLY_REPORTS_MS = 5 * 60_000;
/** So many times as long as it worked: on one core, that is 5 % of it for each class. */
const REST = 20;
/** The same between two slices of a pass: a server that starts has an hour of others' work before it. */
const REST_BETWEEN = 3;
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

type Times = Readonly<Record<"from" | "to", number>>;

/** What one pass over a class looks at. */
interface Pass {
  readonly life: Life;
  /** When it was stored. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Flows with a single report are looked at if they were stored since. */
  readonly onlyReportsMs: number;
  /** Between two slices. */
  readonly rests: boolean;
}

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
   * Settles what was stored since the last time. A node that fails keeps no other from being done.
   * @param all also what should rest, or is young
   * @throws StoreError: the first one, or the signal's reason
   */
  async run(signal: AbortSignal, all = false): Promise<void> {
    const failures: unknown[] = [];
    let lagMs = 0;
    for (const [place, node] of this.#deps.nodes.all.entries()) {
      try {
        lagMs = Math.max(lagMs, await this.#runOn(node, place, signal, all));
      } catch (error) {
        signal.throwIfAborted();
        failures.push(error);
      }
    }
    this.#lagMs = lagMs;
    if (failures.length > 0) throw failures[0];
  }

  /** @returns how far behind it is, ms */
  async #runOn(node: ClickHouse, place: number, signal: AbortSignal, all: boolean): Promise<number> {
    const { overlapMs } = this.#config;
    const { nowMs, hasCorrections } = await this.#look(node);
    const doneMs = all ? nowMs : nowMs - YOUNG_MS;
    let lagMs = 0;
    for (const [index, mostMs] of CLASSES_MS.entries()) {
      signal.throwIfAborted();
      const progress = this.#progressOf(`${place}/${index}`, nowMs);
      const began = performance.now();
      if (all || began >= progress.restUntilMs) {
        const isWide = doneMs - progress.wideMs >= 5 * overlapMs;
        const pass = {
          life: { leastMs: CLASSES_MS[index - 1] ?? null, mostMs },
          fromMs: Math.floor(isWide ? progress.wideMs - overlapMs : progress.doneMs - overlapMs / 10),
          toMs: doneMs + 1,
          onlyReportsMs: progress.isFirst ? nowMs - ONLY_REPORTS_MS : Number.MAX_SAFE_INTEGER,
          rests: !all,
        };
        const restedMs = await this.#settle(node, pass, signal);
        if (hasCorrections) await this.#settleLate(node, pass, signal);
        progress.doneMs = doneMs;
        progress.isFirst = false;
        if (isWide) progress.wideMs = doneMs;
        const workedMs = performance.now() - began - restedMs;
        progress.restUntilMs = performance.now() + REST * workedMs - restedMs;
      }
      lagMs = Math.max(lagMs, nowMs - progress.doneMs);
    }
    return lagMs;
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

  /** Flows whose rows were stored then. @returns how long it rested between slices, ms */
  async #settle(node: ClickHouse, { life, fromMs, toMs, onlyReportsMs, rests }: Pass, signal: AbortSignal): Promise<number> {
    // Version 0: its only report, whose delta came with it and is its totals.
    const which = `stored >= ${moment("from")} AND stored < ${moment("to")} AND ${lived(life)}
      AND (version != 0 OR toUnixTimestamp64Milli(stored) >= ${onlyReportsMs})`;
    const flows = this.#deps.nodes.local(FLOWS.name);
    const inserts = await node.rows<{ ms: string; flows: string }>(
      `SELECT toUnixTimestamp64Milli(stored) AS ms, count() AS flows FROM ${flows} WHERE ${which} GROUP BY ms ORDER BY ms`,
      { from: fromMs, to: toMs },
      { signal, settings: GENTLE },
    );
    const { sliceFlows } = this.#config;
    let beganMs = fromMs;
    let count = 0;
    let restedMs = 0;
    for (const [i, insert] of inserts.entries()) {
      count += Number(insert.flows);
      if (count < sliceFlows && i < inserts.length - 1) continue;
      const untilMs = Number(insert.ms) + 1;
      // One insert may have brought more than is settled at once.
      const shares = Math.ceil(count / (2 * sliceFlows));
      for (let share = 0; share < shares; share++) {
        const part = shares === 1 ? "" : ` AND cityHash64(flow_id) % ${shares} = ${share}`;
        const began = performance.now();
        const keys = `SELECT ${KEY} FROM ${flows} WHERE ${which}${part}`;
        await this.#slice(node, keys, { from: beganMs, to: untilMs }, signal);
        const isLast = i === inserts.length - 1 && share === shares - 1;
        if (!rests || isLast) continue;
        const restMs = REST_BETWEEN * (performance.now() - began);
        await setTimeout(restMs, undefined, { signal });
        restedMs += restMs;
      }
      [beganMs, count] = [untilMs, 0];
    }
    return restedMs;
  }

  /**
   * Flows that were stored before, and got deltas then: their corrections may be too large now. What is open is left out first: nearly all
   * deltas are of open flows, or of such as ended in this pass.
   */
  async #settleLate(node: ClickHouse, { life, fromMs, toMs }: Pass, signal: AbortSignal): Promise<void> {
    const { local } = this.#deps.nodes;
    const late = `SELECT DISTINCT ${KEY} FROM ${local(FLOW_DELTAS.name)} WHERE stored >= ${moment("from")} AND stored < ${moment("to")}
      AND revision <= ${SPREAD_REVISION} AND (${KEY}) NOT IN (SELECT ${KEY} FROM ${local(FLOWS_OPEN.name)} FINAL)`;
    const keys = `SELECT ${KEY} FROM ${local(FLOWS.name)} WHERE stored < ${moment("from")} AND ${lived(life)} AND (${KEY}) IN (${late})`;
    await this.#slice(node, keys, { from: fromMs, to: toMs }, signal);
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
