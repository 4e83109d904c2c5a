/** Keeps roster and book of agents up to date: with what earlier runs stored, with what comes in here, and with what comes in elsewhere. */

import { isNetmakerAgent } from "../receive/netmaker/version.ts";
import type { CoverageNote, Delivery } from "../receive/ports.ts";
import type { ClickHouse } from "../store/clickhouse.ts";
import { StoreError } from "../store/errors.ts";
import type { AgentBook } from "./agent-book.ts";
import type { CoverageLog } from "./coverage-log.ts";
import { deliveriesSince, heardBefore } from "./deliveries.ts";
import { LINGER_MS, type Roster, type RosterChange } from "./roster.ts";

/** Reports of flows that lived then are to be elected again. */
export interface ElectionRequest {
  readonly reporterId: string;
  readonly fromMs: number;
  /** Null: until now. */
  readonly toMs: number | null;
  /** Not before then: what the reporter's own rows tell must be there. */
  readonly dueMs: number;
  /** Before the reporter's rows are taken, so that they don't count beside what counted in their place. What else follows is asked for later. */
  readonly isProvisional: boolean;
}

export interface AgentWatchDeps {
  readonly now: () => number;
  readonly logger: { debug(fields: object, message: string): void; warn(fields: object, message: string): void };
  readonly clickhouse: Pick<ClickHouse, "rows">;
  readonly roster: Roster;
  readonly book: AgentBook;
  readonly coverages: Pick<CoverageLog, "load" | "save">;
  /** Rows that ended before it are not kept. */
  readonly oldestMs: (nowMs: number) => number;
  readonly elections: {
    /** Resolves with their ids when they can't be forgotten any more. */
    elect(requests: readonly ElectionRequest[]): Promise<string[]>;
    /** True when all of them are done, false if that takes longer. */
    areDone(ids: readonly string[], timeoutMs: number): Promise<boolean>;
  };
}

const REFRESH_MS = 5000;
const DAY_MS = 24 * 3_600_000;
/** Clocks of servers differ, and a delivery is visible a moment after its time. */
const OVERLAP_MS = 30_000;
const SAVE_MS = 30_000;
/** An agent that starts tells what it found within two update intervals, but for a very short one; never waited for longer than this. */
const LONGEST_SETTLE_MS = 20_000;
const SHORTEST_SETTLE_MS = 5_000;
/** While an agent covers nothing (capture is switched off) its gap grows every few seconds: elections are held now and then. */
const LONGER_MS = 300_000;
/** An upload waits so long for its election; after that its sender is asked to come again. */
const HOLD_MS = 5_000;
const COME_AGAIN_MS = 2_000;
/** And so long altogether: the election that settles it repairs what counts twice meanwhile, and an agent's spool has an end. */
const GIVE_UP_HOLDING_MS = 180_000;

export class AgentWatch {
  readonly #deps: AgentWatchDeps;
  /** Others write into the same store. */
  readonly #shared: boolean;
  readonly #updateMs: () => number;
  readonly #refreshMs: number;
  #timer: NodeJS.Timeout | null = null;
  #askedMs = 0;
  #savedMs = 0;
  #waiting: ElectionRequest[] = [];
  /** By reporter: elections that must be done before its rows are taken. */
  readonly #holding = new Map<string, { readonly ids: readonly string[]; readonly sinceMs: number }>();
  #admittedEarly = 0;
  #running: Promise<void> = Promise.resolve();

  /** @param config.updateMs the agents' update interval; `refreshMs`: how often it is looked around, 5 s unless a test says otherwise */
  constructor(config: { shared: boolean; updateMs: () => number; refreshMs?: number | undefined }, deps: AgentWatchDeps) {
    this.#shared = config.shared;
    this.#refreshMs = config.refreshMs ?? REFRESH_MS;
    this.#updateMs = config.updateMs;
    this.#deps = deps;
  }

  /** `admittedEarly`: uploads that were taken before the election that they waited for was done. */
  get stats(): { admittedEarly: number } {
    return { admittedEarly: this.#admittedEarly };
  }

  /** @throws StoreError */
  async start(): Promise<void> {
    const { clickhouse, roster, coverages, now, logger } = this.#deps;
    for (const { reporterId, state } of await coverages.load()) roster.loadCoverage(reporterId, state);
    await roster.refresh();
    roster.load(await heardBefore(clickhouse));
    this.#askedMs = now();
    try {
      for (const delivery of await deliveriesSince(clickhouse, now() - DAY_MS)) this.#take(delivery);
    } catch (error) {
      logger.warn({ err: error }, "what agents delivered during the last day could not be read: the health page begins anew");
    }
    const dueMs = this.#settledBy(now());
    this.#waiting.push(...roster.unclearBefore().map((span) => ({ ...span, dueMs, isProvisional: false })));
    this.#plan();
  }

  /** Stores what is known of coverage. */
  async stop(): Promise<void> {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    await this.#running;
    await this.#settle(true).catch((error: unknown) =>
      this.#deps.logger.warn(
        { err: error },
        "the agents' coverage could not be stored: the next start reads it from their deliveries",
      ),
    );
  }

  note(delivery: Delivery): void {
    this.#take(delivery);
    // Not in a moment, but now: its rows are in the store.
    if (this.#deps.roster.hasChanges && this.#timer !== null) this.#run(() => this.#settle(false));
  }

  /**
   * Resolves when rows of this upload may be stored. While its reporter was not expected, others' reports counted in the place of its own: not any
   * more when it is.
   * @param hasMoved it has other addresses than before
   * @throws StoreError: later
   */
  async admit(note: CoverageNote, hasMoved: boolean): Promise<void> {
    const { roster, elections, now } = this.#deps;
    // Else it is noted when it is stored.
    if (roster.isNews(note)) roster.cover(note);
    if (hasMoved) roster.move(note);
    if (roster.hasChanges) await this.#inTurn(() => this.#settle(false));
    const held = this.#holding.get(note.reporterId);
    if (held === undefined) return;
    const areDone = await elections.areDone(held.ids, HOLD_MS);
    if (!areDone && now() - held.sinceMs >= GIVE_UP_HOLDING_MS) {
      this.#admittedEarly++;
      const fields = { reporter: note.reporter, sinceMs: held.sinceMs };
      this.#deps.logger.warn(
        fields,
        "an upload is taken though the election before it is not done: for a while some may count twice",
      );
    } else if (!areDone) {
      throw new StoreError(
        { code: "STORE_UNAVAILABLE", retryAfterMs: COME_AGAIN_MS },
        "other nodes' reports of the time that this batch is about are being elected again: it is taken when that is done",
      );
    }
    if (this.#holding.get(note.reporterId) === held) this.#holding.delete(note.reporterId);
  }

  #take(delivery: Delivery): void {
    const { reporterId, reporter, receivedMs, addresses, agentVersion } = delivery;
    const isNetmaker = isNetmakerAgent(agentVersion);
    this.#deps.roster.note({ reporterId, reporter, lastMs: receivedMs, addresses, isNetmaker });
    this.#deps.roster.cover(delivery);
    this.#deps.book.note(delivery);
  }

  #plan(): void {
    this.#timer = setTimeout(() => {
      this.#run(() => this.#refresh());
      void this.#running.then(() => {
        if (this.#timer !== null) this.#plan();
      });
    }, this.#refreshMs);
    this.#timer.unref();
  }

  /** One thing after the other; a failure is tried again by the next one. */
  #run(work: () => Promise<void>): void {
    this.#inTurn(work).catch((error: unknown) =>
      this.#deps.logger.debug({ err: error }, "the agents could not be looked after, it is tried again"),
    );
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#running.then(work);
    // Whoever asked is told.
    this.#running = done.catch(() => undefined);
    return done;
  }

  async #refresh(): Promise<void> {
    const { roster, clickhouse, now, oldestMs } = this.#deps;
    await roster.refresh();
    if (this.#shared) {
      const sinceMs = this.#askedMs - OVERLAP_MS;
      const askedMs = now();
      for (const delivery of await deliveriesSince(clickhouse, sinceMs)) this.#take(delivery);
      this.#askedMs = askedMs;
    }
    // Only after everything that others heard was read.
    roster.review(oldestMs(now()));
    await this.#settle(now() - this.#savedMs >= SAVE_MS);
  }

  /** What becomes due within half such a time is one election. */
  #settledBy(nowMs: number): number {
    const settleMs = Math.min(LONGEST_SETTLE_MS, Math.max(SHORTEST_SETTLE_MS, 2 * this.#updateMs()));
    return roundedUp(nowMs + settleMs, settleMs / 2);
  }

  /** Asks for the elections that became due to be asked for, then stores the coverage from which they follow. */
  async #settle(save: boolean): Promise<void> {
    const { roster, coverages, elections, now } = this.#deps;
    const nowMs = now();
    this.#waiting.push(...roster.takeChanges().flatMap((change) => requestsOf(change, nowMs, this.#settledBy(nowMs))));
    for (const { reporterId, fromMs, toMs } of roster.takeUnclear()) {
      this.#waiting.push({ reporterId, fromMs, toMs: finite(toMs), dueMs: this.#settledBy(nowMs), isProvisional: false });
    }
    const requests = this.#waiting;
    if (requests.length > 0) {
      const ids = await elections.elect(requests);
      this.#waiting = [];
      for (const [i, { reporterId, isProvisional }] of requests.entries()) {
        if (!isProvisional) continue;
        const held = this.#holding.get(reporterId) ?? { ids: [], sinceMs: nowMs };
        this.#holding.set(reporterId, { ...held, ids: [...held.ids, ...ids.slice(i, i + 1)] });
      }
    }
    if (!save) return;
    const dirty = roster.takeDirty();
    try {
      await coverages.save(dirty, nowMs);
      this.#savedMs = nowMs;
    } catch (error) {
      roster.putBack(dirty.map(({ reporterId }) => reporterId));
      throw error;
    }
  }
}

const roundedUp = (ms: number, toMs: number) => Math.ceil(ms / toMs) * toMs;
const finite = (ms: number) => (Number.isFinite(ms) ? ms : null);

/** @param settledMs when what agents that started now found is known */
function requestsOf({ reporterId, kind, span }: RosterChange, nowMs: number, settledMs: number): ElectionRequest[] {
  const fromMs = Math.max(0, span.fromMs);
  const toMs = finite(span.toMs);
  // For good: nothing more comes. A gap that ended: its node's agent started again, and tells what it found.
  if (kind === "longer") return [{ reporterId, fromMs, toMs, dueMs: roundedUp(settledMs, LONGER_MS), isProvisional: false }];
  if (kind === "gap") return [{ reporterId, fromMs, toMs, dueMs: toMs === null ? nowMs : settledMs, isProvisional: false }];
  // What ended shortly before it began may be among what it found.
  const early = { reporterId, fromMs: Math.max(0, fromMs - LINGER_MS) };
  return [
    { ...early, toMs, dueMs: nowMs, isProvisional: true },
    // Also what others told meanwhile, and was elected as it came when less was known.
    { ...early, toMs, dueMs: settledMs, isProvisional: false },
  ];
}
