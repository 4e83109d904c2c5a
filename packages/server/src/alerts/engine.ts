/**
 * Looks at all rules again and again, keeps what becomes of what they find, and tells recipients. On the server that holds the lease; another
 * one goes on with what is in the store.
 */
import type { Alert, AlertRuleStatus, TimeRange } from "@flowtrail/model";
import type { Inquiry } from "../query/inquiry.ts";
import type { Caps } from "../query/inquiry-caps.ts";
import { QuestionError } from "../query/inquiry-errors.ts";
import type { AlertLog, StoredAlert } from "../store/alert-log.ts";
import type { ClickHouse } from "../store/clickhouse.ts";
import { isTransient } from "../store/errors.ts";
import type { Lease } from "../store/leases.ts";
import { alertJson, stateOf } from "./alert-state.ts";
import { eventOf } from "./announce.ts";
import { type AskingDeps, toolsOf } from "./asking.ts";
import { joined, lateRows, worthALook } from "./late.ts";
import { keyOf } from "./lifecycle.ts";
import { replay, strideOf } from "./replay.ts";
import type { KeptRule, RuleBook } from "./rule-book.ts";
import { goneRule, isOfLess, type KeptLook, MOST_FAILURES, noticeOf, RuleRun } from "./rule-run.ts";
import { watchedRule } from "./rule-schema.ts";
import type { Silences } from "./silences.ts";
import type { AlertEvent, TellAlert } from "./tell.ts";
import type { Group } from "./watcher.ts";

export interface EngineConfig {
  /** Longest time between two looks at a rule. */
  readonly everyMs: number;
  readonly caps: Caps;
}

export interface EngineDeps {
  readonly book: RuleBook;
  readonly log: AlertLog;
  readonly silences: Silences;
  readonly lease: Lease;
  readonly asking: AskingDeps;
  readonly clickhouse: Pick<ClickHouse, "rows">;
  readonly tell: TellAlert;
  readonly now: () => number;
  readonly logger: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

export interface EngineStats {
  /** False: another server evaluates. */
  readonly evaluates: boolean;
  readonly rules: number;
  readonly on: number;
  readonly failing: number;
  readonly stopped: number;
  readonly open: number;
  /** How long ago the rule that waits longest for its next look should have been looked at. */
  readonly lagMs: number;
  readonly looks: number;
  readonly rowsRead: number;
  readonly lookMs: number;
  readonly lastError: string | null;
}

const AT_ONCE = 2;
/** Most alerts that are taken over from the store. */
const MOST_LOADED = 20_000;
const UNTOLD_MS = 86_400_000;
const LATE_EVERY_MS = 30_000;
const KEEP_LOOKS_EVERY_MS = 30_000;
/** Most windows of a rule that are looked at for rows that came late. */
const MOST_LATE_WINDOWS = 300;
/** After a start agents deliver what they kept: until then less than usual is no alarm. */
const LET_ARRIVE_MS = 60_000;
const MAX_WAIT_MS = 5 * 60_000;

export class AlertEngine {
  readonly #config: EngineConfig;
  readonly #deps: EngineDeps;
  readonly #runs = new Map<string, RuleRun>();
  /** Of alerts that are not over, at the look before. */
  readonly #states = new Map<string, Alert["state"]>();
  #rules: readonly KeptRule[] = [];
  /** Of rules that there are no more, until recipients know that their alerts are over. */
  #gone: readonly RuleRun[] = [];
  /** Of the book, when alerts were taken over. */
  #isWhole = true;
  #isLoaded = false;
  #startedMs: number;
  /** Since when what is told to this server is in its store. */
  #hearsFromMs: number;
  /** When a round last came to its end. */
  #roundMs: number;
  #hasFailed = false;
  #lateFromMs: number;
  #nextLateMs = 0;
  #nextKeepMs = 0;
  #looks = 0;
  #rowsRead = 0;
  #lookMs = 0;
  #lastError: string | null = null;

  constructor(config: EngineConfig, deps: EngineDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#startedMs = deps.now();
    this.#lateFromMs = this.#startedMs;
    this.#hearsFromMs = this.#startedMs;
    this.#roundMs = this.#startedMs;
  }

  get stats(): EngineStats {
    const runs = [...this.#runs.values()];
    const on = runs.filter(({ rule, isStopped }) => rule.enabled && !isStopped);
    const nowMs = this.#deps.now();
    return {
      evaluates: this.#deps.lease.isMine,
      rules: this.#deps.book.all.length,
      on: on.length,
      failing: on.filter(({ failures }) => failures > 0).length,
      stopped: runs.filter(({ isStopped }) => isStopped).length,
      open: runs.reduce((sum, run) => sum + openOf(run), 0),
      lagMs: on.reduce((most, { nextMs }) => (nextMs === 0 ? most : Math.max(most, nowMs - nextMs)), 0),
      looks: this.#looks,
      rowsRead: this.#rowsRead,
      lookMs: Math.round(this.#lookMs),
      lastError: this.#lastError,
    };
  }

  /** Of the rules that this server looks at; empty on the others. */
  statuses(): ReadonlyMap<string, AlertRuleStatus> {
    if (!this.#deps.lease.isMine) return new Map();
    return new Map([...this.#runs].map(([id, run]) => [id, run.status(openOf(run))]));
  }

  /** Looks at every rule whose turn it is. Throws nothing but what the store throws. @throws StoreError */
  async round(signal: AbortSignal): Promise<void> {
    const { lease, now } = this.#deps;
    if (!lease.isMine) {
      this.#isLoaded = false;
      return;
    }
    const isAgain = !this.#isLoaded || this.#hasFailed;
    if (isAgain && now() - this.#roundMs > LET_ARRIVE_MS) this.#hearsFromMs = now();
    this.#hasFailed = true;
    // What was left alone for want of its rules is taken over once they can be read.
    if (!this.#isLoaded || this.#isWhole !== this.#deps.book.isWhole) await this.#load();
    await this.#follow();
    const nowMs = now();
    const shared = new Map<string, Promise<readonly Group[]>>();
    const due = [...this.#runs.values()].filter((run) => this.#isDue(run, nowMs));
    const queue = due.values();
    // What was asked once is not asked again by its neighbour, so two at a time are enough.
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const run of queue) if (!signal.aborted && lease.isMine) await this.#look(run, nowMs, shared, signal);
      }),
    );
    if (signal.aborted || !lease.isMine) return;
    await this.#attend();
    if (nowMs >= this.#nextLateMs) await this.#findLate(nowMs, signal);
    if (nowMs >= this.#nextKeepMs) await this.keepLooks();
    this.#hasFailed = false;
    this.#roundMs = now();
  }

  /** One rule's late rows. @returns whether there were any. @throws StoreError */
  async catchUp(signal: AbortSignal): Promise<boolean> {
    const { lease } = this.#deps;
    const run = [...this.#runs.values()].find(({ late }) => late !== null);
    if (!lease.isMine || run === undefined) return false;
    const range = run.late as TimeRange;
    run.late = null;
    if (!run.rule.enabled || run.isStopped) return true;
    try {
      await this.#lookBack(run, range, signal);
    } catch (error) {
      if (signal.aborted) return false;
      this.#deps.logger.warn({ err: error, rule: run.rule.id }, "rows that came late could not be looked at for an alert rule");
    }
    return true;
  }

  /** So that another server, or this one after a start, goes on where this one is. @throws StoreError */
  async keepLooks(): Promise<void> {
    this.#nextKeepMs = this.#deps.now() + KEEP_LOOKS_EVERY_MS;
    if (!this.#isLoaded || !this.#deps.lease.isMine) return;
    const looks = [...this.#runs].flatMap(([id, { look }]) => (look === null ? [] : [[id, JSON.stringify(look)] as const]));
    await this.#deps.log.writeLooks(new Map(looks), this.#deps.now());
  }

  forget(isGone: (alert: StoredAlert) => boolean): void {
    for (const run of [...this.#runs.values(), ...this.#gone]) run.forget(isGone);
  }

  /** @throws StoreError */
  async #load(): Promise<void> {
    const { book, log, now, logger } = this.#deps;
    this.#runs.clear();
    this.#states.clear();
    this.#rules = [];
    this.#gone = [];
    this.#isWhole = book.isWhole;
    await this.#follow();
    const nowMs = now();
    const [open, over, looks] = await Promise.all([
      log.list({ over: false, pending: true, limit: MOST_LOADED }),
      log.list({ over: true, fromMs: nowMs - UNTOLD_MS, limit: MOST_LOADED }),
      log.looks(),
    ]);
    const gone = new Map<string, RuleRun>();
    const runOf = (alert: StoredAlert) => {
      const run = this.#runs.get(alert.rule) ?? gone.get(alert.rule) ?? new RuleRun(goneRule(alert));
      if (!this.#runs.has(alert.rule)) gone.set(alert.rule, run);
      return run;
    };
    // Without the operator's file nobody knows which rules there are no more.
    const forgotten: StoredAlert[] = [];
    for (const alert of open) {
      if (!this.#isWhole && !this.#runs.has(alert.rule)) continue;
      const run = runOf(alert);
      // Whether it held on while nobody looked is not known.
      if (run.isForgotten(alert, nowMs, this.#config.everyMs))
        forgotten.push({ ...alert, version: alert.version + 1, endedMs: nowMs });
      else run.load(alert);
    }
    await log.write(forgotten);
    for (const alert of over) if (alert.told === "opened") runOf(alert).ended.push(alert);
    for (const [id, { status }] of looks) {
      const run = this.#runs.get(id);
      if (run === undefined) continue;
      const look = JSON.parse(status) as KeptLook;
      run.look = look;
      run.failures = Math.max(run.failures, Math.min(look.failures, MOST_FAILURES - 1));
      // What came while nobody looked.
      if (nowMs - look.to_ms > 2 * this.#config.everyMs) run.late = worthALook({ fromMs: look.to_ms, toMs: nowMs }, nowMs);
    }
    for (const run of this.#runs.values()) {
      const changedMs = run.kept.changed?.ms ?? 0;
      if (run.notice !== null && changedMs > run.notice.sinceMs) await this.#restart(run, nowMs);
    }
    for (const run of gone.values()) await log.write(run.endAll(nowMs));
    this.#gone = [...gone.values()];
    this.#isLoaded = true;
    if (open.length > 0) logger.info({ alerts: open.length }, "alerts that there were go on");
  }

  /** What people changed of rules since. @throws StoreError */
  async #follow(): Promise<void> {
    const { book, now } = this.#deps;
    if (book.all === this.#rules) return;
    const nowMs = now();
    const before = this.#rules;
    this.#rules = book.all;
    const kept = new Map(book.all.map((one) => [one.rule.id, one]));
    for (const [id, run] of this.#runs) {
      const now = kept.get(id);
      if (now === undefined || !now.rule.enabled) await this.#deps.log.write(run.endAll(nowMs));
      if (now === undefined) {
        this.#gone = [...this.#gone, run];
        this.#runs.delete(id);
      }
    }
    for (const [id, one] of kept) {
      const run = this.#runs.get(id);
      if (run === undefined) {
        this.#runs.set(id, new RuleRun(one));
        continue;
      }
      const isChanged = before.length > 0 && JSON.stringify(run.rule) !== JSON.stringify(one.rule);
      run.kept = one;
      if (isChanged) await this.#restart(run, nowMs);
    }
  }

  async #restart(run: RuleRun, nowMs: number): Promise<void> {
    run.failures = 0;
    run.nextMs = 0;
    await this.#deps.log.write(run.endNotice(nowMs));
  }

  #isDue(run: RuleRun, nowMs: number): boolean {
    if (!run.rule.enabled || run.isStopped || nowMs < run.nextMs) return false;
    const waitMs = Math.min(MAX_WAIT_MS, run.rule.window_s * 1000) + LET_ARRIVE_MS;
    return !isOfLess(run.kept) || nowMs - this.#startedMs >= waitMs;
  }

  async #look(run: RuleRun, nowMs: number, shared: Map<string, Promise<readonly Group[]>>, signal: AbortSignal): Promise<void> {
    const { lease, log, logger, book } = this.#deps;
    const window = run.window(nowMs);
    run.nextMs = nowMs + run.everyMs(this.#config.everyMs);
    const began = performance.now();
    const { tools, inquiry, notes } = toolsOf(this.#deps.asking, {
      nowMs,
      isTest: false,
      who: "alerts",
      caps: this.#config.caps,
      signal,
      shared,
    });
    let error: string | null = null;
    try {
      const { watcher, watched } = watchedRule(run.rule, book.watchers);
      const found = await watcher.look(watched, window, tools, signal);
      const isHeard = nowMs - this.#hearsFromMs >= (watcher.graceMs?.(watched.settings) ?? 0);
      const findings = isHeard ? found : found.filter(({ labels }) => run.tracked.has(keyOf(labels)));
      if (signal.aborted || !lease.isMine) return;
      run.failures = 0;
      await log.write(run.take(findings, window.toMs));
    } catch (thrown) {
      if (signal.aborted) return;
      error = thrown instanceof Error ? thrown.message : String(thrown);
      this.#lastError = `${run.rule.name}: ${error}`;
      logger.warn({ err: thrown, rule: run.rule.id }, "an alert rule could not be looked at");
      // The store is away or busy: that is no fault of the rule's.
      if (!isPassing(thrown)) await this.#failed(run, error, nowMs);
    }
    const ms = Math.round(performance.now() - began);
    const rowsRead = inquiry.meta.rows_read ?? 0;
    this.#count(inquiry);
    run.look = {
      to_ms: error === null ? window.toMs : (run.look?.to_ms ?? window.toMs),
      evaluated_ms: nowMs,
      rows_read: rowsRead,
      ms,
      error,
      notes,
      failures: run.failures,
    };
  }

  #count({ meta }: Pick<Inquiry, "meta">): void {
    this.#looks++;
    this.#rowsRead += meta.rows_read ?? 0;
    this.#lookMs += meta.elapsed_ms;
  }

  /** Later and later, then not at all: one rule that is too dear must not make all others late. */
  async #failed(run: RuleRun, error: string, nowMs: number): Promise<void> {
    run.failures++;
    run.nextMs = nowMs + run.everyMs(this.#config.everyMs) * 2 ** run.failures;
    if (!run.isStopped) return;
    const notice = noticeOf(run, error, nowMs);
    run.notice = notice;
    await this.#deps.log.write([notice]);
    this.#deps.logger.warn({ rule: run.rule.id, error }, "an alert rule is looked at no more");
  }

  /** Tells recipients what they were not told yet. @throws StoreError */
  async #attend(): Promise<void> {
    const { log, now } = this.#deps;
    const runs = [...this.#runs.values(), ...this.#gone];
    const ids = runs.flatMap(alertsOf).map(({ id }) => id);
    const notes = await log.notes(ids);
    const nowMs = now();
    for (const run of runs) await this.#attendTo(run, nowMs, notes);
    for (const run of runs) run.settle();
    this.#gone = this.#gone.filter(({ ended }) => ended.length > 0);
    const known = new Set(runs.flatMap(alertsOf).map(({ id }) => id));
    for (const id of this.#states.keys()) if (!known.has(id)) this.#states.delete(id);
  }

  async #attendTo(run: RuleRun, nowMs: number, notes: Awaited<ReturnType<AlertLog["notes"]>>): Promise<void> {
    const { silences, log, lease } = this.#deps;
    const told: StoredAlert[] = [];
    for (const alert of alertsOf(run)) {
      const said = { note: notes.get(alert.id) ?? null, silence: silences.of(alert, nowMs) };
      const state = stateOf(alert, said, nowMs);
      const before = this.#states.get(alert.id) ?? null;
      const kind = eventOf(alert, state, before, run.rule.severity);
      if (kind !== null && !run.telling.has(alert.id)) {
        if (!lease.isMine) return;
        const { severity } = kind === "escalated" ? run.rule : alert;
        const change = { severity, told: kind === "resolved" ? ("resolved" as const) : ("opened" as const) };
        run.telling.add(alert.id);
        const isTold = await this.#tell({ kind, alert: alertJson({ ...alert, ...change }, said, nowMs), rule: run.rule });
        run.telling.delete(alert.id);
        if (!isTold) continue;
        // A look may have ended it meanwhile.
        const current = alertsOf(run).find(({ id }) => id === alert.id) ?? alert;
        const next = { ...current, ...change, version: current.version + 1 };
        run.told(next);
        told.push(next);
      }
      if (state === "resolved") this.#states.delete(alert.id);
      else this.#states.set(alert.id, state);
    }
    await log.write(told);
  }

  /** @returns whether it can't be lost any more; if not, it is tried again with the next round */
  async #tell(event: AlertEvent): Promise<boolean> {
    try {
      await this.#deps.tell(event);
      return true;
    } catch (error) {
      this.#deps.logger.warn(
        { err: error, alert: event.alert.id },
        "recipients could not be told of an alert, it is tried again",
      );
      return false;
    }
  }

  /** @throws StoreError */
  async #findLate(nowMs: number, signal: AbortSignal): Promise<void> {
    this.#nextLateMs = nowMs + LATE_EVERY_MS;
    const stored = { fromMs: this.#lateFromMs, toMs: nowMs };
    const found = await lateRows(this.#deps.clickhouse, stored, signal);
    this.#lateFromMs = nowMs;
    const range = found === null ? null : worthALook(found, nowMs);
    if (range === null) return;
    for (const run of this.#runs.values()) run.late = run.late === null ? range : joined(run.late, range);
  }

  /** Alerts that there would have been if all rows had been there in time. @throws StoreError, QuestionError */
  async #lookBack(run: RuleRun, range: TimeRange, signal: AbortSignal): Promise<void> {
    const { book, log, lease, now } = this.#deps;
    const { watcher, watched } = watchedRule(run.rule, book.watchers);
    if (watcher.notOnHistory !== null || isOfLess(run.kept)) return;
    // Rows of this stretch are in windows that end up to a window later.
    const all = { fromMs: range.fromMs, toMs: Math.min(range.toMs + run.rule.window_s * 1000, run.window(now()).toMs) };
    if (all.fromMs >= all.toMs) return;
    const { alerts } = await replay(run.rule, all, strideOf(all, run.rule, MOST_LATE_WINDOWS), {
      look: (window) => {
        signal.throwIfAborted();
        const shared = new Map<string, Promise<readonly Group[]>>();
        const look = { nowMs: now(), isTest: false, who: "late rows", caps: this.#config.caps, signal, shared } as const;
        const { tools, inquiry } = toolsOf(this.#deps.asking, look);
        return watcher.look(watched, window, tools, signal).finally(() => this.#count(inquiry));
      },
    });
    const marginMs = (run.rule.window_s + run.rule.clear_s) * 1000;
    for (const alert of alerts) {
      if (run.tracked.has(alert.key) || !lease.isMine) continue;
      const near = await log.list({
        rules: [run.rule.id],
        fromMs: alert.sinceMs - marginMs,
        toMs: alert.lastMs + marginMs,
        limit: MOST_LOADED,
      });
      if (near.some(({ labels }) => keyOf(labels) === alert.key)) continue;
      await log.write([run.adopt({ ...alert, endedMs: null })]);
      // At once: the next look finds that it is over.
      await this.#attendTo(run, now(), new Map());
    }
  }
}

function alertsOf(run: RuleRun): StoredAlert[] {
  return [...run.stored.values(), ...run.ended, ...(run.notice === null ? [] : [run.notice])];
}

function openOf(run: RuleRun): number {
  return [...run.tracked.values()].filter(({ openedMs }) => openedMs !== null).length;
}

function isPassing(error: unknown): boolean {
  if (error instanceof QuestionError) return error.data.code === "QUERY_BUSY";
  return isTransient(error);
}
