/** Alerts of a server: rules, what looks for them, and what was found. */
import type { AlertRule, AlertRuleReport, AlertRuleStatus, AlertTestLine, StoreReport } from "@flowtrail/model";
import type { AgentReport } from "../health/agent-book.ts";
import type { InventoryHistory } from "../identify/history/history.ts";
import type { Heard } from "../query/flow-set.ts";
import type { Caps } from "../query/inquiry-caps.ts";
import { type DeskConfig, InquiryDesk } from "../query/inquiry-desk.ts";
import { tooBusy } from "../query/inquiry-errors.ts";
import type { TrafficSources } from "../query/traffic/plan.ts";
import { AlertLog, type StoredAlert } from "../store/alert-log.ts";
import type { ClickHouse } from "../store/clickhouse.ts";
import type { Lease } from "../store/leases.ts";
import { Rhythm } from "../store/rhythm.ts";
import type { SettingsBook } from "../store/settings/settings-book.ts";
import { AlertList } from "./alert-list.ts";
import type { AskingDeps } from "./asking.ts";
import { AlertEngine, type EngineStats } from "./engine.ts";
import { TrafficGroups } from "./groups.ts";
import { testOnHistory } from "./history-test.ts";
import { measureWatcher } from "./measure/watcher.ts";
import { type KeptRule, RuleBook } from "./rule-book.ts";
import type { KeptLook } from "./rule-run.ts";
import { RulesFile } from "./rules-file.ts";
import { Silences } from "./silences.ts";
import type { TellAlert } from "./tell.ts";
import { type Watcher, Watchers } from "./watcher.ts";

export interface AlertsConfig {
  readonly everyMs: number;
  readonly caps: Caps;
  readonly rulesFile: string | null;
}

export interface AlertsDeps {
  readonly clickhouse: ClickHouse;
  readonly settings: SettingsBook;
  readonly lease: Lease;
  readonly shipped: readonly AlertRule[];
  /** Besides that of measures. */
  readonly watchers: readonly Watcher[];
  readonly heard: Heard;
  readonly sources: TrafficSources;
  readonly inventory: InventoryHistory;
  readonly agents: () => readonly AgentReport[];
  readonly storage: () => Promise<StoreReport | null>;
  readonly tell: TellAlert;
  readonly now: () => number;
  readonly logger: ConstructorParameters<typeof Rhythm>[3]["logger"];
}

/** As the health page tells it. */
export interface AlertsHealth {
  readonly evaluates: boolean;
  readonly rules_on: number;
  readonly rules_failing: number;
  readonly rules_stopped: number;
  readonly lag_ms: number;
  readonly last_error: string | null;
  readonly file_problem: string | null;
}

/** Few at once: whoever looks at a page comes first. */
const DESK: DeskConfig = {
  quick: 2,
  heavy: 1,
  exports: 1,
  quickMs: 1000,
  heavyThreads: 1,
  maxWaiting: 1000,
  maxWaitMs: 30_000,
  // A rule is too dear by what it takes, not by what else there is to do.
  canWait: true,
};
/** Tests on history have a desk of their own, so that no look waits for one of them. */
const TEST_DESK: DeskConfig = { ...DESK, quick: 1 };
const TESTS_AT_ONCE = 2;
const TEST_AGAIN_MS = 30_000;
const TICK_MS = 5000;
const LATE_TICK_MS = 2000;
const WAITING: AlertRuleStatus = { state: "waiting", evaluated: null, rows_read: 0, ms: 0, error: null, notes: [], open: 0 };

export class Alerts {
  readonly #config: AlertsConfig;
  readonly #deps: AlertsDeps;
  readonly #log: AlertLog;
  readonly #file: RulesFile;
  readonly #asking: AskingDeps;
  readonly #askingTests: AskingDeps;
  #tests = 0;
  readonly #engine: AlertEngine;
  readonly #rhythms: readonly Rhythm[];
  readonly book: RuleBook;
  readonly silences: Silences;
  readonly list: AlertList;

  constructor(config: AlertsConfig, deps: AlertsDeps) {
    const { clickhouse, settings, shipped, heard, sources, inventory, agents, storage, now, logger, lease, tell } = deps;
    this.#config = config;
    this.#deps = deps;
    this.#log = new AlertLog(clickhouse);
    const watchers = new Watchers([measureWatcher as Watcher, ...deps.watchers]);
    const isShipped = (id: string) => shipped.some((rule) => rule.id === id);
    this.#file = new RulesFile(config.rulesFile, { watchers, isShipped, logger });
    this.book = new RuleBook({ shipped, book: settings, watchers, file: this.#file, logger });
    this.silences = new Silences(settings);
    this.list = new AlertList({ log: this.#log, silences: this.silences, now });
    const groups = new TrafficGroups({ heard, sources });
    this.#asking = { desk: new InquiryDesk(DESK, { clickhouse }), groups, inventory, agents, storage };
    this.#askingTests = { ...this.#asking, desk: new InquiryDesk(TEST_DESK, { clickhouse }) };
    this.#engine = new AlertEngine(
      { everyMs: config.everyMs, caps: config.caps },
      {
        book: this.book,
        log: this.#log,
        silences: this.silences,
        lease,
        asking: this.#asking,
        clickhouse,
        tell,
        now,
        logger,
      },
    );
    this.#rhythms = [
      new Rhythm("looking for alerts", TICK_MS, (signal) => this.#engine.round(signal), { logger }),
      new Rhythm("looking for alerts in what came late", LATE_TICK_MS, (signal) => this.#catchUp(signal), { logger }),
    ];
  }

  get stats(): EngineStats & { readonly fileProblem: string | null } {
    return { ...this.#engine.stats, fileProblem: this.#file.problem };
  }

  get health(): AlertsHealth {
    const { evaluates, on, failing, stopped, lagMs, lastError } = this.#engine.stats;
    return {
      evaluates,
      rules_on: on,
      rules_failing: failing,
      rules_stopped: stopped,
      lag_ms: lagMs,
      last_error: failing + stopped > 0 ? lastError : null,
      file_problem: this.#file.problem,
    };
  }

  async start(): Promise<void> {
    await this.#file.start();
    for (const rhythm of this.#rhythms) rhythm.start();
  }

  async stop(): Promise<void> {
    this.#file.stop();
    for (const rhythm of this.#rhythms) rhythm.end();
    await Promise.all(this.#rhythms.map((rhythm) => rhythm.ended()));
    await this.#engine.keepLooks().catch((error: unknown) => {
      this.#deps.logger.warn({ err: error }, "how alert rules did could not be kept");
    });
  }

  /** Deleted on request: as if they had never been. */
  forget(isGone: (alert: StoredAlert) => boolean): void {
    this.#engine.forget(isGone);
  }

  /** One round at once, for tests and measurements. @throws StoreError */
  async round(): Promise<void> {
    const { signal } = new AbortController();
    await this.#engine.round(signal);
    await this.#catchUp(signal);
  }

  /** All rules, and how they do. @throws StoreError */
  async reports(): Promise<AlertRuleReport[]> {
    const statuses = await this.#statuses();
    return this.book.all.map((kept) => reportOf(kept, statuses.get(kept.rule.id)));
  }

  /**
   * A turn for a test on history: few at once, since each of them asks a lot.
   * @returns the test; to be called once
   * @throws QuestionError QUERY_BUSY
   */
  testTurn(): (rule: AlertRule, days: number, tell: (line: AlertTestLine) => void, signal: AbortSignal) => Promise<void> {
    if (this.#tests >= TESTS_AT_ONCE) throw tooBusy(TEST_AGAIN_MS, "tests of alert rules");
    this.#tests++;
    return (...test) => this.#test(...test).finally(() => this.#tests--);
  }

  /** @throws AlertError: it can't be tested; StoreError, QuestionError; the signal's reason */
  async #test(rule: AlertRule, days: number, tell: (line: AlertTestLine) => void, signal: AbortSignal): Promise<void> {
    const { now } = this.#deps;
    const deps = { asking: this.#askingTests, watchers: this.book.watchers, caps: this.#config.caps, now };
    await testOnHistory({ rule, days }, deps, tell, signal);
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    while (await this.#engine.catchUp(signal)) if (signal.aborted) return;
  }

  /** What another server evaluates is known by what it kept. */
  async #statuses(): Promise<ReadonlyMap<string, AlertRuleStatus>> {
    const own = this.#engine.statuses();
    if (own.size > 0) return own;
    const [looks, open] = await Promise.all([this.#log.looks(), this.#log.list({ over: false, limit: 50_000 })]);
    return new Map(
      [...looks].map(([id, { status }]) => {
        const { evaluated_ms, failures, to_ms: _, ...look } = JSON.parse(status) as KeptLook;
        const evaluated = new Date(evaluated_ms).toISOString();
        const of = open.filter(({ rule }) => rule === id);
        return [id, { state: failures > 0 ? "failing" : "ok", evaluated, ...look, open: of.length } as const];
      }),
    );
  }
}

function reportOf({ rule, origin, changed }: KeptRule, status: AlertRuleStatus = WAITING): AlertRuleReport {
  const when = changed && { time: new Date(changed.ms).toISOString(), who: changed.who };
  return { ...rule, origin, changed: when, status: rule.enabled ? status : { ...status, state: "off" } };
}
