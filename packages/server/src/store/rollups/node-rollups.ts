/**
 * The rollups of one node, computed from its own rows. A pass goes on where each rollup ends, from the oldest bucket to the newest one
 * that is over, and computes again what rows came for. Rests so long that it never takes more than its share of a core.
 */
import type { ClickHouseSettings } from "@clickhouse/client";
import type { ClickHouse } from "../clickhouse.ts";
import type { Logger } from "../logger.ts";
import { FLOW_DELTAS, FLOWS } from "../schema/flow-tables.ts";
import { Changes } from "./changes.ts";
import { DAY_MS, floorTo, HOUR_MS, IN_ORDER, MINUTE_MS } from "./extents.ts";
import { Fingerprints } from "./fingerprints.ts";
import { Late } from "./late.ts";
import { LateDeltas } from "./late-deltas.ts";
import { type Progress, readProgress, writeProgress } from "./progress.ts";
import { Queue, type Unit } from "./queue.ts";
import { Reach } from "./reach.ts";
import { type Days, hoursTogether, isTooMuch, readDays, readHours, sharesFor, togetherUntil } from "./shares.ts";
import { type AnyRollup, computeStatement, type Kept, type Local } from "./statements.ts";

export interface NodeRollupsConfig {
  /** Who this server is among those that may compute. */
  readonly server: string;
  /** Other servers may compute the same node's rollups. */
  readonly shared: boolean;
  /** Of a server that said nothing for so long, another one takes over. */
  readonly takeOverMs: number;
  /** How much later than it says a row may become visible. */
  readonly marginMs: number;
  /** A pass goes on for so long, then readers get a rest. */
  readonly passMs: number;
}

export interface NodeRollupsDeps {
  readonly node: ClickHouse;
  /** Of the node, in the list of the store's nodes. */
  readonly place: number;
  readonly local: Local;
  readonly logger: Logger;
  /** Rows of this table that are older were deleted, ms since 1970. */
  readonly deletedUntilMs: (table: string) => number;
  readonly onComputed: () => void;
}

export interface PassOptions {
  /** Rests for nothing, until everything is done. */
  readonly all?: boolean;
}

interface Pass {
  readonly nowMs: number;
  readonly days: Days;
  /** Of the day that was last looked at. */
  hours: { readonly dayMs: number; readonly begun: ReadonlySet<number> } | null;
  readonly signal: AbortSignal;
  readonly all: boolean;
  readonly endMs: number;
}

const SAVE_EVERY_MS = 2_000;
const MOST_BOOST = 16;
/** For a fingerprint: others must hear of this server before they take over. One hour is the least that can be asked for. */
const FINGERPRINT_MS = { shared: 50_000, alone: 300_000 } as const;
/** Said in the log. */
const MANY_HOURS = 200;
/** One core, and ends before the client would think it hung. */
const GENTLE = {
  max_threads: 1,
  max_insert_threads: "1",
  max_execution_time: 50,
  max_memory_usage: "400000000",
  max_bytes_before_external_group_by: "150000000",
  max_partitions_per_insert_block: "0",
  do_not_merge_across_partitions_select_final: 1,
} as const satisfies ClickHouseSettings;
const ALL: Kept = { deltas: true, flows: true };

export class NodeRollups {
  readonly #config: NodeRollupsConfig;
  readonly #deps: NodeRollupsDeps;
  readonly #changes: Changes;
  readonly #queue = new Queue();
  readonly #late = new Late();
  readonly #fingerprints: Fingerprints;
  readonly #lateDeltas: LateDeltas;
  readonly #reach = new Reach();
  #checkedMs = 0;
  #lookedMs = 0;
  #savedMs = 0;
  #savedAt = 0;
  #neverMs = 0;
  #isComputing = false;
  /** As the progress said when this server took it over: by whom and when it was written. */
  #takenOver = "";
  #boost = 1;
  #nowMs = 0;

  constructor(config: NodeRollupsConfig, deps: NodeRollupsDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#changes = new Changes(deps.node, deps.local, config.marginMs);
    this.#fingerprints = new Fingerprints(deps.node, deps.local, FINGERPRINT_MS[config.shared ? "shared" : "alone"]);
    this.#lateDeltas = new LateDeltas(deps.node, deps.local, deps.place);
  }

  /** Buckets of this rollup that begin before are computed, and know all that was stored by this server; 0: none is known to be. */
  throughMs(rollup: AnyRollup): number {
    return Math.min(this.#reach.throughMs(rollup), floorTo(this.#late.fromMs, rollup.stepMs));
  }

  /** Buckets of this rollup that begin before are not computed, though there may have been something. */
  fromMs(rollup: AnyRollup): number {
    return this.#reach.sinceMs(rollup);
  }

  /** All rows that were stored before, by the node's clock, are known to the buckets of flows that began since. */
  get counted(): { readonly storedBeforeMs: number; readonly fromMs: number } {
    return { storedBeforeMs: this.#checkedMs - this.#config.marginMs, fromMs: this.#neverMs };
  }

  /**
   * Something was stored, none of it from before this time.
   * @returns whether it is for a bucket that was computed already
   */
  note(fromMs: number): boolean {
    const isLate = this.#reach.furthestMs > fromMs;
    if (isLate) this.#late.note(fromMs);
    return isLate;
  }

  /** Hours and days that rows came for, and that are not computed again. */
  get pending(): number {
    return this.#queue.size;
  }

  /** How far behind what is over is what is computed, ms. */
  get behindMs(): number {
    if (this.#nowMs === 0) return 0;
    return Math.max(
      ...IN_ORDER.map((rollup) => Math.max(0, this.#reach.targetMs(rollup, this.#nowMs) - this.#reach.throughMs(rollup))),
    );
  }

  /**
   * @returns whether there is more to do at once
   * @throws StoreError, or the signal's reason
   */
  async pass(signal: AbortSignal, { all = false }: PassOptions = {}): Promise<boolean> {
    const nowMs = await this.#clock();
    this.#nowMs = nowMs;
    this.#late.stamp(nowMs);
    if (!(await this.#isMine(nowMs, all))) return false;
    const { node, local } = this.#deps;
    const endMs = performance.now() + this.#config.passMs;
    await this.#look(nowMs, signal);
    if (!this.#isComputing) return false;
    // After the look: what it saw must not be in a day that is thought empty.
    const days = await readDays(node, local);
    const pass: Pass = { nowMs, days, hours: null, signal, all, endMs };
    const { isForward, isCaughtUp } = await this.#work(pass);
    if (!this.#isComputing) return false;
    this.#checkedMs = this.#queue.sinceMs ?? nowMs;
    this.#late.settle(this.#checkedMs);
    await this.#save(all);
    return !isForward || !isCaughtUp;
  }

  /** What is done is noted, even if not all could be. */
  async #work(pass: Pass): Promise<{ isForward: boolean; isCaughtUp: boolean }> {
    try {
      return { isForward: await this.#goOn(pass), isCaughtUp: await this.#catchUp(pass) };
    } catch (error) {
      await this.#save(true).catch((failure: unknown) => {
        this.#deps.logger.debug({ err: failure }, "how far the rollups are could not be noted: some are computed once more");
      });
      throw error;
    }
  }

  /** Whether this server computes. Else it reads how far the other one is. */
  async #isMine(nowMs: number, all: boolean): Promise<boolean> {
    const { shared, server, takeOverMs } = this.#config;
    if (this.#isComputing && !shared) return true;
    const progress = await readProgress(this.#deps.node, this.#deps.local);
    const isOthers = progress.server !== "" && progress.server !== server;
    if (isOthers && shared && !all && nowMs - progress.writtenMs < takeOverMs) {
      this.#isComputing = false;
      this.#reach.set(progress.extents);
      this.#neverMs = progress.neverMs;
      this.#checkedMs = progress.checkedMs;
      this.#late.settle(progress.checkedMs);
      return false;
    }
    if (this.#isComputing && !isOthers) return true;
    this.#takenOver = writtenBy(progress);
    this.#neverMs = progress.neverMs;
    // From the beginning: what another server did since is not known here.
    this.#reach.set(progress.extents);
    this.#checkedMs = progress.checkedMs;
    this.#lookedMs = progress.checkedMs;
    this.#queue.clear();
    this.#fingerprints.clear();
    this.#changes.forget();
    this.#isComputing = true;
    this.#savedAt = 0;
    return true;
  }

  /** Finds out what rows came for. */
  async #look(nowMs: number, signal: AbortSignal): Promise<void> {
    const reachedMs = this.#reach.furthestMs;
    const sinceMs = this.#lookedMs;
    // All that is there is computed in its turn; what is there now is no news later.
    if (reachedMs === 0) {
      this.#checkedMs = nowMs;
      await this.#changes.minutes(nowMs, nowMs, signal);
    } else {
      const before = this.#queue.size;
      for (const minuteMs of await this.#changes.minutes(sinceMs, nowMs, signal)) {
        // What is not over, or not yet reached, is computed in its turn.
        if (minuteMs < reachedMs && minuteMs >= this.#neverMs) this.#queue.add(minuteMs, sinceMs);
      }
      if (this.#queue.size - before > MANY_HOURS) {
        this.#deps.logger.info({ hours: this.#queue.size }, "rows came for many hours, whose rollups are computed again");
      }
    }
    this.#lookedMs = nowMs;
  }

  /** @returns whether all is computed that is over */
  async #goOn(pass: Pass): Promise<boolean> {
    for (;;) {
      const next = this.#next(pass);
      if (next === null) return true;
      const { rollup, fromMs } = next;
      const toMs = togetherUntil(rollup, pass.days, fromMs, this.#reach.targetMs(rollup, pass.nowMs), this.#boost);
      if (await this.#isAnything(fromMs, toMs, pass)) await this.#compute(rollup, fromMs, toMs, pass);
      this.#reach.to(rollup, toMs);
      if (performance.now() - this.#savedAt > SAVE_EVERY_MS) await this.#save(true);
      if (!this.#isComputing) return true;
      if (!pass.all && performance.now() > pass.endMs) return this.#next(pass) === null;
    }
  }

  /** Whether there are rows of that time, which is not longer than a day. */
  async #isAnything(fromMs: number, toMs: number, pass: Pass): Promise<boolean> {
    const dayMs = floorTo(fromMs, DAY_MS);
    if (toMs - fromMs > HOUR_MS) return pass.days.rows.has(dayMs);
    if (pass.hours?.dayMs !== dayMs) {
      pass.hours = { dayMs, begun: await readHours(this.#deps.node, this.#deps.local, dayMs) };
    }
    return pass.hours.begun.has(floorTo(fromMs, HOUR_MS));
  }

  /** What is to be computed next: the oldest stretch that is over. */
  #next({ nowMs, days }: Pass): { rollup: AnyRollup; fromMs: number } | null {
    let next: { rollup: AnyRollup; fromMs: number } | null = null;
    for (const rollup of IN_ORDER) {
      if (!this.#reach.has(rollup)) this.#reach.begin(rollup, days, this.#deps.deletedUntilMs(rollup.of ?? FLOW_DELTAS.name));
      const targetMs = this.#reach.targetMs(rollup, nowMs);
      let fromMs = this.#reach.throughMs(rollup);
      // Days of which there is nothing at all.
      if (fromMs < targetMs && !days.rows.has(floorTo(fromMs, DAY_MS))) {
        const day = days.all.find((begin) => begin > fromMs) ?? Number.POSITIVE_INFINITY;
        fromMs = Math.min(targetMs, day);
        this.#reach.to(rollup, fromMs);
      }
      if (fromMs < targetMs && (next === null || fromMs < next.fromMs)) next = { rollup, fromMs };
    }
    return next;
  }

  /** @returns whether nothing is left but what rests */
  async #catchUp(pass: Pass): Promise<boolean> {
    for (;;) {
      const unit = this.#nextAgain(pass);
      if (this.#queue.size === 0) this.#fingerprints.rest();
      if (unit === null || !this.#isComputing) return true;
      const began = performance.now();
      try {
        await (unit.kind === "hours" ? this.#again(unit, pass) : this.#dayAgain(unit, pass));
      } catch (error) {
        this.#queue.postpone(unit);
        this.#fingerprints.forget(unit.beginMs, unit.endMs);
        throw error;
      }
      this.#queue.done(unit, performance.now() - began);
      if (!pass.all && performance.now() > pass.endMs) return this.#nextAgain(pass) === null;
    }
  }

  #nextAgain({ all, days }: Pass): Unit | null {
    // Of an hour that is not over, minutes only: there is always something new in it.
    const hourly = IN_ORDER.filter(({ stepMs }) => stepMs === HOUR_MS).map((rollup) => this.#reach.throughMs(rollup));
    return this.#queue.next({
      all,
      aloneFromMs: Math.min(...hourly),
      hoursTogether: (dayMs) => hoursTogether(days, dayMs, this.#fingerprints.boost),
    });
  }

  async #again({ beginMs, endMs, minutes, sinceMs }: Unit, pass: Pass): Promise<void> {
    const reached = IN_ORDER.filter((rollup) => this.#reach.throughMs(rollup) > beginMs && rollup.stepMs < DAY_MS);
    const isOver = reached.some(({ stepMs }) => stepMs === HOUR_MS);
    const changed = isOver
      ? await this.#fingerprints.changed(beginMs, endMs, this.#kept(beginMs), pass.signal)
      : { traffic: [beginMs], values: [] };
    for (const rollup of reached) {
      for (const [firstMs, untilMs] of stretchesOf("dimensions" in rollup ? changed.traffic : changed.values)) {
        // What the fingerprint knows must all be computed, also what came since the look: it is not told as changed again.
        const fromMs = isOver ? firstMs : Math.max(firstMs, minutes.fromMs);
        const toMs = Math.min(isOver ? untilMs : minutes.toMs, this.#reach.throughMs(rollup));
        await this.#computeAll(rollup, fromMs, toMs, pass);
      }
    }
    if (changed.values.length > 0 || (isOver && changed.traffic.length > 0)) {
      this.#queue.addDay(floorTo(beginMs, DAY_MS), sinceMs);
    }
  }

  async #computeAll(rollup: AnyRollup, fromMs: number, toMs: number, pass: Pass): Promise<void> {
    for (let atMs = fromMs; atMs < toMs; ) {
      const untilMs = togetherUntil(rollup, pass.days, atMs, toMs, this.#boost);
      await this.#compute(rollup, atMs, untilMs, pass);
      atMs = untilMs;
    }
  }

  async #dayAgain({ beginMs, endMs }: Unit, pass: Pass): Promise<void> {
    for (const rollup of IN_ORDER) {
      if (rollup.stepMs !== DAY_MS || this.#reach.throughMs(rollup) <= beginMs) continue;
      await this.#compute(rollup, beginMs, endMs, pass);
    }
  }

  #kept(fromMs: number): Kept {
    const { deletedUntilMs } = this.#deps;
    return { deltas: fromMs >= deletedUntilMs(FLOW_DELTAS.name), flows: fromMs >= deletedUntilMs(FLOWS.name) };
  }

  /** Computes whole buckets of a rollup. What was computed before and can't be any more stays as it is. */
  async #compute(rollup: AnyRollup, fromMs: number, toMs: number, pass: Pass): Promise<void> {
    const { node, local, deletedUntilMs, onComputed } = this.#deps;
    if (fromMs < Math.max(this.#neverMs, this.#reach.sinceMs(rollup))) return;
    // What is added up is all there, whatever became of the rows.
    const kept = rollup.of === null ? this.#kept(fromMs) : ALL;
    if (rollup.of !== null && fromMs < deletedUntilMs(rollup.of)) return;
    if (!kept.flows && (!kept.deltas || !("dimensions" in rollup))) return;
    const shares = sharesFor(rollup, pass.days, fromMs, toMs, this.#boost);
    const late = !kept.deltas && "dimensions" in rollup ? await this.#lateDeltas.of(rollup, fromMs, toMs, pass.signal) : null;
    const sql = computeStatement(rollup, local, kept, shares, late);
    try {
      for (let share = 0; share < shares; share++) {
        pass.signal.throwIfAborted();
        await node.command(sql, { from: fromMs, to: toMs, share }, { settings: GENTLE });
        await this.#beat();
      }
      this.#boost = 1;
    } catch (error) {
      if (isTooMuch(error)) this.#boost = Math.min(MOST_BOOST, this.#boost * 2);
      throw error;
    }
    onComputed();
  }

  /** Other servers hear that this one is at work. */
  async #beat(): Promise<void> {
    if (this.#config.shared && performance.now() - this.#savedAt > this.#config.takeOverMs / 3) await this.#save(true);
  }

  /** @param now also if little has changed */
  async #save(now: boolean): Promise<void> {
    const { node, local } = this.#deps;
    const isOld = performance.now() - this.#savedAt > (this.#config.shared ? this.#config.takeOverMs / 4 : MINUTE_MS);
    if (!now && this.#reach.unsaved.length === 0 && !(isOld && (this.#config.shared || this.#savedMs !== this.#checkedMs)))
      return;
    if (!(await this.#isStillMine())) return;
    const names = this.#reach.unsaved;
    const progress = {
      ...{ extents: this.#reach.all, checkedMs: this.#checkedMs, neverMs: this.#neverMs },
      server: this.#config.server,
    };
    await writeProgress(node, local, progress, names);
    this.#reach.saved(names);
    this.#savedMs = this.#checkedMs;
    this.#savedAt = performance.now();
  }

  /** Another server may have taken over from this one, or gone on that had been silent: what it wrote must stay. */
  async #isStillMine(): Promise<boolean> {
    if (!this.#config.shared) return true;
    const progress = await readProgress(this.#deps.node, this.#deps.local);
    if (progress.server === this.#config.server || writtenBy(progress) === this.#takenOver) return true;
    this.#isComputing = false;
    this.#reach.set(progress.extents);
    return false;
  }

  async #clock(): Promise<number> {
    const [row] = await this.#deps.node.rows<{ now: string }>("SELECT toUnixTimestamp64Milli(now64(3)) AS now");
    return Number(row?.now ?? 0);
  }
}

/** Hours that follow each other, as stretches. @param hours in order */
function stretchesOf(hours: readonly number[]): (readonly [fromMs: number, toMs: number])[] {
  const stretches: [number, number][] = [];
  for (const hour of hours) {
    const last = stretches.at(-1);
    if (last?.[1] === hour) last[1] = hour + HOUR_MS;
    else stretches.push([hour, hour + HOUR_MS]);
  }
  return stretches;
}

function writtenBy({ server, writtenMs }: Progress): string {
  return `${server} ${writtenMs}`;
}
