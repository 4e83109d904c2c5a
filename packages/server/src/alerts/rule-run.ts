/** One rule as the engine runs it: what is tracked of it, how it does, and when it is looked at next. */
import type { AlertRuleStatus, Finding, TimeRange } from "@flowtrail/model";
import { alignDown } from "../query/traffic/steps.ts";
import type { StoredAlert } from "../store/alert-log.ts";
import { step, type Tracked } from "./lifecycle.ts";
import type { KeptRule } from "./rule-book.ts";
import { storedOf, trackedOf } from "./stored.ts";

/** What is kept of a rule between servers, as JSON. */
export interface KeptLook {
  readonly to_ms: number;
  readonly evaluated_ms: number;
  readonly rows_read: number;
  readonly ms: number;
  readonly error: string | null;
  readonly notes: readonly string[];
  readonly failures: number;
}

/** After so many failures one after the other it is looked at no more. */
export const MOST_FAILURES = 5;
/** What holds on is written again after this time: `last` of an alert is no older than this. */
const WRITE_AGAIN_MS = 60_000;
const LEAST_EVERY_MS = 5000;
const LOOKS_PER_WINDOW = 6;
/** Ends of windows are multiples of it, so that rules that ask the same ask it of the same window. */
const ALIGN_MS = 5000;
/** A flow is visible within 2 s of its first packet. */
const DELAY_MS = 2000;
/** Where less is an alarm, the last one's delivery is waited for. */
const DELAY_OF_LESS_MS = 15_000;

export class RuleRun {
  kept: KeptRule;
  /** By key. */
  tracked: ReadonlyMap<string, Tracked> = new Map();
  readonly stored = new Map<string, StoredAlert>();
  /** Over, and nobody was told yet. */
  ended: StoredAlert[] = [];
  /** Recipients are being told of these (ids). */
  readonly telling = new Set<string>();
  /** An alert that says that the rule is looked at no more. */
  notice: StoredAlert | null = null;
  look: KeptLook | null = null;
  failures = 0;
  nextMs = 0;
  /** What has to be looked at again. */
  late: TimeRange | null = null;

  constructor(kept: KeptRule) {
    this.kept = kept;
  }

  get rule() {
    return this.kept.rule;
  }

  get isStopped(): boolean {
    return this.failures >= MOST_FAILURES;
  }

  /** Short windows are looked at more often. */
  everyMs(mostMs: number): number {
    return Math.min(mostMs, Math.max(LEAST_EVERY_MS, (this.rule.window_s * 1000) / LOOKS_PER_WINDOW));
  }

  /** The window that ends now, as far as rows can be here. */
  window(nowMs: number): TimeRange {
    const toMs = alignDown(nowMs - (isOfLess(this.kept) ? DELAY_OF_LESS_MS : DELAY_MS), ALIGN_MS);
    return { fromMs: toMs - this.rule.window_s * 1000, toMs };
  }

  /** Takes what was found, and tells what has to be written. */
  take(findings: readonly Finding[], toMs: number): StoredAlert[] {
    const before = this.tracked;
    const { tracked, opened, resolved } = step(before, findings, toMs, this.rule);
    this.tracked = tracked;
    const written: StoredAlert[] = [];
    const begun = new Set(opened);
    for (const one of tracked.values()) {
      const stored = this.stored.get(one.key) ?? null;
      const isNews = begun.has(one) || one.finding !== before.get(one.key)?.finding;
      if (
        stored === null ||
        begun.has(one) ||
        (isNews && one.lastMs - stored.lastMs >= LEAST_EVERY_MS) ||
        one.lastMs - stored.lastMs >= WRITE_AGAIN_MS
      )
        written.push(this.#keep(one));
    }
    for (const one of resolved) written.push(this.#end(one));
    for (const [key, one] of before) {
      // It was none yet, and is none now.
      if (one.openedMs === null && !tracked.has(key)) written.push(this.#end({ ...one, endedMs: toMs }));
    }
    return written;
  }

  /** One of the past, of which nobody was told. */
  adopt(alert: Tracked): StoredAlert {
    this.tracked = new Map([...this.tracked, [alert.key, alert]]);
    return this.#keep(alert);
  }

  /** All of it is over: the rule is gone, or off. */
  endAll(nowMs: number): StoredAlert[] {
    const all = [...this.tracked.values()].map((one) => this.#end({ ...one, endedMs: nowMs }));
    this.tracked = new Map();
    return [...all, ...this.endNotice(nowMs)];
  }

  endNotice(nowMs: number): StoredAlert[] {
    const { notice } = this;
    if (notice === null) return [];
    const ended = { ...notice, version: notice.version + 1, endedMs: nowMs };
    this.notice = null;
    this.ended.push(ended);
    return [ended];
  }

  /** As another server, or this one before it was started again, left it. */
  load(alert: StoredAlert): void {
    if (isNotice(alert)) {
      this.notice = alert;
      this.failures = MOST_FAILURES;
      return;
    }
    const tracked = trackedOf(alert);
    this.tracked = new Map([...this.tracked, [tracked.key, tracked]]);
    this.stored.set(tracked.key, alert);
  }

  /** Was it no alert yet when nobody looked any more? What holds on is written every minute. */
  isForgotten({ openedMs, lastMs }: StoredAlert, nowMs: number, mostMs: number): boolean {
    return openedMs === null && nowMs - lastMs > WRITE_AGAIN_MS + 2 * this.everyMs(mostMs);
  }

  /** Recipients were told of it. If it was over before they were told that it began, they are told that next. */
  told(alert: StoredAlert): void {
    if (alert.id === this.notice?.id) this.notice = alert;
    for (const [key, { id }] of this.stored) if (id === alert.id) this.stored.set(key, alert);
    this.ended = this.ended.map((one) => (one.id === alert.id ? alert : one));
  }

  /** Keeps of what is over only what recipients are still to be told of. */
  settle(): void {
    this.ended = this.ended.filter(({ told, id }) => told === "opened" || this.telling.has(id));
  }

  /** As if they had never been: nothing of them is written again. */
  forget(isGone: (alert: StoredAlert) => boolean): void {
    const gone = new Set([...this.stored].flatMap(([key, alert]) => (isGone(alert) ? [key] : [])));
    for (const key of gone) this.stored.delete(key);
    this.tracked = new Map([...this.tracked].filter(([key]) => !gone.has(key)));
    this.ended = this.ended.filter((alert) => !isGone(alert));
  }

  status(open: number): AlertRuleStatus {
    const { look, failures, isStopped } = this;
    const state = !this.rule.enabled
      ? "off"
      : isStopped
        ? "stopped"
        : look === null
          ? "waiting"
          : failures > 0
            ? "failing"
            : "ok";
    return {
      state,
      evaluated: look === null ? null : new Date(look.evaluated_ms).toISOString(),
      rows_read: look?.rows_read ?? 0,
      ms: look?.ms ?? 0,
      error: look?.error ?? null,
      notes: look?.notes ?? [],
      open,
    };
  }

  #keep(tracked: Tracked): StoredAlert {
    const stored = storedOf(this.rule, tracked, this.stored.get(tracked.key) ?? null);
    this.stored.set(tracked.key, stored);
    return stored;
  }

  #end(tracked: Tracked): StoredAlert {
    const stored = this.#keep(tracked);
    this.stored.delete(tracked.key);
    if (stored.openedMs !== null) this.ended.push(stored);
    return stored;
  }
}

/** The rule of an alert, as far as that names it, where there is no such rule any more. */
export function goneRule({ rule: id, ruleName: name, severity, mitre, q }: StoredAlert): KeptRule {
  const never = { enabled: false, window_s: 0, for_s: 0, clear_s: 0, watch: { kind: "gone", settings: {} } } as const;
  return {
    rule: { id, name, explanation: "", severity, mitre, q, recipients: [], shipped: false, ...never },
    origin: "own",
    changed: null,
  };
}

const NOTICE = { problem: "rule stopped" };

export function isNotice({ labels }: Pick<StoredAlert, "labels">): boolean {
  return labels.problem === NOTICE.problem && Object.keys(labels).length === 1;
}

/** "Port scan is looked at no more: 5 looks failed one after the other: …" */
export function noticeOf(run: RuleRun, error: string, nowMs: number): StoredAlert {
  const { rule } = run;
  const summary = `${rule.name} is looked at no more: ${MOST_FAILURES} looks failed one after the other. ${error}`;
  const window = run.window(nowMs);
  const finding: Finding = { labels: NOTICE, value: MOST_FAILURES, limit: MOST_FAILURES, summary, q: rule.q, ...window };
  const [tracked] = step(new Map(), [finding], nowMs, { for_s: 0, clear_s: 0 }).tracked.values();
  return storedOf(rule, tracked as Tracked, null);
}

/** Is it an alarm that there is too little? Not of a share above a limit: of connections whose verdict is not there yet, it counts less. */
export function isOfLess({ rule: { watch } }: KeptRule): boolean {
  if (!("measure" in watch)) return false;
  const { measure, threshold } = watch as { measure: { kind: string }; threshold: { kind: string } };
  return measure.kind === "absence" || threshold.kind === "below";
}
